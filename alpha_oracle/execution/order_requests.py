"""What comes between a signal and an order: facts to size by, the request, or the refusal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import Order, OrderStatus, OrderType, RefusedBy
from alpha_oracle.execution.identity import slice_order_id

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.orders import Hold, OrderPurpose, Side
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
    from alpha_oracle.execution.router import Route
    from alpha_oracle.execution.twap import SendSlice


class RefusalReason(StrEnum):
    """Why a signal becomes no order before any risk check."""

    EXPIRED = "expired"
    NOTHING_HELD = "nothing_held"
    ALREADY_HELD = "already_held"
    SOLD_THIS_SESSION = "sold_this_session"
    ALREADY_WORKING = "already_working"
    NO_STATISTICS = "no_statistics"
    NOT_ELIGIBLE = "not_eligible"
    NO_HOLD = "no_hold"
    NO_EDGE = "no_edge"
    UNKNOWN_FACT = "unknown_fact"
    TOO_SMALL = "too_small"
    NO_CASH = "no_cash"


BY_SYSTEM: Final = frozenset({
    RefusalReason.EXPIRED,
    RefusalReason.NOTHING_HELD,
    RefusalReason.ALREADY_HELD,
    RefusalReason.SOLD_THIS_SESSION,
    RefusalReason.ALREADY_WORKING,
})  # fmt: skip
"""What leaves a signal nothing to do; every other reason is one of risk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no order; `missing` names the facts that were unknown."""

    reason: RefusalReason
    detail: str
    missing: tuple[str, ...] = ()

    @property
    def refused_by(self) -> RefusedBy:
        """Who says so."""
        return RefusedBy.SYSTEM if self.reason in BY_SYSTEM else RefusedBy.RISK


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyTerms:
    """What stands in for what a signal of six fields does not say; None is unknown.

    `statistics` and `is_eligible` (whether its entries may be traded) are of the strategy's latest
    ranking, `hold` is the strategy's own.
    """

    statistics: WinStatistics | None = None
    is_eligible: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What an entry is decided and sized by, gathered before; None is unknown.

    `free_cash_usd` is what purchases that work or wait for a human leave of the cash. `lot` is the
    strategy's own of the symbol, sold out in this session or not; `is_working` says that an open
    order of it buys already. `last_close` is USD as traded.
    """

    account: str
    session: Session
    equity_usd: Decimal | None
    free_cash_usd: Decimal | None
    quote: Quote | None
    last_close: Decimal | None
    terms: StrategyTerms
    lot: Lot | None
    is_working: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order to be routed and checked; `reference_price` is USD at the decision."""

    order_id: str
    account: str
    symbol: Symbol
    side: Side
    quantity: int
    purpose: OrderPurpose
    strategy: str
    session: Session
    signal_id: str | None
    reference_price: Decimal | None
    hold: Hold | None = None


def expired(signal: ReceivedSignal) -> Refusal:
    """Return the refusal of a signal whose time is over."""
    return Refusal(
        reason=RefusalReason.EXPIRED,
        detail=f"expired at {signal.expires_at.isoformat()}; no order",
    )


def nothing_held(signal: ReceivedSignal) -> Refusal:
    """Return the refusal of a wish to leave what its strategy does not hold."""
    lot = f"{signal.symbol} of {signal.session} or before"
    return Refusal(
        reason=RefusalReason.NOTHING_HELD, detail=f"{signal.strategy} holds no {lot}; no order"
    )


def order_of(
    request: OrderRequest,
    route: Route,
    *,
    status: OrderStatus,
    simulated: bool,
    arrival_price: Decimal | None,
    at: datetime,
) -> Order:
    """Return the order a request becomes by its route; `arrival_price` is the mid, USD."""
    return Order(
        order_id=request.order_id,
        account=request.account,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        order_type=route.order_type,
        purpose=request.purpose,
        strategy=request.strategy,
        session=request.session,
        created_at=at,
        status=status,
        simulated=simulated,
        signal_id=request.signal_id,
        limit_price=route.limit_price,
        reference_price=request.reference_price,
        arrival_price=arrival_price,
        hold=request.hold,
    )


def slice_order(
    parent: Order,
    step: SendSlice,
    *,
    limit_price: Decimal,
    arrival_price: Decimal | None,
    at: datetime,
) -> Order:
    """Return the order of a TWAP's slice: a marketable limit, and its parent's in all else."""
    return Order(
        order_id=slice_order_id(parent.order_id, step.number),
        account=parent.account,
        symbol=parent.symbol,
        side=parent.side,
        quantity=step.quantity,
        order_type=OrderType.LIMIT,
        purpose=parent.purpose,
        strategy=parent.strategy,
        session=parent.session,
        created_at=at,
        status=OrderStatus.PENDING,
        simulated=parent.simulated,
        signal_id=parent.signal_id,
        limit_price=limit_price,
        reference_price=parent.reference_price,
        arrival_price=arrival_price,
        parent_id=parent.order_id,
        slice_number=step.number,
        hold=parent.hold,
    )
