"""How well an order was executed, signed so that above 0 is worse for us."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.market import BPS
from alpha_oracle.domain.orders import OrderStatus, OrderType, Side
from alpha_oracle.domain.trading_records import OrderQuality

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.orders import Order

CENT: Final = Decimal("0.01")
BPS_ROUNDING: Final = Decimal("0.0001")


def measure_quality(order: Order, *, mid: Decimal | None, at: datetime) -> OrderQuality | None:
    """Return the figures of a closed order; None where nothing of it was executed.

    Slippage is (average price - arrival price) / arrival price, the effective spread twice
    (average price - mid) / mid, both in basis points; shortfall is (average price - reference
    price) x shares plus commission, USD (Perold 1988), without what was not executed. Of a sale
    each difference is turned round. `mid` is the market's at the last execution.
    """
    price = order.average_price
    if price is None:
        return None
    worse = 1 if order.side is Side.BUY else -1
    return OrderQuality(
        order_id=order.order_id,
        symbol=order.symbol,
        order_type=order.order_type.value,
        at=at,
        filled_quantity=order.filled_quantity,
        average_price=price,
        slippage_bps=_distance_bps(price, order.arrival_price, worse=worse),
        effective_spread_bps=_distance_bps(price, mid, worse=2 * worse),
        shortfall_usd=_shortfall(order, price, worse=worse),
        acceptance_seconds=_accepted_after(order),
        fill_seconds=max(_seconds(order, fill.at) for fill in order.fills),
    )


def _distance_bps(price: Decimal, beside: Decimal | None, *, worse: int) -> Decimal | None:
    if beside is None:
        return None
    return ((price - beside) / beside * BPS * worse).quantize(BPS_ROUNDING)


def _shortfall(order: Order, price: Decimal, *, worse: int) -> Decimal | None:
    if order.reference_price is None:
        return None
    moved = (price - order.reference_price) * order.filled_quantity * worse
    commissions = sum((fill.commission or Decimal(0) for fill in order.fills), Decimal(0))
    return (moved + commissions).quantize(CENT)


def _accepted_after(order: Order) -> float | None:
    # Whoever works a TWAP accepts it at once, and it is no broker.
    if order.order_type is OrderType.TWAP:
        return None
    accepted = [event.at for event in order.history if event.status is OrderStatus.SUBMITTED]
    return _seconds(order, accepted[0]) if accepted else None


def _seconds(order: Order, at: datetime) -> float:
    return (at - order.created_at).total_seconds()
