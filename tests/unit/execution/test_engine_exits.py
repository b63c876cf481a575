"""What is held is sold when its strategy or its age says so, and held back by little."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.orders import Hold
from alpha_oracle.errors import StoreUnavailable
from tests.unit.execution.trading_day import (
    MOMENTUM,
    SESSION,
    SIGNALLED,
    TradingDay,
    a_document,
    an_outcome,
    references,
)


def sessions_later(count):
    """The session so many after the entry's."""
    return calendar.shift_session(SESSION, count)


def holding(*, bounds=None, **document):
    """A day after which 49 AAA are held, whose shortest hold is 2 sessions and longest 20."""
    day = TradingDay(bounds=bounds or {})
    day.receive(a_document(**document))
    day.go_to(5)
    day.steps()
    assert day.shares() == 49
    return day


def in_session(day, session, *, minute=5, **known):
    """Let it be a later session, whose worker knows the day before."""
    before = calendar.shift_session(session, -1)
    day.facts.known = references(vix_close=(before, Decimal(15)), **known)
    day.operators.note("heartbeat", by="operator", at=day.clock.now())
    day.go_to(minute, session=session)
    day.operators.note("heartbeat", by="operator", at=day.clock.now())


def short(day, session, **changes):
    """Let a SHORT of the session before come in."""
    day.receive(a_document("AAA", "SHORT", session=calendar.shift_session(session, -1), **changes))


def test_a_short_sells_the_lot_of_its_strategy_and_names_the_order():
    day = holding()
    in_session(day, sessions_later(2))
    short(day, sessions_later(2))
    day.steps()

    order = day.orders()[-1]
    assert (order.side, order.purpose, order.status) == ("SELL", "exit", "FILLED")
    assert an_outcome(day, 1).order_id == order.order_id
    assert day.shares() == day.market.position("AAA") == 0


def test_an_exit_that_never_went_out_is_tried_until_it_does():
    day = holding(max_hold_days=2)
    in_session(day, sessions_later(2))
    lost = set()

    def at(point):
        last = day.orders()[-1]
        if point == "before harden" and last.status == "PENDING" and len(lost) < 5:
            lost.add(last.order_id)
            day.memory.harden()
            raise StoreUnavailable("for a moment")

    day.another(at=at)
    day.steps(40, seconds=20)

    assert len(lost) == 5
    assert day.shares() == day.market.position("AAA") == 0
    assert [day.memory.orders[one].status for one in lost] == ["REJECTED"] * 5
    assert "exit_failed" not in day.alerts()


def test_a_short_before_the_shortest_hold_marks_the_lot_that_is_sold_when_it_is_over():
    day = holding()
    in_session(day, sessions_later(1))
    short(day, sessions_later(1))
    day.steps()
    assert an_outcome(day, 1).kind == "marked"
    assert day.shares() == 49

    in_session(day, sessions_later(2))
    day.steps()
    assert day.shares() == 0


def test_a_short_without_a_quote_marks_the_lot_that_is_sold_when_one_comes():
    day = holding()
    in_session(day, sessions_later(2))
    short(day, sessions_later(2))
    day.steps(2, quoting=False)
    assert an_outcome(day, 1).kind == "marked"
    assert day.shares() == 49

    day.steps()
    assert day.shares() == 0


def test_a_short_of_what_is_not_held_becomes_no_order():
    day = TradingDay()
    day.receive(a_document("AAA", "SHORT"))
    day.go_to(5)
    day.steps()

    assert "holds no AAA" in an_outcome(day).reason


def test_a_short_closes_no_other_strategys_lot():
    day = holding()
    in_session(day, sessions_later(2))
    short(day, sessions_later(2), strategy="BreakoutStrategy")
    day.steps()

    assert day.shares() == 49


def test_a_lot_is_sold_at_the_end_of_its_longest_hold():
    day = holding(max_hold_days=3)
    in_session(day, sessions_later(3))
    day.steps()

    order = day.orders()[-1]
    assert (order.purpose, order.status, order.signal_id) == ("protective", "FILLED", None)


