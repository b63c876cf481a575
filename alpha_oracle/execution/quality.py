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


def measure_quality(order: Order, *, at: datetime) -> OrderQuality | None:
    """Return the figures of a closed order; None where nothing of it was executed.

    Slippage is (average price - arrival price) / arrival price, in basis points. The effective
    spread is twice (price - mid) / mid of each execution whose market was seen, in basis points,
    averaged by shares. Shortfall is (average price - reference price) x shares plus commission as
    far as it is told, USD (Perold 1988), without what was not executed. Of a sale each difference
    is turned round.
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
        slippage_bps=_slippage_bps(order, price, worse=worse),
        effective_spread_bps=_effective_spread_bps(order, worse=worse),
        shortfall_usd=_shortfall(order, price, worse=worse),
        acceptance_seconds=_accepted_after(order),
        fill_seconds=max(_seconds(order, fill.at) for fill in order.fills),
    )


def _slippage_bps(order: Order, price: Decimal, *, worse: int) -> Decimal | None:
    if order.arrival_price is None:
        return None
    return _distance_bps(price, order.arrival_price, worse=worse).quantize(BPS_ROUNDING)


def _effective_spread_bps(order: Order, *, worse: int) -> Decimal | None:
    mids: dict[str, Decimal] = {}
    for event in order.history:
        if event.fill is not None and event.market is not None:
            # A correction is told long after the market that it was executed in.
            mids.setdefault(event.fill.stem, event.market.mid)
    seen = [fill for fill in order.fills if fill.stem in mids]
    shares = sum(fill.quantity for fill in seen)
    if not shares:
        return None
    weighted = (
        _distance_bps(fill.price, mids[fill.stem], worse=2 * worse) * fill.quantity for fill in seen
    )
    return (sum(weighted, Decimal(0)) / shares).quantize(BPS_ROUNDING)


def _distance_bps(price: Decimal, beside: Decimal, *, worse: int) -> Decimal:
    return (price - beside) / beside * BPS * worse


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
