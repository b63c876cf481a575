"""An order and its life: one table of transitions, a history that only grows.

What can be derived (`filled_quantity`, `average_price`, `remaining_quantity`) is computed from the
history, never kept beside it. An execution is a fact, whatever the order's status: it is always put
on record, and moves the status where the table lets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.errors import IllegalTransition


class Side(StrEnum):
    """What an order does."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How an order is worked. A TWAP never reaches a broker itself: its slices do, as limits."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    TWAP = "TWAP"


class OrderPurpose(StrEnum):
    """Why there is an order: to add risk, because a strategy wants out, or to protect."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECTIVE = "protective"


class OrderStatus(StrEnum):
    """Where an order stands."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    CANCELLED = "CANCELLED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class RefusedBy(StrEnum):
    """Who refused or ended an order."""

    RISK = "risk"
    BROKER = "broker"
    OPERATOR = "operator"
    SYSTEM = "system"


_S = OrderStatus
NEXT: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    _S.AWAITING_APPROVAL: frozenset({_S.PENDING, _S.REJECTED, _S.EXPIRED}),
    _S.PENDING: frozenset(
        # A fill can be the first answer there is.
        {_S.SUBMITTED, _S.UNKNOWN, _S.PARTIALLY_FILLED, _S.FILLED, _S.REJECTED, _S.CANCELLED,
         _S.EXPIRED}
    ),
    _S.UNKNOWN: frozenset(
        {_S.SUBMITTED, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED}
    ),
    _S.SUBMITTED: frozenset(
        {_S.UNKNOWN, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED}
    ),
    _S.PARTIALLY_FILLED: frozenset(
        {_S.UNKNOWN, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELLED, _S.EXPIRED}
    ),
    # A fill can overtake a cancel on the wire, and the end of a session the last fills of it.
    _S.CANCELLED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    _S.EXPIRED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    _S.FILLED: frozenset(),
    _S.REJECTED: frozenset(),
}  # fmt: skip
"""Which status can follow which."""

FINAL: Final = frozenset({_S.CANCELLED, _S.FILLED, _S.REJECTED, _S.EXPIRED})
WORKING: Final = frozenset({_S.PENDING, _S.UNKNOWN, _S.SUBMITTED, _S.PARTIALLY_FILLED})
"""What a broker has, may have, or is about to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long a lot is held, in sessions; the entry session is 0.

    Before `min_days` its strategy does not sell it, from `max_days` on it is sold anyway.
    """

    min_days: int
    max_days: int

    def __post_init__(self) -> None:
        if not 0 <= self.min_days <= self.max_days or self.max_days == 0:
            raise ValueError(
                f"a hold of {self.min_days} to {self.max_days} sessions; give 0 or more, then 1 "
                "or more and not less"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution as the broker reported it; `commission` (USD) may come later.

    A broker corrects an execution by another whose id differs after its last period only: `1.01`
    is replaced by `1.02`. They share a `stem`, and the highest `revision` counts.
    """

    execution_id: str
    quantity: int
    price: Decimal
    at: datetime
    commission: Decimal | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0 or self.price <= 0:
            raise ValueError(
                f"fill {self.execution_id}: {self.quantity} shares at {self.price}; "
                "both must be above 0"
            )

    @property
    def stem(self) -> str:
        """What an execution and its corrections share; without a numbered end, the whole id."""
        return _split(self.execution_id)[0]

    @property
    def revision(self) -> int:
        """Which telling of the execution this is, from 0."""
        return _split(self.execution_id)[1]


def _split(execution_id: str) -> tuple[str, int]:
    stem, period, revision = execution_id.rpartition(".")
    if period and stem and revision.isascii() and revision.isdigit():
        return stem, int(revision)
    return execution_id, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPrices:
    """The best bid and offer at an execution, USD a share."""

    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        """Halfway between them."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """Something that happened to an order, after which it stands at `status`.

    `event_id` is the same however often it is told: `fill:{execution_id}`, `submitted`. `market` is
    an execution's, where it was seen in time.
    """

    event_id: str
    status: OrderStatus
    at: datetime
    reason: str = ""
    refused_by: RefusedBy | None = None
    fill: Fill | None = None
    market: BestPrices | None = None
    broker_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A wish to trade, committed before anything is sent.

    `order_id` follows from the signal and its leg, so that one intent is one order. `limit_price`
    and reference prices are USD as traded: `reference_price` at the decision, `arrival_price` the
    mid at submission. `session` is the one it is to trade in. A slice of a TWAP names its
    `parent_id` and its place, from 0. `hold` is an entry's, for the lot it opens.
    """

    order_id: str
    account: str
    symbol: Symbol
    side: Side
    quantity: int
    order_type: OrderType
    purpose: OrderPurpose
    strategy: str
    session: Session
    created_at: datetime
    status: OrderStatus
    simulated: bool
    signal_id: str | None = None
    limit_price: Decimal | None = None
    reference_price: Decimal | None = None
    arrival_price: Decimal | None = None
    parent_id: str | None = None
    slice_number: int | None = None
    hold: Hold | None = None
    history: tuple[OrderEvent, ...] = ()

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"order {self.order_id}: {self.quantity} shares; give 1 or more")
        if (self.order_type is OrderType.LIMIT) != (self.limit_price is not None):
            raise ValueError(f"order {self.order_id}: a limit order, and no other, has a limit")
        if self.created_at.tzinfo is None:
            raise ValueError(f"order {self.order_id}: its time must be timezone-aware")

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Its executions, in the order they were told, the last correction of each."""
        latest: dict[str, Fill] = {}
        for event in self.history:
            if event.fill is not None:
                _keep_latest(latest, event.fill)
        return tuple(latest.values())

    @property
    def filled_quantity(self) -> int:
        """Shares executed."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def remaining_quantity(self) -> int:
        """Shares a broker may still execute; 0 once it is closed."""
        return 0 if self.is_final else max(self.quantity - self.filled_quantity, 0)

    @property
    def average_price(self) -> Decimal | None:
        """USD a share over its executions; None where there are none."""
        fills = self.fills
        shares = sum(fill.quantity for fill in fills)
        if not shares:
            return None
        return sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / shares

    @property
    def broker_order_id(self) -> str | None:
        """The broker's lasting id; None before it gave one."""
        ids = [event.broker_order_id for event in self.history if event.broker_order_id]
        return ids[-1] if ids else None

    @property
    def is_final(self) -> bool:
        """Whether no broker will execute more of it."""
        return self.status in FINAL

    @property
    def is_working(self) -> bool:
        """Whether a broker has it, may have it, or is about to."""
        return self.status in WORKING

    def has_seen(self, event: OrderEvent) -> bool:
        """Whether an event is part of its history already."""
        return any(one.event_id == event.event_id for one in self.history)


