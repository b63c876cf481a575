"""A large order is worked in slices, each checked, to its end or the window's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.execution.sending import HALTED
from tests.unit.execution.trading_day import TradingDay, a_document

WIDE = {"bid": 99.8, "ask": 100.2}


def working(**changes):
    """A day with a TWAP of 49 AAA in a market whose spread is wide, its first slice sent."""
    day = TradingDay(**changes)
    day.receive(a_document())
    day.go_to(5)
    look(day, 1)
    parent = day.orders()[0]
    assert (parent.order_type, parent.status) == ("TWAP", "SUBMITTED")
    return day, parent.order_id


def look(day, count, *, seconds=1.0, volume=1_000_000):
    """Let the worker look, so many seconds apart."""
    for _ in range(count):
        day.quote_all(**WIDE, volume=volume)
        day.engine.step()
        day.clock.advance(seconds=seconds)


def slices(day, parent_id):
    """The slices on record."""
    return [order for order in day.orders() if order.parent_id == parent_id]


def test_five_slices_a_minute_apart_fill_the_order_and_the_parent_alone_is_told():
    day, parent_id = working()
    look(day, 30, seconds=10)

    parent = day.memory.orders[parent_id]
    assert parent.status == "FILLED"
    assert [order.quantity for order in slices(day, parent_id)] == [10, 10, 10, 10, 9]
    assert day.shares() == day.market.position("AAA") == 49
    told = day.memory.announced("orders")
    assert {one["order_id"] for one in told} == {parent_id}
    assert sum(one.get("fill_quantity", 0) for one in told) == 49
    times = [order.created_at for order in slices(day, parent_id)]
    assert all((b - a).total_seconds() >= 60 for a, b in pairwise(times))


def test_the_cascade_runs_for_each_slice():
    day, parent_id = working()
    look(day, 30, seconds=10)

    stages = [run.stage for run in day.memory.cascade_runs]
    assert stages == ["decision", *["slice"] * 5]
    assert {one.order_id for one in slices(day, parent_id)} <= {
        run.order_id for run in day.memory.cascade_runs
    }


def test_what_a_slice_leaves_is_cancelled_and_spread_over_the_later_ones():
    day, parent_id = working(faults={"partial_fill_pct": 100.0})
    look(day, 400, seconds=5)

    parent = day.memory.orders[parent_id]
    own = slices(day, parent_id)
    assert parent.filled_quantity == sum(order.filled_quantity for order in own) == day.shares()
    assert all(order.is_final for order in own)
    assert parent.is_final


def test_the_end_of_the_window_ends_it():
    day, parent_id = working()
    look(day, 1)
    day.go_to(375)
    look(day, 3)

    parent = day.memory.orders[parent_id]
    assert parent.status == "CANCELLED"
    assert day.told()[-1] == "order:cancelled"
    assert day.shares() == parent.filled_quantity < 49


def with_a_refused_slice():
    """A day with a TWAP of 49 AAA whose second slice was refused, for the VIX stood at 50."""
    day, parent_id = working()
    look(day, 2)
    day.market.board.publish(
        [
            Quote(
                symbol=Symbol("VIX"),
                bid=None,
                ask=None,
                last=Decimal(50),
                volume=None,
                at=day.clock.now(),
            )
        ]
    )
    day.clock.advance(seconds=60)
    look(day, 1)
    return day, parent_id


def test_a_slice_that_risk_refuses_is_no_command_that_was_sent():
    day, parent_id = with_a_refused_slice()
    sent, refused = slices(day, parent_id)
    activity = day.engine._desk.ledger.activity

    assert (sent.status, refused.status) == ("FILLED", "REJECTED")
    assert activity.sent_order_ids == {sent.order_id}
    assert activity.sends(day.clock.now(), within=timedelta(seconds=10)) == 0


def test_a_slice_that_risk_refuses_counts_and_the_rest_goes_on():
    day, parent_id = with_a_refused_slice()
    assert [order.status for order in slices(day, parent_id)] == ["FILLED", "REJECTED"]

    day.clock.advance(minutes=6)
    look(day, 60, seconds=10)
    assert day.memory.orders[parent_id].status == "FILLED"


def test_a_slice_waits_for_its_quote():
    day, parent_id = working()
    day.clock.advance(seconds=59)
    day.steps(3, quoting=False, seconds=1)
    day.market.board.newest.clear()
    day.clock.advance(seconds=70)
    day.steps(3, quoting=False)
    count = len(slices(day, parent_id))
    look(day, 1)

    assert len(slices(day, parent_id)) == count + 1


def test_the_kill_switch_ends_it_and_no_slice_follows():
    day, parent_id = working()
    look(day, 2)
    day.kill()
    look(day, 20, seconds=10)

    assert day.memory.orders[parent_id].status == "CANCELLED"
    assert len(slices(day, parent_id)) == 1


def test_a_worker_started_anew_goes_on_where_the_fills_stand():
    day, parent_id = working()
    look(day, 2)
    day.another()
    look(day, 40, seconds=10)

    assert [order.quantity for order in slices(day, parent_id)] == [10, 10, 10, 10, 9]
    assert day.memory.orders[parent_id].status == "FILLED"


def test_a_second_entry_of_its_strategy_finds_it_working():
    day, _ = working()
    day.receive(a_document(id="another"))
    look(day, 1)

    assert "already" in list(day.memory.outcomes.values())[1].reason


def test_the_day_counts_it_once():
    day, _ = working(bounds={"max_trades_per_day": 2})
    look(day, 30, seconds=10)
    day.receive(a_document("BBB"))
    look(day, 2)

    assert any(order.symbol == "BBB" for order in day.orders())


def test_a_slice_whose_price_ran_away_asks_nobody_and_is_refused():
    day, parent_id = working()
    look(day, 2)
    day.clock.advance(seconds=60)
    day.quote_all(bid=103.8, ask=104.2)
    day.engine.step()

    refused = slices(day, parent_id)[-1]
    assert refused.status == "REJECTED"
    assert "nobody approved it" in refused.history[0].reason


def test_a_switch_thrown_as_a_slice_is_committed_lets_it_not_out():
    day, parent_id = working()
    look(day, 2)
    day.clock.advance(seconds=60)
    store = day.engine._ports.store
    store.at = lambda point: point == "before commit" and day.kill()
    day.quote_all(**WIDE)
    day.engine.step()

    assert len(slices(day, parent_id)) == 1


def test_a_slice_whose_commit_took_its_time_is_withdrawn_where_trading_was_halted_meanwhile():
    day = TradingDay()
    broker = day.scripted()

    def at(point):
        is_slice = any(order.parent_id for order in day.memory.orders.values())
        if point == "after commit" and is_slice and not day.memory.kill_switch.is_active:
            day.clock.advance(seconds=20)
            day.kill()

    day.another(broker=broker, at=at)
    day.receive(a_document())
    day.go_to(5)
    look(day, 2)

    (one,) = [order for order in day.orders() if order.parent_id]
    assert broker.submitted == []
    assert (one.status, one.history[-1].reason) == ("REJECTED", HALTED)


def test_a_slice_waits_while_the_mirror_cannot_be_read():
    day, parent_id = working()
    look(day, 2)
    day.mirror.is_away = True
    day.clock.advance(seconds=60)
    look(day, 2)
    assert len(slices(day, parent_id)) == 1

    day.mirror.is_away = False
    look(day, 2)
    assert len(slices(day, parent_id)) == 2


def test_a_commission_told_late_is_known_of_the_slice_and_of_its_order():
    day, parent_id = working(faults={"commission_delay_seconds": 2.0})
    look(day, 30, seconds=10)

    orders = day.engine.book.orders
    assert orders == day.memory.orders
    assert all(fill.commission for fill in orders[parent_id].fills)
    assert day.memory.states["paper"].cash_usd == day.market.book.cash