def test_exits_come_before_entries():
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1))
    day.receive(a_document("BBB", session=SESSION))
    day.steps()

    assert [order.symbol for order in day.orders()] == ["AAA", "AAA", "BBB"]


def test_what_was_sold_in_a_session_is_not_bought_again_in_it():
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1))
    day.receive(a_document("AAA", session=SESSION))
    day.steps(5)

    assert day.shares() == 0
    assert "sold in this session" in an_outcome(day, 1).reason


def test_an_exit_waits_for_its_quote_however_long():
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1))
    day.steps(3, quoting=False)
    assert day.shares() == 49

    day.steps(2)
    assert day.shares() == 0


def test_a_wish_to_leave_that_could_not_be_worked_marks_the_lot_when_it_expires():
    day = holding()
    in_session(day, sessions_later(2))
    short(day, sessions_later(2))
    in_session(day, sessions_later(2), minute=376)
    day.steps(2, quoting=False)
    assert an_outcome(day, 1).kind == "marked"

    in_session(day, sessions_later(3))
    day.steps()
    assert day.shares() == 0


def test_an_old_wish_to_leave_does_not_end_a_lot_opened_since():
    day = holding()
    day.receive(a_document("AAA", "SHORT", session=calendar.shift_session(SIGNALLED, -3)))
    day.steps()

    assert an_outcome(day, 1).kind == "expired"
    assert not any(lot.wants_out for lot in day.memory.lots.values())


@pytest.mark.parametrize(
    "unknown", [{"sectors": {}}, {"adv_shares": {}}], ids=["sector", "average volume"]
)
def test_an_exit_is_not_held_back_by_what_only_entries_need(unknown):
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1), **unknown)
    day.facts.known = references(vix_close=None, **unknown)
    day.steps()

    assert day.shares() == 0


def test_the_kill_switch_holds_an_exit_back_until_trading_goes_on():
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1))
    day.kill()
    day.steps()
    assert day.shares() == 49

    day.resume()
    day.steps()
    assert day.shares() == 0


def test_a_short_of_before_the_purchase_closes_nothing():
    day = holding(min_hold_days=0)
    day.receive(a_document("AAA", "SHORT"))
    day.steps()

    assert day.shares() == 49
    assert "holds no AAA of 2016-06-01 or before" in an_outcome(day, 1).reason


def test_a_round_trip_in_one_session_is_refused_once_on_record_however_often_it_is_tried():
    day = holding(min_hold_days=0, bounds={"equity_threshold": Decimal(200_000)})
    ((key, lot),) = day.memory.lots.items()
    day.memory.lots[key] = replace(lot, wants_out=True)
    day.another()
    day.steps(5)

    assert day.shares() == 49
    refused = [one for one in day.memory.day_trade_decisions if one.action == "REJECT"]
    assert len(refused) == 1
    assert "round trip" in refused[0].reason


def test_an_exit_is_sent_once_a_session_and_its_rest_in_the_next():
    day = holding(max_hold_days=1, min_hold_days=1)
    in_session(day, sessions_later(1))
    for _ in range(3):
        day.quote_all(volume=100)
        day.engine.step()
        day.clock.advance(seconds=1)
    assert day.shares() == 39
    in_session(day, sessions_later(1), minute=395)
    day.steps(3, quoting=False)

    in_session(day, sessions_later(2))
    day.steps()
    assert day.shares() == 0
    assert [order.purpose for order in day.orders()] == ["entry", "protective", "protective"]


def test_a_lots_own_hold_counts_not_its_strategys_of_today():
    day = holding(max_hold_days=30)
    shorter = {MOMENTUM: Hold(min_days=1, max_days=1)}
    in_session(day, sessions_later(2), holds=shorter)
    day.steps()

    assert day.shares() == 49
