"""Exits that wait for a human: asked anew at the price of now, sent on whatever quote there is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode
from tests.fakes.broker import a_quote
from tests.unit.execution.test_engine_approvals import decide
from tests.unit.execution.test_engine_exits import holding, in_session, sessions_later, short
from tests.unit.execution.trading_day import SYMBOLS, a_document

TODAY = sessions_later(2)


def asked(*, quote=None, **hold):
    """A day in MANUAL_APPROVAL whose sale of 49 AAA, of whose lot a SHORT came in, waits."""
    day = holding(**hold)
    day.mode = AutonomyMode.MANUAL_APPROVAL
    day.another()
    in_session(day, TODAY)
    short(day, TODAY)
    look(day, quote=quote)
    (sale,) = sales(day)
    assert sale.status == "AWAITING_APPROVAL"
    return day


def look(day, count=1, *, quote=None, seconds=1.0):
    """Let the worker look at a market that quotes, so many seconds apart."""
    for _ in range(count):
        (quote or usual)(day)
        day.engine.step()
        day.clock.advance(seconds=seconds)


def usual(day):
    """Let the market bid 99.95 USD, now and live."""
    day.quote_all()


def at(bid):
    """A market that bids so much, now and live."""
    return lambda day: day.quote_all(bid=bid, ask=round(bid + 0.1, 2))


def delayed(day):
    """Let a feed tell of the market fifteen minutes late."""
    for symbol in SYMBOLS:
        quote = a_quote(symbol=symbol, bid=99.95, ask=100.05, volume=10**6, at=day.clock.now())
        day.market.board.publish([replace(quote, is_delayed=True)])


def last_alone(day):
    """Let the market bid 95 USD where nobody offers and the last trade was at 100."""
    quote = a_quote(symbol="AAA", bid=95.0, ask=100.0, volume=10**6, at=day.clock.now())
    day.quote_all()
    day.market.board.publish([replace(quote, ask=None, last=Decimal(100))])


def sales(day):
    """The sales on record, oldest first."""
    return [one for one in day.orders() if one.side == "SELL"]


def statuses(day):
    """Where the sales stand, oldest first."""
    return [one.status for one in sales(day)]


@pytest.mark.parametrize(
    ("hold", "purpose"),
    [({}, "exit"), ({"max_hold_days": 2}, "protective")],
    ids=["a strategy's", "at the end of life"],
)
def test_an_exit_whose_price_moved_is_asked_anew_at_once(hold, purpose):
    day = asked(**hold)
    look(day, 2, quote=at(98.4))

    assert statuses(day) == ["EXPIRED", "AWAITING_APPROVAL"]
    anew = sales(day)[-1]
    assert (anew.purpose, anew.arrival_price) == (purpose, Decimal("98.45"))
    decide(day, anew.order_id)
    look(day, 3, quote=at(98.4))
    assert day.shares() == 0


def test_an_exit_is_asked_anew_as_often_as_its_price_moves():
    day = asked()
    for step in range(1, 6):
        look(day, 2, quote=at(100 - 2 * step))

    assert statuses(day) == ["EXPIRED"] * 5 + ["AWAITING_APPROVAL"]
    assert day.alerts() == []


def test_an_exit_approved_after_its_price_moved_is_asked_anew():
    day = asked()
    decide(day, sales(day)[0].order_id)
    look(day, quote=at(98.4))

    assert statuses(day) == ["EXPIRED", "AWAITING_APPROVAL"]


def test_an_exit_that_a_human_rejects_is_not_asked_anew():
    day = asked()
    decide(day, sales(day)[0].order_id, approve=False)
    look(day, 3, quote=at(98.4))
    day.go_to(376, session=TODAY)
    look(day)

    assert statuses(day) == ["REJECTED"]
    assert day.alerts() == []


def test_an_exit_asked_at_its_limit_is_held_against_what_is_bid():
    day = asked(quote=last_alone, max_hold_days=2)
    assert sales(day)[0].limit_price == 95
    look(day, 5, quote=last_alone)
    assert statuses(day) == ["AWAITING_APPROVAL"]

    look(day, 2, quote=at(93.9))
    assert statuses(day) == ["EXPIRED", "AWAITING_APPROVAL"]


def test_an_exit_that_nobody_approved_in_its_session_is_told():
    day = asked()
    day.go_to(375, session=TODAY)
    look(day, 2)

    assert statuses(day) == ["EXPIRED"]
    assert day.alerts("high") == ["exit_failed"]


def test_an_exit_approved_at_a_limit_is_sent_on_a_delayed_quote():
    day = asked(quote=delayed)
    assert sales(day)[0].order_type == "LIMIT"
    decide(day, sales(day)[0].order_id)
    look(day, 2, quote=delayed)

    assert statuses(day) == ["SUBMITTED"]


def test_an_exit_approved_at_the_market_is_asked_at_a_limit_where_no_live_quote_comes():
    day = asked()
    decide(day, sales(day)[0].order_id)
    look(day, 59, quote=delayed)
    assert statuses(day) == ["AWAITING_APPROVAL"]

    look(day, 2, quote=delayed)
    assert statuses(day) == ["EXPIRED", "AWAITING_APPROVAL"]
    anew = sales(day)[-1]
    assert (anew.order_type, anew.limit_price) == ("LIMIT", Decimal("99.95"))
    decide(day, anew.order_id)
    look(day, 2, quote=delayed)
    assert statuses(day)[-1] == "SUBMITTED"


def test_an_exit_approved_at_the_market_goes_there_once_a_live_quote_comes():
    day = asked()
    decide(day, sales(day)[0].order_id)
    look(day, 30, quote=delayed)
    look(day, 2)

    assert statuses(day) == ["FILLED"]


def test_an_approved_entry_waits_for_a_live_quote_to_the_end_and_says_so():
    day = asked()
    day.receive(a_document("BBB", session=sessions_later(1)))
    decide(day, sales(day)[0].order_id)
    look(day, 3)
    entry = day.orders()[-1]
    assert (entry.symbol, entry.status) == ("BBB", "AWAITING_APPROVAL")
    decide(day, entry.order_id)
    look(day, 2, quote=delayed)
    day.go_to(375, session=TODAY)
    look(day, quote=delayed)

    end = day.memory.orders[entry.order_id].history[-1]
    assert end.status == "EXPIRED"
    assert end.reason.endswith(f"it waited for: a live quote of {Symbol('BBB')}")
