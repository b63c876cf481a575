"""What differs or cannot be accounted for is told, and stays told until an operator accepts it."""

from __future__ import annotations

from alpha_oracle.errors import StoreUnavailable
from tests.fakes.scripted_broker import ScriptedBroker
from tests.unit.execution.trading_day import TradingDay


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
