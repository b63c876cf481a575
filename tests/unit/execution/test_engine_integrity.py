"""What differs or cannot be accounted for is told, and stays told until an operator accepts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.trading_records import OperatorRequest, OperatorRequestKind
from alpha_oracle.errors import ContradictsRecord, RecordUnwritable, StoreUnavailable
from tests.fakes.scripted_broker import ScriptedBroker, a_fill
from tests.unit.execution.trading_day import TradingDay, a_document


def a_day():
    """A day at a scripted broker that nothing happened on yet."""
    day = TradingDay()
    broker = day.scripted()
    day.go_to(4)
    day.steps(1)
    return day, broker


def bought():
    """A day with a purchase of 49 AAA that a scripted broker executed."""
    day, broker = a_day()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    order_id = broker.submitted[0].order_id
    fill = a_fill(day.clock)
    broker.tell("filled", order_id, fill=fill)
    broker.has(order_id, status="FILLED", filled=49)
    broker.executed(order_id, fill)
    day.steps(1)
    return day, broker, order_id


def accept(day, request_id="accept-1"):
    """Let an operator take over the broker's truth; return what the worker answered."""
    request = OperatorRequest(
        request_id=request_id,
        account="paper",
        kind=OperatorRequestKind.ACCEPT_BROKER,
        asked_at=day.clock.now(),
        asked_by="me",
    )
    day.operators.ask(request)
    day.steps(3)
    return day.operators.request(request_id).answer


def alarms_of_another(day, broker):
    """The critical alerts of a worker that starts anew and asks for everything twice."""
    before = len(day.alerts("critical"))
    day.another(broker=broker)
    day.steps(1)
    broker.tell("link_up")
    day.steps(2)
    return day.alerts("critical")[before:]


def test_a_mismatch_that_could_not_be_kept_is_told_once_it_can_be():
    day = TradingDay()
    broker = ScriptedBroker(clock=day.clock, positions={"AAA": 7})
    refusals = [StoreUnavailable("gone for a moment")]

    def refuse(point):
        if point == "before save reconciliation" and refusals:
            raise refusals.pop()

    day.another(broker=broker, at=refuse)
    day.go_to(4)
    day.steps(1)
    assert day.memory.reconciliations == []

    day.steps(2)
    assert [len(one.mismatches) for one in day.memory.reconciliations] == [1]
    told = [one["message"] for one in day.memory.announced("risk")]
    assert told.count("book and broker differ: AAA 0 here, 7 there; see `reconcile show`") == 1


def test_what_nobody_accepted_is_alarming_after_every_start():
    day, broker, _ = bought()
    broker.executed("stranger", a_fill(day.clock, execution_id="y.1.01", quantity=3))

    assert alarms_of_another(day, broker) == ["unknown_order"]
    assert alarms_of_another(day, broker) == ["unknown_order"]
    assert not day.memory.reconciliations[-1].is_green


def test_a_stranger_that_was_accepted_is_not_alarming_again_and_trading_goes_on():
    day, broker, _ = bought()
    broker.executed("stranger", a_fill(day.clock, execution_id="y.1.01", quantity=3))
    broker.has("stranger", status="FILLED", filled=3)
    broker.tell("link_up")
    day.steps(2)
    assert day.alerts("critical") == ["unknown_order"]

    answer = accept(day)
    day.resume()
    assert "order stranger doubted no more" in answer
    assert "execution y.1.01 doubted no more" in answer
    assert alarms_of_another(day, broker) == []
    assert day.memory.reconciliations[-1].is_green
    assert (day.memory.kill_switch.is_active, day.shares()) == (False, 52)

    day.receive(a_document("BBB"))
    day.steps(2)
    assert [order.symbol for order in broker.submitted] == ["AAA", "BBB"]


def test_more_executed_of_an_accepted_stranger_is_alarming():
    day, broker, _ = bought()
    broker.executed("stranger", a_fill(day.clock, execution_id="y.1.01", quantity=3))
    broker.tell("link_up")
    day.steps(2)
    accept(day)
    day.resume()
    broker.executed("stranger", a_fill(day.clock, execution_id="y.2.01", quantity=1))

    assert alarms_of_another(day, broker) == ["unknown_order"]


