"""Intraday margin deficits: seen in the broker's figures, on record, and what they come to."""

from __future__ import annotations

from decimal import Decimal

from alpha_oracle import calendar
from tests.unit.execution.trading_day import (
    SESSION,
    TradingDay,
    a_document,
    an_outcome,
    references,
)


def a_day_short_of(usd):
    """A day on which the account is short of its margin by so much."""
    day = TradingDay()
    broker = day.scripted()
    broker.maintenance_margin = broker.cash + usd
    day.go_to(4)
    day.steps(1)
    return day, broker


def deficits(day):
    """The account's deficits on record, oldest first."""
    return [deficit for _, deficit in sorted(day.memory.deficits.items())]


def go_on(day, sessions):
    """Let it be the window so many sessions later; return the session before it."""
    session = calendar.shift_session(SESSION, sessions)
    day.go_to(5, session=session)
    day.operators.note("heartbeat", by="operator", at=day.clock.now())
    before = calendar.shift_session(session, -1)
    day.facts.known = references(vix_close=(before, Decimal(15)))
    day.steps(2)
    return before


def test_a_deficit_is_on_record_and_told_once():
    day, broker = a_day_short_of(2000)
    for _ in range(2):
        broker.tell("link_up")
        day.steps(2)
    day.another(broker=broker)
    day.steps(2)

    (found,) = deficits(day)
    assert (found.session, found.usd, found.met_on) == (SESSION, 2000, None)
    assert day.alerts().count("intraday_margin_deficit") == 1


def test_an_account_within_its_margin_has_none():
    day, _ = a_day_short_of(0)

    assert deficits(day) == []
    assert [change for change in day.seen if change.deficits] == []


def test_the_largest_deficit_of_a_session_counts_and_its_last_level_is_kept():
    day, broker = a_day_short_of(2000)
    for usd in (3000, -500):
        broker.maintenance_margin = broker.cash + usd
        broker.tell("link_up")
        day.steps(2)

    (found,) = deficits(day)
    assert (found.usd, found.level_usd) == (3000, 500)
    assert day.alerts().count("intraday_margin_deficit") == 1


def test_a_deficit_that_was_missed_keeps_the_account_from_buying():
    day, broker = a_day_short_of(2000)
    broker.maintenance_margin = broker.cash + 500
    before = go_on(day, 6)
    day.receive(a_document(session=before))
    day.steps(2)

    assert deficits(day)[0].met_on is None
    assert an_outcome(day).kind == "refused"
    assert "deficit was missed: no purchases until 2016-09-07" in an_outcome(day).reason


def test_a_deficit_that_a_deposit_met_keeps_nobody_from_buying():
    day, broker = a_day_short_of(2000)
    broker.maintenance_margin = Decimal(0)
    met_on = calendar.shift_session(SESSION, 3)
    go_on(day, 3)
    assert deficits(day)[0].met_on == met_on

    before = go_on(day, 6)
    day.receive(a_document(session=before))
    day.steps(2)
    assert [order.symbol for order in broker.submitted] == ["AAA"]
