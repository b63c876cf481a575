"""What is closed here and works there is alarming; what ended there without a word is closed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.errors import OutcomeUnknown
from tests.fakes.scripted_broker import a_fill
from tests.unit.execution.test_engine_exits import in_session, sessions_later, short
from tests.unit.execution.test_engine_integrity import accept, bought
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, rejections

TOMORROW = calendar.next_session_after(SESSION)


def sent(answer=None):
    """A day with an order sent to a scripted broker, which answered so."""
    day = TradingDay()
    broker = day.scripted()
    day.go_to(4)
    day.steps(1)
    day.receive(a_document())
    day.go_to(5)
    broker.answer = answer
    day.steps(1)
    return day, broker, broker.submitted[0].order_id


def lost():
    """A day with an order that got no answer, and that a complete snapshot lacked."""
    day, broker, order_id = sent(OutcomeUnknown("no answer"))
    day.steps(8)
    assert day.memory.orders[order_id].status == "REJECTED"
    return day, broker, order_id


def working():
    """A day with an order that the broker accepted."""
    day, broker, order_id = sent()
    broker.tell("accepted", order_id)
    day.steps(1)
    return day, broker, order_id


def ask(day, broker):
    """Let everything be asked."""
    broker.tell("link_up")
    day.steps(1)


def tomorrow(day):
    """Let it be the next session."""
    day.facts.known = replace(day.facts.known, session=TOMORROW)
    day.go_to(2, session=TOMORROW)
    day.steps(3)


def filled_untold():
    """A day on which the broker has our order as filled, and tells no execution of it."""
    day, broker, order_id = working()
    broker.has(order_id, status="FILLED", filled=49)
    broker.positions["AAA"] = 49
    broker.cash -= Decimal("4903.45")
    ask(day, broker)
    return day, broker, order_id


@pytest.mark.parametrize("by", ["snapshot", "event"])
def test_an_order_of_an_earlier_session_closed_as_lost_that_works_throws_the_switch(by):
    day, broker, order_id = lost()
    tomorrow(day)
    assert order_id not in day.engine.book.orders
    if by == "snapshot":
        broker.has(order_id)
        broker.tell("link_up")
    else:
        broker.tell("accepted", order_id)
    day.steps(8)

    assert day.alerts("critical") == ["unknown_order"]
    assert day.memory.kill_switch.is_active
    assert day.memory.reconciliations[-1].strangers == (order_id,)


def test_an_order_of_an_earlier_session_that_was_cancelled_and_works_throws_the_switch():
    day, broker, order_id = working()
    broker.tell("cancelled", order_id)
    day.steps(1)
    tomorrow(day)
    broker.has(order_id)
    ask(day, broker)

    assert day.alerts("critical") == ["unknown_order"]


def test_an_acceptance_told_again_of_an_order_of_an_earlier_session_is_no_stranger():
    day, broker, order_id = sent()
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1)
    tomorrow(day)
    broker.tell("accepted", order_id)
    day.steps(1)

    assert day.alerts("critical") == []


def test_the_switch_cancels_what_works_at_the_broker_though_it_was_closed_as_lost():
    day, broker, order_id = lost()
    broker.has(order_id)
    ask(day, broker)
    day.steps(10)
    assert day.memory.kill_switch.is_active
    assert [order.order_id for order in broker.cancelled] == [order_id]
    assert not day.memory.accepted.get("paper")

    day.steps(60)
    assert len(broker.cancelled) == 3, "once seen to work still, half a minute after the last"
    assert day.alerts("high").count("orders_still_working") == 1


def test_the_end_of_what_was_closed_as_lost_is_proven_and_can_then_be_accepted():
    day, broker, order_id = lost()
    broker.has(order_id)
    ask(day, broker)
    day.steps(2)
    broker.orders.clear()
    broker.has(order_id, status="CANCELLED")
    day.steps(20)
    assert len(broker.cancelled) == 1
    assert day.engine.book.orders[order_id].status == "REJECTED"

    assert f"order {order_id} doubted no more" in accept(day)
    assert day.memory.reconciliations[-1].is_green


def test_what_is_told_to_work_though_it_was_closed_as_lost_is_asked_about_and_cancelled():
    day, broker, order_id = lost()
    broker.has(order_id)
    broker.tell("accepted", order_id)
    day.steps(10)

    assert [order.order_id for order in broker.cancelled] == [order_id]
    assert [one["order_id"] for one in rejections(day)] == [order_id]


def test_an_order_that_filled_without_a_word_is_closed_and_the_brokers_truth_can_be_accepted():
    day, broker, order_id = filled_untold()
    assert day.memory.orders[order_id].status == "SUBMITTED"
    assert "orders are open" in accept(day)

    day.steps(4)
    order = day.memory.orders[order_id]
    assert (order.status, order.history[-1].refused_by) == ("CANCELLED", "system")
    assert "executions_not_told" in day.alerts("high")
    assert day.alerts("critical") == []
    assert [one.symbol for one in day.memory.reconciliations[-1].mismatches] == ["AAA"]

    assert "AAA by taken_over now 49" in accept(day, "accept-2")
    ask(day, broker)
    assert day.memory.reconciliations[-1].is_green


def test_executions_that_come_a_moment_after_their_orders_end_fill_it():
    day, broker, order_id = filled_untold()
    day.steps(2)
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(10)

    assert (day.memory.orders[order_id].status, day.shares()) == ("FILLED", 49)
    assert "executions_not_told" not in day.alerts()


def test_executions_that_come_after_their_order_was_closed_without_them_are_booked():
    day, broker, order_id = filled_untold()
    day.steps(10)
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1)

    assert (day.memory.orders[order_id].status, day.shares()) == ("FILLED", 49)
    assert day.alerts("critical") == []


def test_a_sale_that_filled_without_a_word_throws_the_switch_and_nothing_is_sold_again():
    day, broker, _ = bought()
    in_session(day, sessions_later(2))
    day.steps(1)
    short(day, sessions_later(2))
    day.steps(2)
    sale = broker.submitted[-1].order_id
    assert [order.side for order in broker.submitted] == ["BUY", "SELL"]
    broker.tell("accepted", sale)
    broker.has(sale, status="FILLED", filled=49)
    broker.positions.clear()
    broker.tell("link_up")
    day.steps(200)

    assert day.memory.orders[sale].status == "CANCELLED"
    assert day.alerts("critical") == ["integrity"]
    assert day.memory.kill_switch.is_active
    assert len(broker.submitted) == 2

    assert f"order {sale} doubted no more" in accept(day)
    assert day.shares() == 0


def test_an_order_lost_found_and_lost_again_is_closed_again():
    day, broker, order_id = working()
    fill = a_fill(day.clock, quantity=9)
    broker.tell("filled", order_id, fill=fill)
    broker.executed(order_id, fill)
    for _ in range(2):
        day.steps(6)
        ask(day, broker)
        assert day.memory.orders[order_id].status == "CANCELLED"

        broker.has(order_id, status="PARTIALLY_FILLED", filled=9)
        ask(day, broker)
        broker.orders.clear()

    assert day.alerts("high").count("order_not_found") == 2


def test_an_order_cancelled_found_at_work_and_cancelled_again_is_closed_again():
    day, broker, order_id = working()
    broker.tell("filled", order_id, fill=a_fill(day.clock, quantity=9))
    broker.tell("cancelled", order_id)
    day.steps(1)
    broker.has(order_id, status="PARTIALLY_FILLED", filled=9)
    ask(day, broker)
    assert day.memory.orders[order_id].status == "PARTIALLY_FILLED"

    broker.orders.clear()
    broker.has(order_id, status="CANCELLED", filled=9)
    ask(day, broker)
    assert day.memory.orders[order_id].status == "CANCELLED"


def test_an_order_that_filled_and_is_shown_at_work_a_moment_longer_is_not_cancelled():
    day, broker, order_id = working()
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    broker.has(order_id)
    ask(day, broker)
    day.kill()
    day.steps(10)

    assert broker.cancelled == []
    assert "orders_still_working" not in day.alerts()