def test_a_contradicting_execution_is_alarming_until_it_is_accepted():
    day, broker, order_id = bought()
    broker.executions[0] = replace(broker.executions[0], fill=a_fill(day.clock, quantity=48))
    broker.positions["AAA"] = 48
    assert alarms_of_another(day, broker) == ["integrity"]
    assert day.memory.reconciliations[-1].strangers == ("x.1.01",)

    accept(day)
    day.resume()
    assert alarms_of_another(day, broker) == []
    assert day.shares() == 48
    assert day.memory.orders[order_id].filled_quantity == 49


@pytest.mark.parametrize("reference", ["stranger", None])
def test_a_stranger_that_still_works_cannot_be_accepted(reference):
    day, broker = a_day()
    broker.has(reference)
    broker.tell("link_up")
    day.steps(2)
    assert day.alerts("critical") == ["unknown_order"]

    assert "that do not work here" in accept(day)
    assert not day.memory.accepted.get("paper")


def test_an_execution_that_the_record_refuses_is_alarming_once_and_the_rest_goes_on():
    day, broker = a_day()
    for symbol in ("AAA", "BBB"):
        day.receive(a_document(symbol))
    day.go_to(5)
    day.steps(2)
    lost, kept = (order.order_id for order in broker.submitted)
    order = day.memory.orders.pop(lost)
    for _ in range(3):
        broker.tell("accepted", lost)
        broker.tell("filled", lost, fill=a_fill(day.clock))
        broker.tell("filled", kept, fill=a_fill(day.clock, execution_id="z.1.01", price="100"))
        day.steps(1)

    assert day.alerts("critical") == ["unknown_order"] * 2, "the order's, the execution's"
    assert day.memory.kill_switch.is_active
    assert day.memory.orders[kept].status == "FILLED"
    assert (order.symbol, day.shares("AAA"), day.shares("BBB")) == ("AAA", 0, 49)


def test_an_order_whose_loss_the_record_refuses_is_alarming():
    day, broker = a_day()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    broker.tell("accepted", broker.submitted[0].order_id)
    day.steps(1)
    day.memory.orders.clear()
    day.clock.advance(seconds=timedelta(minutes=6).total_seconds())
    day.steps(2)

    assert day.alerts("critical") == ["integrity"]
    assert day.memory.states["paper"].cash_usd == Decimal(100_000)


def test_an_execution_that_was_accepted_is_never_booked_beside():
    day, broker = a_day()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    order_id = broker.submitted[0].order_id
    commit = day.engine._ports.store.commit

    def refusing(change, *, sends):
        if "x.1.01" in change.change_id:
            raise ContradictsRecord("the execution is another order's on record")
        return commit(change, sends=sends)

    day.engine._ports.store.commit = refusing
    broker.has(order_id, status="CANCELLED")
    broker.executed(order_id, a_fill(day.clock))
    broker.tell("link_up")
    day.steps(2)
    assert day.alerts("critical") == ["integrity"]

    accept(day)
    assert alarms_of_another(day, broker) == []
    assert (day.shares(), day.memory.states["paper"].cash_usd) == (49, broker.cash)


def test_a_record_that_takes_nothing_halts_trading_and_is_told_once():
    day = TradingDay()
    broken = [True]

    def at(point):
        if broken and point == "before commit" and day.engine.book is not None:
            raise RecordUnwritable("Postgres does not keep what must be on record: no room")

    broker = day.scripted()
    day.another(broker=broker, at=at)
    day.receive(a_document())
    day.go_to(5)
    day.steps(5)

    assert broker.submitted == []
    assert day.memory.kill_switch.is_active
    assert "no room" in day.engine.trouble
    assert day.alerts("critical") == ["record_unwritable"]
    broken.clear()
    day.steps(2)
    assert day.engine.trouble == ""


def test_an_inbox_that_takes_nothing_halts_trading_too():
    day = TradingDay()
    day.go_to(5)
    day.steps(1)
    store = day.engine._ports.store
    store.take_in, taken = full(store), store.take_in
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="no room"):
            day.receive(a_document())

    assert day.memory.kill_switch.is_active
    store.take_in = taken
    day.receive(a_document())
    day.steps(2)
    assert day.engine.trouble == ""


def full(store):
    """What takes announcements in, and no signal."""
    whole = store.take_in

    def take_in(account, arrivals, *, at):
        if arrivals.signals:
            raise RecordUnwritable("Postgres does not keep what must be on record: no room")
        return whole(account, arrivals, at=at)

    return take_in
