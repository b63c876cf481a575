"""A full book turns over: what sales bring goes to the best entries, which wait for them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.risk import RiskAction, RiskCheckResult
from alpha_oracle.execution.decisions import DECISIONS
from alpha_oracle.risk.fat_finger import OrderRate
from alpha_oracle.risk.verdicts import ENTRIES, let_pass
from tests.fakes.scripted_broker import a_fill
from tests.trading import a_quote
from tests.unit.execution.test_engine_exits import holding, in_session, sessions_later, short
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, an_outcome, rejections

FULL = {"max_positions": 1}
DUE = {"min_hold_days": 1, "max_hold_days": 1}
TODAY = sessions_later(1)


def turning_over(*, bounds=FULL, minute=5):
    """A day whose only slot is held by AAA, which is due, and wanted for BBB."""
    day = holding(bounds=bounds, **DUE)
    in_session(day, TODAY, minute=minute)
    day.receive(a_document("BBB", session=SESSION))
    return day


def selling(*, bounds=FULL, minute=5):
    """Such a day at a broker that has taken the sale of AAA and says no more; its id."""
    day = turning_over(bounds=bounds, minute=minute)
    broker = day.scripted()
    broker.positions["AAA"] = 49
    broker.cash = day.memory.states["paper"].cash_usd
    day.steps(1)
    (sale,) = broker.submitted
    broker.tell("accepted", sale.order_id)
    day.steps(1)
    return day, broker, sale.order_id


def symbols(day):
    """The symbols of the orders of the session, oldest first."""
    return [order.symbol for order in day.orders() if order.session == TODAY]


def test_the_slot_that_a_sale_frees_goes_to_an_entry_of_the_same_morning():
    day = turning_over()
    day.steps()

    assert symbols(day) == ["AAA", "BBB"]
    assert (day.shares("AAA"), day.shares("BBB")) == (0, 49)


def test_an_entry_waits_until_all_of_a_sale_is_through():
    day, broker, sale = selling()
    broker.tell("filled", sale, fill=a_fill(day.clock, quantity=20))
    day.steps(3)
    assert symbols(day) == ["AAA"]

    broker.tell("filled", sale, fill=a_fill(day.clock, quantity=29, execution_id="y.1.01"))
    day.steps(2)
    assert symbols(day) == ["AAA", "BBB"]


def test_a_sale_that_is_given_up_lets_entries_use_what_room_there_is():
    day, broker, _ = selling(bounds={"max_positions": 2})
    for _ in range(2):
        refused(day, broker, minutes=2)
    assert symbols(day) == ["AAA", "AAA", "AAA"]

    refused(day, broker, minutes=2)
    assert symbols(day)[-1] == "BBB"


def test_an_entry_waits_for_a_sale_no_longer_than_its_patience():
    day, broker, sale = selling(bounds={"max_positions": 2})
    broker.has(sale)
    day.go_to(9.9, session=TODAY)
    day.steps(1)
    assert symbols(day) == ["AAA"]

    day.go_to(10, session=TODAY)
    day.steps(1)
    assert symbols(day) == ["AAA", "BBB"]


def test_an_entry_that_waited_for_a_sale_to_the_end_says_so():
    day, broker, sale = selling(minute=374)
    broker.has(sale)
    day.go_to(375, session=TODAY)
    day.steps(1)

    assert an_outcome(day, 1).reason.endswith("it waited for: the sale of AAA")


def test_a_sale_that_waits_itself_holds_entries_back_for_their_patience_from_the_windows_start():
    day = turning_over(bounds={"max_positions": 2})
    quote_but_aaa(day)
    day.go_to(9.9, session=TODAY)
    quote_but_aaa(day)
    assert symbols(day) == []

    day.go_to(10, session=TODAY)
    quote_but_aaa(day)
    assert symbols(day) == ["BBB"]


def quote_but_aaa(day):
    """Let nobody bid for AAA, and the worker look."""
    day.quote_all()
    last = Decimal(100)
    day.market.board.publish([a_quote(bid=None, ask=None, last=last, at=day.clock.now())])
    day.engine.step()


def test_while_halted_an_entry_is_refused_and_does_not_wait_for_a_sale():
    day, broker, sale = selling()
    broker.has(sale)
    day.kill()
    day.steps(2)

    assert an_outcome(day, 1).reason.startswith("kill_switch")
    assert [one["symbol"] for one in rejections(day)] == ["BBB"]


def a_wish_to_leave(bounds):
    """A day in which a strategy wants out of AAA, in a market too wide for one order."""
    day = holding(bounds=bounds, min_hold_days=1)
    in_session(day, TODAY)
    day.receive(a_document("BBB", session=SESSION))
    short(day, TODAY)
    return day


def test_a_sale_in_slices_is_waited_for_to_its_last():
    day = a_wish_to_leave(FULL)
    in_slices(day, 235)
    assert symbols(day) == ["AAA"] * 5

    in_slices(day, 10)
    assert symbols(day) == ["AAA"] * 6 + ["BBB"]
    assert day.shares("AAA") == 0


def test_a_slice_that_comes_late_is_waited_for():
    day = a_wish_to_leave({"max_positions": 2})
    in_slices(day, 3)
    for _ in range(20):
        quote_but_aaa(day)
        day.clock.advance(seconds=10)
    in_slices(day, 110, volume=10)
    assert day.clock.now() > day.orders()[1].created_at + timedelta(minutes=5)
    assert set(symbols(day)) == {"AAA"}

    in_slices(day, 2)
    assert symbols(day)[-1] == "BBB"


def in_slices(day, seconds, *, volume=1_000_000):
    """Let so many shares of AAA be traded in a market too wide for one order."""
    for _ in range(seconds):
        day.quote_all()
        day.quote("AAA", bid=99.8, ask=100.2, volume=volume)
        day.engine.step()
        day.clock.advance(seconds=1)


def test_what_a_sale_brings_goes_to_the_best_whichever_came_first():
    day = turning_over()
    day.receive(a_document("CCC", session=SESSION, strength=0.9))
    day.steps()

    assert symbols(day) == ["AAA", "CCC"]
    assert "max_positions" in an_outcome(day, 2).reason


class Turn:
    """A rate of orders that one symbol alone finds exhausted."""

    name = OrderRate.name
    holds_back = ENTRIES

    def check(self, order, _facts):
        if order.symbol != "BBB":
            return let_pass(self.name)
        return RiskCheckResult(check=self.name, action=RiskAction.REJECT, reason="5 in a second")


def test_no_worse_entry_goes_before_one_that_only_has_to_take_its_turn():
    day = TradingDay(more_checks=(Turn(),))
    day.receive(a_document("AAA", strength=0.9), a_document("BBB"), a_document("CCC", strength=0.2))
    day.go_to(5)
    day.steps(2)
    assert [order.symbol for order in day.orders()] == ["AAA"]

    day.go_to(375)
    day.steps(1)
    waited = [one.reason for one in day.memory.outcomes.values() if one.kind == "expired"]
    assert len(waited) == 2
    assert all("it waited for: order_rate: 5 in a second" in reason for reason in waited)


def test_no_worse_entry_is_looked_at_first_where_the_turn_ends_a_go():
    day = TradingDay(more_checks=(Turn(),))
    better = a_crowd(DECISIONS - 1, strength=0.9)
    others = [("BBB", 0.5), ("CCC", 0.2)]
    day.receive(*better, *(a_document(one, strategy="X", strength=by) for one, by in others))
    day.go_to(5)
    day.steps(2)

    assert len(day.memory.outcomes) == len(better)
    assert day.orders() == []


CROWD = 2 * DECISIONS + 10


def a_crowd(count, **changes):
    """As many signals, each of a strategy of its own, none of which becomes an order."""
    return [
        a_document(strategy=f"Strategy {place}", win_rate=0.1, **changes) for place in range(count)
    ]


def test_a_crowd_is_decided_a_few_at_once_and_the_switch_is_looked_at_in_between():
    day = TradingDay()
    day.receive(*a_crowd(CROWD))
    day.go_to(5)
    day.quote_all()
    assert day.engine.step() == day.clock.now()
    assert 0 < len(day.memory.outcomes) < CROWD

    for _ in range(3):
        day.engine.step()
    assert len(day.memory.outcomes) == CROWD
    assert day.engine.step() > day.clock.now()


def test_a_crowd_expires_a_few_at_once():
    day = TradingDay()
    day.receive(*a_crowd(CROWD))
    day.go_to(375)
    assert day.engine.step() == day.clock.now()
    assert 0 < len(day.memory.outcomes) < CROWD

    for _ in range(3):
        day.engine.step()
    assert {one.kind for one in day.memory.outcomes.values()} == {"expired"}
    assert len(day.memory.outcomes) == CROWD


def test_those_that_wait_do_not_keep_the_others_from_being_looked_at():
    day = TradingDay()
    waiting = [a_document("DDD", strategy=f"Strategy {place}", strength=1) for place in range(60)]
    day.receive(*waiting, a_document("AAA", strength=0.1))
    day.go_to(5)
    day.quote("AAA")
    day.quote("VIX", bid=14.9, ask=15.1)
    for _ in range(4):
        day.engine.step()

    assert [order.symbol for order in day.orders()] == ["AAA"]


def refused(day, broker, *, minutes):
    """Let the broker refuse what it was sent last, and so many minutes pass."""
    broker.tell("rejected", broker.submitted[-1].order_id, reason="no margin")
    day.steps(1)
    day.clock.advance(minutes=minutes)
    day.steps(2)


def test_an_exit_the_broker_refused_is_tried_again_after_a_minute_then_two_and_given_up():
    day, broker, first = selling()
    refused(day, broker, minutes=0.8)
    assert len(broker.submitted) == 1
    day.clock.advance(minutes=0.2)
    day.steps(1)
    assert len(broker.submitted) == 2

    refused(day, broker, minutes=1.8)
    assert len(broker.submitted) == 2
    day.clock.advance(minutes=0.2)
    day.steps(1)
    assert "exit_failed" not in day.alerts()

    refused(day, broker, minutes=60)
    sales = [one for one in broker.submitted if one.side == "SELL"]
    assert len({one.order_id for one in sales} | {first}) == 3
    assert day.alerts("high").count("exit_failed") == 1


def test_a_lot_given_up_is_told_once_and_sold_in_the_next_session():
    day, broker, _ = selling()
    for _ in range(3):
        refused(day, broker, minutes=5)
    day.another(broker=broker)
    day.steps(2)
    assert day.alerts("high").count("exit_failed") == 1

    in_session(day, sessions_later(2))
    day.steps(1)
    assert [one.side for one in broker.submitted].count("SELL") == 4


def test_what_is_left_of_a_cancelled_exit_is_sold_by_another():
    day, broker, sale = selling()
    broker.tell("filled", sale, fill=a_fill(day.clock, quantity=20))
    broker.tell("cancelled", sale)
    day.steps(1)
    day.clock.advance(minutes=1)
    day.steps(1)

    last = broker.submitted[-1]
    assert (last.side, last.symbol, last.quantity) == ("SELL", "AAA", 29)


def test_an_exit_that_nobody_knows_of_any_more_is_not_sent_again():
    day, broker, sale = selling()
    day.clock.advance(minutes=6)
    day.steps(2)
    assert day.memory.orders[sale].status == "REJECTED"

    day.clock.advance(minutes=30)
    day.steps(2)
    assert [one.side for one in broker.submitted].count("SELL") == 1


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_worker_started_anew_knows_how_often_a_lot_was_tried(attempt):
    day, broker, _ = selling()
    for _ in range(attempt):
        refused(day, broker, minutes=5)
    tried = len(broker.submitted)
    day.another(broker=broker)
    day.steps(1)

    assert len(broker.submitted) == tried
