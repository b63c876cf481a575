"""One worker from a signal to its fills."""

from __future__ import annotations

from tests.unit.execution.trading_day import TradingDay, a_document


def test_a_signal_becomes_an_order_that_fills_and_is_told():
    day = TradingDay()
    day.receive(a_document())
    day.steps(1, quoting=False)

    day.go_to(5)
    day.steps(3)

    (order,) = day.orders()
    assert order.status == "FILLED"
    assert order.quantity == 49
    assert day.shares() == day.market.position("AAA") == 49
    assert day.memory.outcomes["paper", order.signal_id].order_id == order.order_id
    assert day.told() == ["order:submitted", "order:filled"]
