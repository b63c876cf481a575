"""Commands to the broker: each is on record before it is sent, and is sent once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, RefusedBy
from alpha_oracle.errors import OrderNotSent, OrderRefused, OutcomeUnknown
from alpha_oracle.execution.activity import WITHDRAWN, reached_broker
from alpha_oracle.risk.kill_switch import KillSwitchCheck

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.execution.following import Follower
    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.ports.broker import BrokerAdapter
    from alpha_oracle.ports.clock import Clock

HALTED: Final = f"{KillSwitchCheck.name}: trading was halted before it was sent"

ASK_AGAIN: Final = timedelta(seconds=30)
"""A wish for an order's end may be repeated, once a snapshot shows that it still works."""


class Sender:
    """The only one that sends.

    `unsent` are the ids of orders that may be on record and whose command did not go out.
    """

    def __init__(
        self,
        broker: BrokerAdapter,
        ledger: Ledger,
        follower: Follower,
        *,
        halt: Halt,
        link: Link,
        unsent: set[str],
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._ledger = ledger
        self._follower = follower
        self._halt = halt
        self._link = link
        self._unsent = unsent
        self._clock = clock
        self._asked: dict[str, datetime] = {}

    def hold(self, order: Order) -> None:
        """Note an order that may be on record before long, and is sent later."""
        self._unsent.add(order.order_id)

    def send(self, order: Order) -> None:
        """Send an order that is committed as PENDING; what came of the command is on record.

        The commit, or the order before it, may have taken its time: where trading was halted
        meanwhile it is withdrawn.
        """
        if self._halt.reading().is_active:
            self.withdraw(order, HALTED)
            return
        self._unsent.discard(order.order_id)
        self._ledger.activity.postpone(order, to=self._clock.now())
        self._submit(order)

    def withdraw(self, order: Order, reason: str) -> None:
        """End an order that is committed as PENDING, and whose command did not go out."""
        self.hold(order)
        self._reject(order, reason, by=RefusedBy.RISK, event_id=WITHDRAWN)
        self._unsent.discard(order.order_id)

    def _submit(self, order: Order) -> None:
        try:
            self._broker.submit_order(order)
        except OrderNotSent as error:
            self.withdraw(order, str(error))
        except OrderRefused as error:
            self._reject(order, str(error), by=RefusedBy.BROKER, event_id="rejected")
        except OutcomeUnknown as error:
            self._follower.lose(order.order_id, str(error), at=self._clock.now())

    def cancel(self, order: Order) -> None:
        """Ask for the end of an order, if that is not on its way already.

        An order nobody knows of is asked for first: its end cannot be.
        """
        if order.status in _CANCELLABLE and reached_broker(order):
            self.end(order)

    def end(self, order: Order) -> None:
        """Ask for the end of what works at the broker, wherever it stands on record."""
        now, asked = self._clock.now(), self._asked.get(order.order_id)
        if asked is not None and asked <= now and not self._is_proven_working(asked, now):
            return
        self._asked[order.order_id] = now
        try:
            self._broker.cancel_order(order)
        except OutcomeUnknown:
            self._link.ask_after_command(now)

    def _is_proven_working(self, asked: datetime, now: datetime) -> bool:
        shown = self._link.asked_at
        return shown is not None and shown > asked and now >= asked + ASK_AGAIN

    def _reject(self, order: Order, reason: str, *, by: RefusedBy, event_id: str) -> None:
        event = OrderEvent(
            event_id=event_id,
            status=OrderStatus.REJECTED,
            at=self._clock.now(),
            reason=reason,
            refused_by=by,
        )
        self._ledger.record(order.order_id, event)


_CANCELLABLE: Final = frozenset({OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED})
