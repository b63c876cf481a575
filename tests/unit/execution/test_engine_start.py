"""Starting is recovering: from the record, with what the broker says, whatever was on its way."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from alpha_oracle.errors import LeaseTaken, StoreUnavailable
from tests.fakes.scripted_broker import ScriptedBroker, a_fill
from tests.unit.execution.trading_day import TradingDay, a_document


def test_an_account_nobody_traded_begins_with_the_brokers_cash():
    day = TradingDay()
    day.engine.step()

    state = day.memory.states["paper"]
    assert state.cash_usd == state.peak_equity_usd == state.previous_close_equity_usd == 100_000


def test_without_an_answer_of_the_broker_no_account_is_begun():
    day = TradingDay()
    broker = day.scripted()
    broker.is_away = True
    day.engine.step()
    assert day.engine.book is None
    assert day.memory.states == {}

    broker.is_away = False
    day.engine.step()
    assert day.engine.book is not None


def killed_while_sending():
    """A day whose worker died with an order committed, and nobody knows whether it was sent."""
    day = TradingDay()
    broker = ScriptedBroker(clock=day.clock)

    class Killed(BaseException):
        pass

    def dying(_order):
        raise Killed

    day.another(broker=broker)
    day.receive(a_document())
    day.go_to(5)
    broker.submit_order = dying
    with pytest.raises(Killed):
        day.steps(1)
    (order,) = day.orders()
    assert order.status == "PENDING"
    return day, order.order_id


def test_an_order_on_its_way_when_the_worker_died_is_unknown_and_never_sent_again():
    day, order_id = killed_while_sending()
    broker = day.scripted()
    day.steps(2)
    assert day.memory.orders[order_id].status == "UNKNOWN"

    day.steps(8)
    assert day.memory.orders[order_id].status == "REJECTED"
    assert broker.submitted == []


def test_an_order_on_its_way_that_was_filled_meanwhile_is_in_the_book():
    day, order_id = killed_while_sending()
    broker = day.scripted()
    broker.has(order_id, status="FILLED", filled=49)
    broker.executed(order_id, a_fill(day.clock))
    day.steps(2)

    assert day.memory.orders[order_id].status == "FILLED"
    assert day.shares() == 49
    assert day.told() == ["order:filled"]


def test_nothing_is_sent_before_everything_was_asked():
    day = TradingDay()
    day.engine.step()
    broker = day.scripted()
    broker.is_away = True
    day.receive(a_document())
    day.go_to(5)
    day.steps(3)
    assert broker.submitted == []

    broker.is_away = False
    day.steps(8)
    assert len(broker.submitted) == 1


def test_a_broker_that_stays_away_is_asked_ever_less_often():
    day = TradingDay()
    day.engine.step()
    broker = day.scripted()
    asked = []
    answer = broker.snapshot

    def counted():
        asked.append(day.clock.now())
        return answer()

    broker.snapshot, broker.is_away = counted, True
    day.go_to(5)
    day.steps(120)

    gaps = [(b - a).total_seconds() for a, b in pairwise(asked)]
    assert gaps[:5] == sorted(gaps[:5])
    assert len(asked) < 12


def test_a_store_that_went_away_is_no_end():
    day = TradingDay()
    day.receive(a_document())
    day.engine.settle()
    day.go_to(5)
    day.quote_all()
    day.memory.is_away = True
    day.steps(3)
    day.memory.is_away = False
    day.steps(4)

    assert day.shares() == 49


def test_what_comes_in_while_the_store_is_away_is_not_taken_for_kept():
    day = TradingDay()
    day.memory.is_away = True
    with pytest.raises(StoreUnavailable):
        day.receive(a_document())


def test_reference_data_out_of_reach_waits():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.facts.is_away = True
    day.steps(3)
    assert not day.memory.outcomes

    day.facts.is_away = False
    day.steps(4)
    assert day.shares() == 49


def test_a_worker_whose_account_another_one_took_over_ends():
    day = TradingDay()
    with day.engine._ports.store.only_worker("paper"):
        day.steps(1)
        day.memory.turns["paper"] += 1
        day.receive(a_document())
        day.go_to(5)
        with pytest.raises(LeaseTaken):
            day.steps(1)


def test_what_a_replaced_worker_takes_in_is_traded_by_the_one_that_replaced_it():
    day = TradingDay()
    day.steps(1)
    replaced = day.engine
    day.another()
    day.steps(1)
    assert replaced.receive([a_document()], source="stream") == 1
    day.go_to(5)
    day.steps(5)
    assert day.shares() == 49


def test_the_book_after_a_restart_is_the_book_before_it():
    day = TradingDay()
    day.receive(a_document(), a_document("BBB"))
    day.go_to(5)
    day.steps(5)
    before = day.engine.book
    day.another()
    day.steps(2)
    after = day.engine.book

    assert after.lots == before.lots
    assert after.state == before.state
    assert after.executions == before.executions
    assert after.state.cash_usd == day.market.book.cash
    assert after.equity_usd() < Decimal(100_000)
