from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import BestPrices, Fill, OrderEvent, OrderStatus, OrderType, Side
from alpha_oracle.execution.quality import measure_quality
from tests.trading import NOW, an_order


def at(seconds):
    return NOW + timedelta(seconds=seconds)


ACCEPTED = OrderEvent(event_id="submitted", status=OrderStatus.SUBMITTED, at=at(0.5))


def a_fill(execution_id, quantity, price, *, seconds, commission="1", mid=None):
    fill = Fill(
        execution_id=execution_id,
        quantity=quantity,
        price=Decimal(price),
        at=at(seconds),
        commission=None if commission is None else Decimal(commission),
    )
    return OrderEvent(
        event_id=f"fill:{execution_id}",
        status=OrderStatus.FILLED,
        at=fill.at,
        fill=fill,
        market=None if mid is None else BestPrices(bid=Decimal(mid) - 1, ask=Decimal(mid) + 1),
    )


def an_executed(**changes):
    fills = (
        a_fill("a", 4, "100.20", seconds=1, mid="100.10"),
        a_fill("b", 6, "100.40", seconds=3, mid="100.50"),
    )
    ordinary = {
        "history": (ACCEPTED, *fills),
        "status": OrderStatus.FILLED,
        "arrival_price": Decimal(100),
        "reference_price": Decimal(99),
    }
    return an_order(**(ordinary | changes))


def measured(order):
    return measure_quality(order, at=at(4))


def test_a_purchase_is_measured_by_hand_worked_figures():
    # 4 at 100.20 and 6 at 100.40 are 100.32 on average.
    found = measured(an_executed())
    assert found.average_price == Decimal("100.32")
    assert found.filled_quantity == 10
    assert found.slippage_bps == Decimal(32)
    # 2 * (0.4 * 0.10 / 100.10 - 0.6 * 0.10 / 100.50): 7.9920 less 11.9403.
    assert found.effective_spread_bps == Decimal("-3.9483")
    assert found.shortfall_usd == Decimal("15.20")  # 1.32 * 10 + 2
    assert (found.acceptance_seconds, found.fill_seconds) == (0.5, 3)
    assert found.order_type == "LIMIT"


def test_a_sale_above_its_prices_is_better_and_so_below_zero():
    found = measured(an_executed(side=Side.SELL))
    assert found.slippage_bps == Decimal(-32)
    assert found.effective_spread_bps == Decimal("3.9483")
    assert found.shortfall_usd == Decimal("-11.20")  # The commissions stay a cost.


def test_what_is_not_known_is_not_measured():
    history = (ACCEPTED, a_fill("a", 10, "100.20", seconds=1))
    found = measured(an_executed(arrival_price=None, reference_price=None, history=history))
    assert found.slippage_bps is None
    assert found.effective_spread_bps is None
    assert found.shortfall_usd is None


def test_a_commission_not_told_yet_is_no_part_of_the_shortfall():
    history = (a_fill("a", 10, "100", seconds=1, commission=None),)
    found = measured(an_executed(history=history))
    assert found.shortfall_usd == Decimal("10.00")
    assert found.acceptance_seconds is None


def test_the_effective_spread_is_of_the_executions_whose_market_was_seen():
    fills = (
        a_fill("a", 4, "100.20", seconds=1, mid="100"),
        a_fill("b", 6, "100.40", seconds=3),
    )
    assert measured(an_executed(history=fills)).effective_spread_bps == 40


def test_a_corrected_execution_is_measured_by_the_market_it_was_done_in():
    fills = (
        a_fill("a.01", 10, "100.20", seconds=1, mid="100"),
        a_fill("a.02", 10, "100.10", seconds=90, mid="99"),
    )
    assert measured(an_executed(history=fills)).effective_spread_bps == 20


def test_nobody_accepts_a_twap():
    order = an_executed(order_type=OrderType.TWAP, limit_price=None)
    assert measured(order).acceptance_seconds is None


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.REJECTED])
def test_an_order_without_an_execution_has_no_quality(status):
    assert measured(an_executed(history=(), status=status)) is None
