"""Commands to the broker: each is on record before it is sent, and is sent once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, RefusedBy
from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from alpha_oracle.execution.activity import reached_broker

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.execution.following import Follower
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.ports.broker import BrokerAdapter
    from alpha_oracle.ports.clock import Clock

ASK_AGAIN: Final = timedelta(seconds=30)
"""A wish for an order's end may be repeated, once a snapshot shows that it still works."""


class Sender:
    """The only one that sends."""

    def __init__(
        self,
        broker: BrokerAdapter,
        ledger: Ledger,
        follower: Follower,
        *,
        link: Link,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._ledger = ledger
        self._follower = follower
        self._link = link
        self._clock = clock
        self._asked: dict[str, datetime] = {}

    def send(self, order: Order) -> None:
        """Send an order that is committed as PENDING; what came of the command is on record."""
        try:
            self._broker.submit_order(order)
        except OrderRefused as error:
            self._reject(order, str(error), by=RefusedBy.BROKER)
        except OutcomeUnknown as error:
            self._follower.lose(order.order_id, str(error), at=self._clock.now())

    def withdraw(self, order: Order, reason: str) -> None:
        """End an order that is committed as PENDING, and that was never sent."""
        self._reject(order, reason, by=RefusedBy.RISK)

    def cancel(self, order: Order) -> None:
        """Ask for the end of an order, if that is not on its way already.

        An order nobody knows of is asked for first: its end cannot be.
        """
        if order.status in _CANCELLABLE and reached_broker(order):
            self.end(order)

    def end(self, order: Order) -> None:
        """Ask for the end of what works at the broker, wherever it stands on record."""
        now, asked = self._clock.now(), self._asked.get(order.order_id)
        if asked is not None and not self._is_proven_working(asked, now):
            return
        self._asked[order.order_id] = now
        try:
            self._broker.cancel_order(order)
        except OutcomeUnknown:
            self._link.ask_after_command(now)

    def _is_proven_working(self, asked: datetime, now: datetime) -> bool:
        shown = self._link.asked_at
        return shown is not None and shown > asked and now >= asked + ASK_AGAIN

    def _reject(self, order: Order, reason: str, *, by: RefusedBy) -> None:
        event = OrderEvent(
            event_id="rejected",
            status=OrderStatus.REJECTED,
            at=self._clock.now(),
            reason=reason,
            refused_by=by,
        )
        self._ledger.record(order.order_id, event)


_CANCELLABLE: Final = frozenset({OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED})
