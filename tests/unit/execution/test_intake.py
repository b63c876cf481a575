"""What comes in: kept once, whatever comes beside it, and told where it is no signal."""

import pytest

from alpha_oracle.errors import MalformedSignal, StoreUnavailable
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document


def malformed_alerts(day):
    """The alerts of what was no signal: how many each counts, and what it says."""
    told = [one for one in day.memory.announced("risk") if one["type"] == "malformed_signals"]
    return [(one["value"], one["message"]) for one in told]


def refusing(*poisonous):
    """A store's door at which a signal of one of these symbols cannot be kept."""

    def refuse(point, memory):
        if point == "after take in":
            for _, signal_id in [
                key for key in memory.inbox if memory.inbox[key].symbol in poisonous
            ]:
                del memory.inbox["paper", signal_id]
                raise MalformedSignal("it cannot be kept")

    return refuse


def test_a_document_that_is_no_signal_is_told_at_once():
    day = TradingDay()
    day.receive(a_document("AAA", strength=7), "{")

    ((count, message),) = malformed_alerts(day)
    assert count == 2
    assert "from stream" in message
    assert "JSON" in message
    (alert,) = day.memory.announced("risk")
    assert (alert["type"], alert["severity"]) == ("malformed_signals", "warning")


def test_a_flood_is_told_once_and_then_by_its_number():
    day = TradingDay()
    for number in range(50):
        day.receive("{" * (number + 1))
    day.engine.step()
    assert [count for count, _ in malformed_alerts(day)] == [1]
    assert len(day.memory.malformed) == 50

    day.clock.advance(minutes=15)
    day.engine.step()
    day.engine.step()
    assert [count for count, _ in malformed_alerts(day)] == [1, 49]


def test_what_could_not_be_told_for_the_store_is_told_later():
    day = TradingDay()
    day.memory.is_away = True
    with pytest.raises(StoreUnavailable):
        day.receive("{")
    day.memory.is_away = False
    day.receive("{")
    assert [count for count, _ in malformed_alerts(day)] == [1]


def test_a_signal_of_a_known_id_and_other_content_is_kept_told_and_not_traded():
    day = TradingDay()
    first = a_document("AAA", id="one")
    day.receive(first, first)
    day.receive(a_document("BBB", id="one"))
    day.go_to(5)
    day.steps()

    assert [order.symbol for order in day.orders()] == ["AAA"]
    (kept,) = day.memory.malformed
    assert kept.problem == "another signal is on record as one"
    assert '"BBB"' in kept.text
    assert [count for count, _ in malformed_alerts(day)] == [1]


def test_a_signal_given_again_as_it_was_is_no_contradiction():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    day.receive(a_document())

    assert day.memory.malformed == []


@pytest.mark.parametrize("place", range(3))
def test_a_signal_that_cannot_be_kept_stops_no_other(place):
    day = TradingDay()
    symbols = ["AAA", "BBB"]
    symbols.insert(place, "CCC")
    refuse = refusing("CCC")
    day.another(at=lambda point: refuse(point, day.memory))
    assert day.receive(*map(a_document, symbols)) == 2
    day.go_to(5)
    day.steps()

    assert {order.symbol for order in day.orders()} == {"AAA", "BBB"}
    (kept,) = day.memory.malformed
    assert kept.problem == "it cannot be kept"
    assert '"CCC"' in kept.text
    assert [count for count, _ in malformed_alerts(day)] == [1]


def test_what_is_on_record_and_no_signal_is_said_once():
    day = TradingDay()
    day.memory.documents["odd"] = (SESSION, a_document(strength=7))
    for _ in range(5):
        day.engine.step()
        day.clock.advance(minutes=20)

    assert len(day.memory.malformed) == 1
    assert [count for count, _ in malformed_alerts(day)] == [1]


def test_who_looks_on_is_given_what_was_no_signal():
    day = TradingDay()
    day.receive("{", "[]")
    assert [one.text for one in day.malformed] == ["{", "[]"]
