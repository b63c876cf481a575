"""What a broker tells, out of order, twice, late or never, becomes what is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from tests.fakes.scripted_broker import a_fill
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, rejections


def send(answer=None):
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


def status(day, order_id):
    """Where an order stands on record."""
    return day.memory.orders[order_id].status


def test_an_order_is_on_record_before_it_is_sent():
    day = TradingDay()
    broker = day.scripted()
    seen = []
    broker.submit_order = lambda order: seen.append(day.memory.orders[order.order_id].status)
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    assert seen == ["PENDING"]


def test_what_a_broker_refuses_is_rejected_by_the_broker():
    day, _, order_id = send(OrderRefused("no such symbol"))

    assert status(day, order_id) == "REJECTED"
    assert [(one["refused_by"], one["reason"]) for one in rejections(day)] == [
        ("broker", "no such symbol")
    ]


def test_an_order_without_an_answer_is_unknown_and_never_sent_again():
    day, broker, order_id = send(OutcomeUnknown("no answer"))
    assert status(day, order_id) == "UNKNOWN"

    day.steps(10)
    assert len(broker.submitted) == 1


def test_an_unknown_order_that_the_broker_has_goes_on():
    day, broker, order_id = send(OutcomeUnknown("no answer"))
    broker.has(order_id)
    day.steps(8)

    assert status(day, order_id) == "SUBMITTED"
    assert day.memory.orders[order_id].broker_order_id == f"there-{order_id}"


def test_an_unknown_order_that_a_complete_answer_lacks_is_rejected_by_the_system():
    day, _, order_id = send(OutcomeUnknown("no answer"))
    day.steps(4)
    assert status(day, order_id) == "UNKNOWN", "a snapshot this soon proves nothing"

    day.steps(4)
    assert status(day, order_id) == "REJECTED"
    assert [one["refused_by"] for one in rejections(day)] == ["system"]
    assert day.alerts() == ["order_not_found"]


def test_nothing_is_closed_while_the_broker_does_not_answer():
    day, broker, order_id = send(OutcomeUnknown("no answer"))
    broker.is_away = True
    day.steps(20)
    assert status(day, order_id) == "UNKNOWN"


def test_a_fill_may_be_the_first_answer_and_the_acceptance_come_after():
    day, broker, order_id = send()
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    broker.tell("accepted", order_id)
    day.steps(1)

    assert status(day, order_id) == "FILLED"
    assert day.shares() == 49


def test_events_told_twice_change_nothing_twice():
    day, broker, order_id = send()
    for _ in range(2):
        broker.tell("accepted", order_id)
        broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(2)

    assert day.shares() == 49
    assert day.told() == ["order:submitted", "order:filled"]


def test_a_commission_told_late_is_taken_from_cash_once():
    day, broker, order_id = send()
    fill = a_fill(day.clock, commission=None)
    broker.tell("filled", order_id, fill=fill)
    day.steps(1)
    told = replace(fill, commission=Decimal("1.00"))
    broker.tell("commission", order_id, fill=told)
    broker.tell("commission", order_id, fill=told)
    day.steps(1)

    assert day.memory.states["paper"].cash_usd == Decimal(100_000) - 49 * Decimal("100.05") - 1
    assert day.memory.orders[order_id].fills == (told,)
    assert day.engine.book.orders[order_id].fills == (told,)
    assert day.told().count("order:filled") == 1


def test_a_fill_that_overtook_the_end_of_its_order_is_booked():
    day, broker, order_id = send()
    broker.tell("accepted", order_id)
    broker.tell("cancelled", order_id, reason="asked")
    broker.tell("filled", order_id, fill=a_fill(day.clock, quantity=9))
    day.steps(1)

    assert (status(day, order_id), day.shares()) == ("CANCELLED", 9)
    assert day.alerts("critical") == []


def test_a_fill_whose_event_was_lost_comes_with_everything():
    day, broker, order_id = send()
    broker.tell("accepted", order_id)
    broker.has(order_id, status="FILLED", filled=49)
    broker.executed(order_id, a_fill(day.clock))
    broker.tell("link_down")
    broker.tell("link_up")
    day.steps(2)

    assert (status(day, order_id), day.shares()) == ("FILLED", 49)


def test_an_order_the_broker_ended_unheard_is_ended():
    day, broker, order_id = send()
    broker.tell("accepted", order_id)
    day.steps(1)
    broker.has(order_id, status="CANCELLED")
    broker.tell("link_up")
    day.steps(2)

    assert status(day, order_id) == "CANCELLED"


def test_nothing_is_sent_while_the_link_is_down():
    day = TradingDay()
    broker = day.scripted()
    day.go_to(4)
    day.steps(1)
    broker.is_away = True
    broker.tell("link_down")
    day.receive(a_document())
    day.go_to(5)
    day.steps(5)
    assert not broker.submitted
    assert not day.memory.outcomes

    broker.is_away = False
    broker.tell("link_up")
    day.steps(2)
    assert len(broker.submitted) == 1


@pytest.mark.parametrize("kind", ["accepted", "filled"])
def test_an_order_of_ours_that_no_record_has_throws_the_kill_switch(kind):
    day, broker, _ = send()
    fill = a_fill(day.clock, execution_id="y.1.01") if kind == "filled" else None
    for _ in range(3):
        broker.tell(kind, "stranger", fill=fill)
        day.steps(1)

    assert day.memory.kill_switch.is_active
    assert day.memory.kill_switch.changed_by == "system"
    assert day.alerts("critical") == ["unknown_order"]


def test_a_stranger_found_by_asking_throws_the_kill_switch_and_is_told_to_the_reconciler():
    day, broker, _ = send()
    broker.has("stranger")
    broker.tell("link_up")
    day.steps(2)

    assert day.alerts("critical") == ["unknown_order"]
    assert day.memory.reconciliations[-1].strangers == ("stranger",)


def test_two_living_orders_of_one_reference_throw_the_kill_switch():
    day, broker, order_id = send()
    broker.has(order_id)
    broker.has(order_id)
    broker.tell("link_up")
    day.steps(2)
    broker.tell("link_up")
    day.steps(1)

    assert day.alerts("critical") == ["two_live_orders"]


def test_orders_and_executions_of_other_clients_are_left_alone():
    day, broker, order_id = send()
    broker.tell("accepted", order_id)
    broker.has(order_id)
    broker.has("theirs", is_ours=False)
    broker.executed("theirs", a_fill(day.clock, execution_id="z.1.01"))
    broker.tell("link_up")
    day.steps(2)

    assert not day.memory.kill_switch.is_active
    assert day.shares() == 0


def test_more_executed_than_ordered_is_booked_and_throws_the_kill_switch():
    day, broker, order_id = send()
    broker.tell("filled", order_id, fill=a_fill(day.clock, quantity=60))
    day.steps(1)

    assert day.shares() == 60
    assert day.memory.kill_switch.is_active
    assert day.alerts("critical")[0] == "integrity"


def test_the_switch_is_thrown_before_a_breach_is_on_record():
    day, broker, order_id = send()
    thrown = []
    commit = day.engine._ports.store.commit

    def watched(change, *, sends):
        thrown.append((day.memory.kill_switch.is_active, bool(change.lots)))
        return commit(change, sends=sends)

    day.engine._ports.store.commit = watched
    broker.tell("filled", order_id, fill=a_fill(day.clock, quantity=60))
    day.steps(1)

    assert (False, True) not in thrown


def test_a_contradicting_execution_is_critical_and_not_booked():
    day, broker, order_id = send()
    fill = a_fill(day.clock, quantity=9)
    broker.tell("filled", order_id, fill=fill)
    for _ in range(2):
        broker.tell("filled", order_id, fill=replace(fill, quantity=8))
    day.steps(2)

    assert day.shares() == 9
    assert day.alerts("critical") == ["integrity"]


def test_an_order_closed_as_lost_that_works_after_all_throws_the_kill_switch():
    day, broker, order_id = send(OutcomeUnknown("no answer"))
    day.steps(8)
    broker.tell("accepted", order_id)
    day.steps(1)

    assert status(day, order_id) == "REJECTED"
    assert day.alerts("critical") == ["unknown_order"]


def test_events_and_executions_that_name_no_order_are_nobodys():
    day, broker, _ = send()
    broker.tell("accepted")
    broker.executed(None, a_fill(day.clock, execution_id="z.1.01"))
    broker.tell("link_up")
    day.steps(2)

    assert day.alerts("critical") == []


def test_what_happened_before_all_memory_is_left_alone():
    day, broker, _ = send()
    old = replace(a_fill(day.clock), at=day.clock.now() - timedelta(days=60))
    broker.executed("long ago", old)
    broker.tell("link_up")
    day.steps(2)

    assert day.alerts("critical") == []


def test_an_end_told_of_an_order_of_an_earlier_session_is_no_stranger():
    day, broker, order_id = send()
    fill = a_fill(day.clock)
    broker.tell("filled", order_id, fill=fill)
    day.steps(1)
    day.go_to(5, session=calendar.next_session_after(SESSION))
    day.steps(2)
    assert order_id not in day.engine.book.orders
    broker.tell("expired", order_id)
    broker.tell("commission", order_id, fill=replace(fill, commission=Decimal("1.50")))
    day.steps(1)

    assert not day.memory.kill_switch.is_active


def test_a_fill_of_an_order_of_an_earlier_session_that_no_record_has_is_critical():
    day, broker, order_id = send()
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1)
    day.go_to(5, session=calendar.next_session_after(SESSION))
    day.steps(2)
    for _ in range(2):
        broker.tell("filled", order_id, fill=a_fill(day.clock, execution_id="x.2.01", quantity=1))
        day.steps(1)

    assert day.alerts("critical") == ["unknown_order"]
    assert day.shares() == 49


def test_a_rejection_after_a_part_was_executed_ends_the_rest():
    day, broker, order_id = send()
    broker.tell("filled", order_id, fill=a_fill(day.clock, quantity=9))
    broker.tell("rejected", order_id, reason="no more")
    day.steps(1)

    assert (status(day, order_id), day.shares()) == ("CANCELLED", 9)


def test_an_earlier_telling_of_a_corrected_execution_goes_on_record_and_counts_for_nothing():
    day, broker, order_id = send()
    broker.tell("filled", order_id, fill=a_fill(day.clock, execution_id="x.1.02", quantity=40))
    broker.tell("filled", order_id, fill=a_fill(day.clock, execution_id="x.1.01", quantity=41))
    day.steps(1)

    assert day.shares() == 40
    assert len(day.memory.orders[order_id].history) == 2
