"""What the worker tells others: orders, alerts, breakers and the kill switch, as documents."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Protocol, TypeAlias

from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, Order, OrderEvent, OrderStatus, RefusedBy, Side
from alpha_oracle.domain.received_signals import ReceivedSignal
from alpha_oracle.domain.risk import Severity

Document: TypeAlias = dict[str, str | int | float | bool | None]
"""A flat JSON object; its order of keys is part of the bytes."""

ORDERS: Final = "orders"
RISK: Final = "risk"
KILL_SWITCH: Final = "kill_switch"


class TradingEvent(Protocol):
    """An event and the channel it is announced on."""

    @property
    def channel(self) -> str:
        """The Redis channel."""
        ...

    def document(self) -> Document:
        """The event as a JSON object. Times are ISO 8601 UTC, money and prices USD."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """What every event of an order says of it.

    A signal that became no order has no `order_id` and no `quantity`.
    """

    order_id: str | None
    signal_id: str | None
    symbol: Symbol
    side: Side
    quantity: int | None
    strategy: str
    simulated: bool

    @classmethod
    def of(cls, order: Order) -> "OrderSummary":
        """Return the summary of an order."""
        return cls(
            order_id=order.order_id,
            signal_id=order.signal_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            strategy=order.strategy,
            simulated=order.simulated,
        )

    @classmethod
    def of_signal(cls, signal: ReceivedSignal, *, simulated: bool) -> "OrderSummary":
        """Return the summary of the order that a signal did not become."""
        return cls(
            order_id=None,
            signal_id=signal.signal_id,
            symbol=signal.symbol,
            side=Side.BUY if signal.is_entry else Side.SELL,
            quantity=None,
            strategy=signal.strategy,
            simulated=simulated,
        )

    def document(self, event: str, at: datetime) -> Document:
        """The fields common to all events of orders."""
        return {
            "event": event,
            "order_id": self.order_id,
            "signal_id": self.signal_id,
            "symbol": self.symbol,
            "side": self.side.value,
            "quantity": self.quantity,
            "strategy": self.strategy,
            "simulated": self.simulated,
            "timestamp": utc_text(at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted:
    """A broker has the order."""

    order: OrderSummary
    at: datetime
    channel: ClassVar[str] = ORDERS

    def document(self) -> Document:
        """The `order:submitted` document."""
        return self.order.document("order:submitted", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """A broker executed an order, whole or in part; `filled_quantity` counts this fill too."""

    order: OrderSummary
    fill: Fill
    filled_quantity: int
    is_whole: bool
    channel: ClassVar[str] = ORDERS

    def document(self) -> Document:
        """The `order:filled` or `order:partially_filled` document; a commission may be null."""
        event = "order:filled" if self.is_whole else "order:partially_filled"
        return self.order.document(event, self.fill.at) | {
            "fill_price": _number(self.fill.price),
            "fill_quantity": self.fill.quantity,
            "filled_quantity": self.filled_quantity,
            "commission": _number(self.fill.commission),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """An order was refused, or a signal became none."""

    order: OrderSummary
    reason: str
    refused_by: RefusedBy
    at: datetime
    channel: ClassVar[str] = ORDERS

    def document(self) -> Document:
        """The `order:rejected` document."""
        return self.order.document("order:rejected", self.at) | {
            "reason": self.reason,
            "refused_by": self.refused_by.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """A broker will execute no more of an order: it was cancelled, or its session ended."""

    order: OrderSummary
    reason: str
    filled_quantity: int
    at: datetime
    channel: ClassVar[str] = ORDERS

    def document(self) -> Document:
        """The `order:cancelled` document."""
        return self.order.document("order:cancelled", self.at) | {
            "reason": self.reason,
            "filled_quantity": self.filled_quantity,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequired:
    """An order waits for a human."""

    order: OrderSummary
    reason: str
    at: datetime
    channel: ClassVar[str] = ORDERS

    def document(self) -> Document:
        """The `order:approval_required` document."""
        return self.order.document("order:approval_required", self.at) | {"reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAlert:
    """Something people must know; a `value` that could not be measured is None.

    `subject` is what it is about, where a type has several: the same type about another subject
    is other news.
    """

    type: str
    severity: Severity
    value: Decimal | None
    threshold: Decimal | None
    message: str
    at: datetime
    subject: str = ""
    channel: ClassVar[str] = RISK

    def document(self) -> Document:
        """The `risk:alert` document; it has a `subject` where there is one."""
        document: Document = {
            "event": "risk:alert",
            "type": self.type,
            "severity": self.severity.value,
            "value": _number(self.value),
            "threshold": _number(self.threshold),
            "message": self.message,
            "timestamp": utc_text(self.at),
        }
        return document | {"subject": self.subject} if self.subject else document


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreakerTripped:
    """A circuit breaker halts entries; a `value` that could not be measured is None."""

    breaker: str
    value: Decimal | None
    threshold: Decimal | None
    reason: str
    at: datetime
    channel: ClassVar[str] = RISK

    def document(self) -> Document:
        """The `risk:circuit_breaker` document."""
        return {
            "event": "risk:circuit_breaker",
            "breaker": self.breaker,
            "value": _number(self.value),
            "threshold": _number(self.threshold),
            "reason": self.reason,
            "timestamp": utc_text(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchChanged:
    """The kill switch was activated, or trading was resumed, by a person or by the system."""

    is_active: bool
    by: str
    reason: str
    at: datetime
    channel: ClassVar[str] = KILL_SWITCH

    def document(self) -> Document:
        """The `kill_switch:activated` or `kill_switch:deactivated` document."""
        return {
            "event": f"kill_switch:{'activated' if self.is_active else 'deactivated'}",
            "by": self.by,
            "reason": self.reason,
            "timestamp": utc_text(self.at),
        }


def announcement(order: Order, event: OrderEvent) -> TradingEvent | None:
    """Return what others are told of an event, `order` being the order after it; None: nothing.

    An execution is told as such whatever the status. An order that expired is cancelled where a
    broker had it, else rejected.
    """
    if event.fill is not None:
        return OrderFilled(
            order=OrderSummary.of(order),
            fill=event.fill,
            filled_quantity=order.filled_quantity,
            is_whole=order.filled_quantity >= order.quantity,
        )
    told = _TOLD.get(event.status)
    return None if told is None else told(order, event)


def _submitted(order: Order, event: OrderEvent) -> TradingEvent:
    return OrderSubmitted(order=OrderSummary.of(order), at=event.at)


def _rejected(order: Order, event: OrderEvent) -> TradingEvent:
    return OrderRejected(
        order=OrderSummary.of(order),
        reason=event.reason,
        refused_by=event.refused_by or RefusedBy.SYSTEM,
        at=event.at,
    )


def _cancelled(order: Order, event: OrderEvent) -> TradingEvent:
    return OrderCancelled(
        order=OrderSummary.of(order),
        reason=event.reason,
        filled_quantity=order.filled_quantity,
        at=event.at,
    )


def _expired(order: Order, event: OrderEvent) -> TradingEvent:
    was_sent = any(one.status in _AT_A_BROKER for one in order.history)
    return _cancelled(order, event) if was_sent else _rejected(order, event)


_AT_A_BROKER: Final = frozenset({
    OrderStatus.UNKNOWN, OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED
})  # fmt: skip
_TOLD: Final[Mapping[OrderStatus, Callable[[Order, OrderEvent], TradingEvent]]] = {
    OrderStatus.SUBMITTED: _submitted,
    OrderStatus.CANCELLED: _cancelled,
    OrderStatus.EXPIRED: _expired,
    OrderStatus.REJECTED: _rejected,
}
"""How others hear of a status that no execution brought; of the rest they do not."""


def encode_event(event: TradingEvent) -> str:
    """Return an event's document as JSON: the bytes that are kept, relayed and announced."""
    return _JSON.encode(event.document())


_JSON: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _number(value: Decimal | None) -> float | None:
    # The shortest digits of the nearest float are the decimal's own, up to fifteen of them.
    return None if value is None else float(value)
