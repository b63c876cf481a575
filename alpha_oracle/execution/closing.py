"""Closes what the broker has nothing more to tell of, once asking for everything has proven it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, RefusedBy, Side
from alpha_oracle.domain.risk import Severity
from alpha_oracle.execution.activity import sent_at
from alpha_oracle.execution.doubts import INTEGRITY, about_order
from alpha_oracle.execution.halting import an_alert
from alpha_oracle.execution.surroundings import SETTLE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.execution.doubts import Doubts
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.ports.clock import Clock

NOT_FOUND: Final = "the broker, asked for everything, has no such order"
NOT_TOLD: Final = "the broker filled it and tells no executions of it"


class Closer:
    """Closes by the system. What is told of an order later is booked all the same."""

    def __init__(self, ledger: Ledger, doubts: Doubts, *, link: Link, clock: Clock) -> None:
        self._ledger = ledger
        self._doubts = doubts
        self._link = link
        self._clock = clock
        self._filled_there: dict[str, datetime] = {}

    def close_absent(self, order: Order, *, asked_at: datetime) -> None:
        """Close an order that a complete snapshot lacks, if it was taken late enough to tell."""
        since = max((event.at for event in order.history), default=sent_at(order))
        if asked_at < since + SETTLE:
            self._link.ask_after_command(since)
            return
        status = OrderStatus.CANCELLED if order.filled_quantity else OrderStatus.REJECTED
        self._close(order, "not_found", status, reason=NOT_FOUND)
        self._tell(order, "order_not_found", NOT_FOUND)

    def close_untold(self, orders: Collection[Order], *, asked_at: datetime) -> None:
        """Close orders that a snapshot has as filled though their executions are not in it.

        `orders` are all there are. They get as long as a command to be told; then the book is known
        to differ. Shares that were sold and are still in it would be sold again by every exit: that
        trips the kill switch.
        """
        self._filled_there = {
            order.order_id: self._filled_there.get(order.order_id, asked_at) for order in orders
        }
        for order in orders:
            since = self._filled_there[order.order_id]
            if asked_at < since + SETTLE:
                self._link.ask_after_command(since)
            else:
                self._close_untold(order)

    def _close_untold(self, order: Order) -> None:
        if order.side is Side.SELL:
            what = f"order {order.order_id}: {NOT_TOLD}; {order.symbol} is held here alone"
            self._doubts.raise_once(INTEGRITY, what, about_order(order.order_id))
        # An execution may yet come, and follows a cancel.
        self._close(order, "not_told", OrderStatus.CANCELLED, reason=NOT_TOLD)
        self._tell(order, "executions_not_told", f"{NOT_TOLD}; see `reconcile show`")

    def _close(self, order: Order, name: str, status: OrderStatus, *, reason: str) -> None:
        at = self._clock.now()
        # One that was found again can be closed again.
        event = OrderEvent(
            event_id=f"{name}:{at.isoformat()}",
            status=status,
            at=at,
            reason=reason,
            refused_by=RefusedBy.SYSTEM,
        )
        self._ledger.record(order.order_id, event)

    def _tell(self, order: Order, kind: str, reason: str) -> None:
        message, at = f"order {order.order_id}: {reason}", self._clock.now()
        self._ledger.announce([an_alert(kind, message, severity=Severity.HIGH, at=at)])
