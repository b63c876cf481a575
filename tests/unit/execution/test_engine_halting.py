"""The kill switch: nothing is sent, what works is cancelled, and both are proven."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from alpha_oracle.errors import OrderNotSent, OutcomeUnknown, StoreUnavailable
from tests.fakes.scripted_broker import a_fill
from tests.unit.execution.trading_day import SYMBOLS, TradingDay, a_document, an_outcome, rejections


def with_a_working_order():
    """A day with an order that a scripted broker has accepted."""
    day = TradingDay()
    broker = day.scripted()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    order_id = broker.submitted[0].order_id
    broker.tell("accepted", order_id)
    day.steps(1)
    return day, broker, order_id


def test_every_working_order_is_cancelled_once():
    day, broker, order_id = with_a_working_order()
    broker.has(order_id)
    day.kill()
    day.steps(5)

    assert [order.order_id for order in broker.cancelled] == [order_id]


def test_a_cancel_that_was_not_heard_is_repeated_once_the_order_is_seen_to_work():
    day, broker, order_id = with_a_working_order()
    broker.has(order_id)
    day.kill()
    day.steps(60)

    assert len(broker.cancelled) == 2
    assert "orders_still_working" in day.alerts("high")


def test_the_end_of_what_worked_is_proven_by_asking_for_everything():
    day, broker, order_id = with_a_working_order()
    day.kill()
    day.steps(1)
    broker.has(order_id, status="CANCELLED")
    day.steps(6)

    assert day.memory.orders[order_id].status == "CANCELLED"


def test_a_fill_that_overtakes_the_cancel_counts():
    day, broker, order_id = with_a_working_order()
    day.kill()
    day.steps(1)
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1)

    assert (day.memory.orders[order_id].status, day.shares()) == ("FILLED", 49)


def test_the_switch_acts_within_half_a_second():
    day = TradingDay()
    day.go_to(5)
    day.steps(1)
    day.kill()
    day.receive(a_document())
    day.clock.advance(seconds=0.5)
    day.steps(1)

    assert day.orders() == []
    assert an_outcome(day).reason.startswith("kill_switch")
    assert [one["refused_by"] for one in rejections(day)] == ["risk"]


def test_a_switch_thrown_this_very_instant_is_found_by_the_commit():
    day = TradingDay()
    day.go_to(5)
    day.steps(1, seconds=0)
    day.kill()
    day.receive(a_document())
    day.steps(2)

    assert day.market.broker.snapshot().orders == ()
    assert an_outcome(day).kind == "refused"
    assert an_outcome(day).reason.startswith("kill_switch")


def test_a_mirror_that_cannot_be_read_holds_back_and_refuses_nothing_for_good():
    day = TradingDay()
    day.receive(a_document())
    day.mirror.is_away = True
    day.go_to(5)
    day.steps(3)
    assert day.orders() == []
    assert not day.memory.outcomes

    day.mirror.is_away = False
    day.steps(3)
    assert day.shares() == 49


def test_what_works_is_not_cancelled_for_a_store_being_away():
    day, broker, _ = with_a_working_order()
    day.mirror.is_away = True
    day.steps(5)

    assert broker.cancelled == []


def test_a_mirror_that_forgot_is_reminded():
    day = TradingDay()
    day.kill()
    day.mirror.is_there = False
    day.steps(1)

    assert day.mirror.is_there


def test_a_mirror_that_alone_says_active_is_believed_and_left_so():
    day = TradingDay()
    day.mirror.is_there = True
    day.receive(a_document())
    day.go_to(5)
    day.steps(2)

    assert day.mirror.is_there
    assert an_outcome(day).reason.startswith("kill_switch")


def test_a_resumed_day_trades_on():
    day = TradingDay()
    day.kill()
    day.go_to(5)
    day.steps(2)
    day.resume()
    day.clock.advance(seconds=1)
    day.receive(a_document())
    day.steps()

    assert day.shares() == 49


def test_a_cancel_without_an_answer_is_asked_about():
    day, broker, order_id = with_a_working_order()
    broker.has(order_id, status="CANCELLED")
    broker.answer = OutcomeUnknown("no answer")
    day.kill()
    day.steps(8)

    assert day.memory.orders[order_id].status == "CANCELLED"
    assert len(broker.cancelled) == 1


def test_a_slice_that_works_is_cancelled_and_then_its_order_ends():
    day = TradingDay()
    broker = day.scripted()
    day.receive(a_document())
    day.go_to(5)
    for symbol in SYMBOLS:
        day.quote(symbol, bid=99.8, ask=100.2)
    day.engine.step()
    (slice_sent,) = broker.submitted
    broker.tell("accepted", slice_sent.order_id)
    day.kill()
    day.steps(2)
    assert [order.order_id for order in broker.cancelled] == [slice_sent.order_id]
    assert day.memory.orders[slice_sent.parent_id].status == "SUBMITTED"

    broker.tell("cancelled", slice_sent.order_id)
    day.steps(2)
    assert day.memory.orders[slice_sent.parent_id].status == "CANCELLED"


def test_a_trip_while_the_switch_is_active_starts_the_cool_down_anew():
    day, broker, _ = with_a_working_order()
    day.kill()
    day.steps(1)
    day.clock.advance(minutes=30)
    broker.has("somebody-elses-order")
    day.steps(2)

    tripped = day.memory.kill_switch.activated_at
    assert day.clock.now() - tripped < timedelta(minutes=1)
    assert day.memory.kill_switch.changed_by == "system"


def test_a_trip_stands_once_it_is_on_record_though_the_mirror_is_away():
    day, broker, _ = with_a_working_order()
    day.mirror.is_away = True
    broker.has("somebody-elses-order")
    day.steps(10)
    day.clock.advance(minutes=6)
    day.steps(3)

    assert day.memory.kill_switch.is_active
    assert len(day.memory.kill_switch_changes) == 1
    assert day.alerts("critical") == ["unknown_order"]


def test_book_and_broker_are_held_together_within_minutes_of_an_activation_at_any_hour():
    day = TradingDay()
    day.go_to(8 * 60)
    day.steps(2, quoting=False)
    day.clock.advance(minutes=20)
    day.kill()
    day.steps(2, quoting=False)
    assert day.memory.reconciliations[-1].at >= day.memory.kill_switch.activated_at

    day.clock.advance(minutes=2)
    day.kill()
    for _ in range(4):
        day.steps(1, seconds=60, quoting=False)
    assert day.memory.reconciliations[-1].at >= day.memory.kill_switch.activated_at
    assert len(day.memory.reconciliations) == 3


def test_what_still_works_is_told_once_and_asked_about_ever_less_often():
    day, broker, order_id = with_a_working_order()
    broker.has(order_id)
    day.kill()
    day.steps(600)

    assert day.alerts("high") == ["orders_still_working"]
    asked = [one.at for one in day.memory.reconciliations if one.occasion == "kill_switch"]
    waits = [(after - before).total_seconds() for before, after in pairwise(asked)]
    assert waits == [5, 10, 20, 40, *[60] * 8]


def test_what_still_works_is_told_anew_once_it_is_less():
    day, broker, order_id = with_a_working_order()
    day.receive(a_document("BBB"))
    day.steps(1)
    other = broker.submitted[-1].order_id
    broker.has(order_id)
    broker.has(other)
    day.kill()
    day.steps(40)
    assert len(day.alerts("high")) == 1

    broker.orders.pop()
    broker.tell("cancelled", other)
    day.steps(60)
    assert len(day.alerts("high")) == 2


def test_a_switch_thrown_again_is_proven_as_soon_as_the_first_time():
    day, broker, order_id = with_a_working_order()
    broker.has(order_id)
    day.kill()
    day.steps(300)
    day.resume()
    day.steps(2)
    day.kill()
    thrown = day.clock.now()
    day.steps(20)

    asked = [one.at for one in day.memory.reconciliations if one.at >= thrown]
    assert len(asked) >= 2
    assert len(day.alerts("high")) == 2


def test_what_was_not_sent_and_could_not_be_withdrawn_is_withdrawn_later_and_not_asked_about():
    day = TradingDay()
    broker = day.scripted()
    broker.answer, lost = OrderNotSent("the link is down"), []

    def at(point):
        if point == "before commit" and day.orders() and broker.answer is None and not lost:
            lost.append(point)
            raise StoreUnavailable("for a moment")

    day.another(broker=broker, at=at)
    day.receive(a_document())
    day.go_to(5)
    day.steps(4)

    (order,) = day.orders()
    assert lost
    assert [event.event_id for event in order.history] == ["withdrawn"]