def _keep_latest(latest: dict[str, Fill], fill: Fill) -> None:
    known = latest.get(fill.stem)
    if known is None or known.revision < fill.revision:
        latest[fill.stem] = fill


def advance(order: Order, event: OrderEvent) -> Order:
    """Return the order after an event. An event seen before changes nothing.

    An execution may leave the status as it is.

    Raises:
        IllegalTransition: the event cannot follow the order's status.
    """
    if order.has_seen(event):
        return order
    stays = event.fill is not None and event.status is order.status
    if not stays and event.status not in NEXT[order.status]:
        raise IllegalTransition(
            f"order {order.order_id} is {order.status}; {event.event_id} cannot make it "
            f"{event.status}"
        )
    return replace(order, status=event.status, history=(*order.history, event))


def status_after_fill(order: Order, fill: Fill) -> OrderStatus:
    """Return where an order stands once a fill is added: all of it, some, or where it stood.

    A closed order is not opened again by a part that overtook its end, nor a filled one by a
    correction; what was refused or never sent stays so, whatever a broker executed of it.
    """
    latest = {one.stem: one for one in order.fills}
    _keep_latest(latest, fill)
    is_whole = sum(one.quantity for one in latest.values()) >= order.quantity
    status = OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED
    if status not in NEXT[order.status] or (order.is_final and not is_whole):
        return order.status
    return status


def fill_event(order: Order, fill: Fill, market: BestPrices | None = None) -> OrderEvent:
    """Return the event by which a fill goes on an order's record."""
    return OrderEvent(
        event_id=f"fill:{fill.execution_id}",
        status=status_after_fill(order, fill),
        at=fill.at,
        fill=fill,
        market=market,
    )


def with_commission(order: Order, fill: Fill) -> Order:
    """Return an order whose record of an execution has the commission told since."""
    history = tuple(
        replace(event, fill=fill)
        if event.fill is not None and event.fill.execution_id == fill.execution_id
        else event
        for event in order.history
    )
    return replace(order, history=history)
