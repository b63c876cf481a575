"""What is held counts at a price of now: without one the account's equity is not known."""

from __future__ import annotations

from tests.unit.execution.test_engine_exits import holding, in_session, sessions_later
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, an_outcome


def holding_with_an_entry_waiting():
    """A day on which 49 AAA are held, quoted once, and BBB is to be bought."""
    day = holding()
    in_session(day, sessions_later(1))
    day.quote("AAA")
    day.receive(a_document("BBB", session=SESSION))
    return day


def quote_alone(day, symbol, *, minutes):
    """Let the market quote one symbol and VIX each minute, and the worker look."""
    for _ in range(minutes):
        day.quote("VIX", bid=14.9, ask=15.1)
        day.quote(symbol)
        day.engine.step()
        day.clock.advance(minutes=1)


def test_no_entry_is_made_while_the_price_of_what_is_held_is_old():
    day = holding_with_an_entry_waiting()
    day.clock.advance(minutes=5)
    quote_alone(day, "BBB", minutes=3)
    assert day.shares("BBB") == 0
    assert len(day.memory.outcomes) == 1

    day.quote("AAA")
    quote_alone(day, "BBB", minutes=2)
    assert day.shares("BBB") == 49


def test_an_entry_that_waited_for_the_price_of_what_is_held_says_so():
    day = holding_with_an_entry_waiting()
    day.clock.advance(minutes=5)
    quote_alone(day, "BBB", minutes=2)
    in_session(day, sessions_later(1), minute=376)
    day.engine.step()

    assert "it waited for: equity unknown" in an_outcome(day, 1).reason


def test_the_old_price_of_what_is_held_is_told_once_by_its_symbol():
    day = holding_with_an_entry_waiting()
    day.clock.advance(minutes=5)
    quote_alone(day, "BBB", minutes=3)

    told = [one for one in day.memory.announced("risk") if one.get("type") == "stale_quote"]
    assert [(one["severity"], one["value"], one["threshold"]) for one in told] == [
        ("high", 300, 300)
    ]
    assert "AAA" in told[0]["message"]


def test_a_price_of_before_the_open_is_none_in_market_hours():
    day = holding()
    in_session(day, sessions_later(1))
    day.receive(a_document("BBB", session=SESSION))
    quote_alone(day, "BBB", minutes=3)

    assert day.shares("BBB") == 0
    assert "stale_quote" in day.alerts("high")


def test_after_the_close_nothing_has_to_be_quoted():
    day = holding()
    day.go_to(389)
    day.steps(1)
    day.go_to(420)
    day.steps(400, seconds=1, quoting=False)

    assert day.alerts() == []
    assert day.engine.book.unmarked() == ()


def test_an_exit_is_not_held_back_by_the_old_price_of_another_symbol():
    day = holding()
    in_session(day, sessions_later(1))
    day.receive(a_document("BBB", session=SESSION, max_hold_days=1, min_hold_days=1))
    day.steps()
    assert day.shares("BBB") == 49

    in_session(day, sessions_later(2))
    quote_alone(day, "BBB", minutes=2)
    assert day.shares("BBB") == 0


def test_a_live_vix_does_not_hide_a_feed_that_fell_silent():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.quote("AAA")
    day.clock.advance(minutes=5)
    day.quote("VIX", bid=14.9, ask=15.1)
    day.engine.step()
    assert not day.memory.outcomes

    day.go_to(376)
    day.engine.step()
    assert "it waited for: stale_data: age of the feed" in an_outcome(day).reason


def test_an_account_that_holds_nothing_misses_no_quote_but_vix():
    day = TradingDay()
    day.go_to(5)
    for _ in range(5):
        day.quote("VIX", bid=14.9, ask=15.1)
        day.engine.step()
        day.clock.advance(minutes=1)

    assert day.alerts() == []
