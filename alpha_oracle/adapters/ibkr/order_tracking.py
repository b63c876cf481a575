"""What is known of each order of ours, and what of it is news, from what a gateway tells.

Executions are facts, by their id. A status is a hint: it acknowledges an order, and ends it where
it says cancelled. What is contradictory or short of an execution is not decided here: everything
is asked for (`must_ask`), and the answer counts.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr import codes
from alpha_oracle.adapters.ibkr.order_codes import OrderVerdict, judge_order
from alpha_oracle.adapters.ibkr.tracked import (
    ACKNOWLEDGED,
    ALIVE,
    CANCELLED,
    INACTIVE,
    NOT_YET,
    Tracked,
    unnamed,
)
from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.adapters.ibkr.order_told import ExecutionTold, OrderTold
    from alpha_oracle.domain.orders import Fill, Order
    from alpha_oracle.ports.clock import Clock

K: Final = BrokerEventKind
OWED_SECONDS: Final = 2.0
"""How long an execution may be behind the status that counts it."""


class OrderTracker:
    """Follows the orders under one client id of one account; belongs to one thread.

    News goes to `tell`; `must_ask` is called where only everything together can say what is.
    """

    def __init__(
        self,
        *,
        account: str,
        client_id: int,
        clock: Clock,
        tell: Callable[[BrokerEvent], None],
        must_ask: Callable[[str], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._client_id = client_id
        self._clock = clock
        self._tell = tell
        self._must_ask = must_ask
        self._seconds = seconds
        self._orders: dict[str, Tracked] = {}
        self._by_number: dict[int, Tracked] = {}
        self._by_perm_id: dict[int, Tracked] = {}
        self._references: set[str] = set()
        self._foreign: set[int] = set()
        self._told: dict[str, tuple[str, Fill]] = {}
        self._commissions: dict[str, Decimal] = {}
        self.answered: Callable[[str], None] = lambda _reference: None

    def order(self, reference: str) -> Tracked | None:
        """Return what is known of an order by its reference."""
        return self._orders.get(reference)

    def of_perm_id(self, perm_id: int) -> Tracked | None:
        """Return what is known of an order by its lasting number."""
        return self._by_perm_id.get(perm_id)

    def follows(self, perm_id: int, reference: str) -> bool:
        """Whether an order is one of those followed here."""
        return reference in self._orders or perm_id in self._by_perm_id

    def is_foreign(self, perm_id: int) -> bool:
        """Whether another client was seen to have an order."""
        return perm_id in self._foreign

    def with_commission(self, fill: Fill) -> Fill:
        """Return an execution with what it cost, as far as that is told."""
        return replace(fill, commission=self._commissions.get(fill.execution_id))

    def is_known(self, reference: str) -> bool:
        """Whether an order, of whatever client, carries a reference already."""
        return reference in self._orders or reference in self._references

    def will_send(self, order: Order, number: int) -> None:
        """Note an order that is about to be written to the socket."""
        tracked = Tracked(
            reference=order.order_id,
            number=number,
            session=order.session,
            quantity=order.quantity,
            is_sent_here=True,
        )
        self._orders[order.order_id] = self._by_number[number] = tracked

    def was_not_sent(self, reference: str) -> None:
        """Take back what `will_send` noted: it was never written."""
        tracked = self._orders.pop(reference, None)
        if tracked is not None:
            del self._by_number[tracked.number]

    def on_order(self, told: OrderTold) -> None:
        """Take an order as told, asked for or not."""
        self._references.add(told.reference)
        if told.account != self._account:
            return
        if told.client_id != self._client_id:
            self.on_stranger(told.perm_id, told.reference)
            return
        if not told.reference and not told.perm_id:
            # It gets the name it will go by with its lasting number.
            return
        tracked = self._known(told)
        if told.perm_id:
            tracked.perm_id = told.perm_id
            self._by_perm_id[told.perm_id] = tracked
        self._on_status(tracked, told.status, filled=0)

    def on_stranger(self, perm_id: int, reference: str) -> None:
        """Take what another account or client has, by its identity."""
        self._references.add(reference)
        if perm_id:
            self._foreign.add(perm_id)

    def on_completed(self, told: OrderTold) -> None:
        """Take an order that has ended, of whatever client: ours are known by their reference."""
        self._references.add(told.reference)
        tracked = self._orders.get(told.reference)
        if told.account != self._account or tracked is None:
            return
        if tracked.perm_id in {0, told.perm_id}:
            tracked.perm_id = told.perm_id
            self._by_perm_id[told.perm_id] = tracked

    def on_status(
        self, number: int, client_id: int, *, perm_id: int, status: str, filled: int
    ) -> None:
        """Take a status of an order."""
        tracked = self._by_number.get(number) if client_id == self._client_id else None
        if tracked is None or (tracked.perm_id and perm_id and tracked.perm_id != perm_id):
            return
        self._on_status(tracked, status, filled=filled)

    def on_execution(self, told: ExecutionTold) -> None:
        """Take an execution, however often and in whatever order it is told."""
        self._references.add(told.reference)
        tracked = self._orders.get(told.reference) or self._by_perm_id.get(told.perm_id)
        is_ours = told.client_id == self._client_id or tracked is not None
        if told.account != self._account:
            return
        if not is_ours:
            self.on_stranger(told.perm_id, told.reference)
            return
        reference = tracked.reference if tracked else told.reference or unnamed(told.key)
        fill = self.with_commission(told.fill)
        known = self._told.get(fill.execution_id)
        if known is not None and known[1] == fill:
            return
        self._told[fill.execution_id] = (reference, fill)
        if tracked is not None:
            tracked.count(fill)
        self._say(K.FILLED, reference, at=fill.at, perm_id=told.perm_id, fill=fill)
        self.answered(reference)

    def on_commission(self, execution_id: str, commission: Decimal) -> None:
        """Take what an execution cost, before it or after."""
        self._commissions[execution_id] = commission
        reference, fill = self._told.get(execution_id, ("", None))
        if fill is None or fill.commission == commission:
            return
        fill = replace(fill, commission=commission)
        self._told[execution_id] = (reference, fill)
        self._say(K.COMMISSION, reference, at=self._clock.now(), fill=fill)

    def on_error(self, number: int, code: int, text: str) -> None:
        """Take an error that carries an order's number."""
        tracked = self._by_number.get(number)
        if tracked is None:
            return
        match judge_order(code):
            case OrderVerdict.NOTICE:
                return
            case OrderVerdict.CANCELLED:
                self._end_cancelled(tracked)
            case OrderVerdict.REJECTED:
                self._on_refusal(tracked, codes.in_words(code, text))
            case OrderVerdict.UNCLEAR if not tracked.is_over:
                self._ask(tracked, codes.in_words(code, text))

    def look_after(self) -> None:
        """Have everything asked where a status has counted executions that never came."""
        for tracked in self._orders.values():
            since = tracked.owed_since
            if since is not None and self._seconds() - since >= OWED_SECONDS:
                tracked.owed_since = None
                self._must_ask(f"executions of {tracked.reference} are missing")

    def _known(self, told: OrderTold) -> Tracked:
        reference = told.reference or unnamed(told.key)
        known = self._orders.get(reference)
        if known is not None:
            return known
        tracked = Tracked(
            reference=reference,
            number=told.number,
            session=calendar.latest_opened_session(self._clock.now()),
            quantity=told.quantity,
            is_sent_here=False,
            is_acknowledged=True,
        )
        for fill in (fill for ref, fill in self._told.values() if ref == reference):
            tracked.count(fill)
        self._orders[reference] = self._by_number[told.number] = tracked
        return tracked

    def _on_status(self, tracked: Tracked, status: str, *, filled: int) -> None:
        tracked.owe(filled, at=self._seconds())
        if status in CANCELLED:
            self._end_cancelled(tracked)
        elif status == INACTIVE:
            self._on_inactive(tracked)
        elif status in ALIVE and tracked.ended_as is K.REJECTED:
            self._ask(tracked, f"{status} after it was rejected")
        elif status in ACKNOWLEDGED:
            self._acknowledge(tracked)
        elif status not in NOT_YET:
            self._ask(tracked, f"the unknown status {status}")

    def _acknowledge(self, tracked: Tracked) -> None:
        if tracked.is_acknowledged or tracked.is_over:
            return
        tracked.is_acknowledged = True
        self._say(K.ACCEPTED, tracked.reference, at=self._clock.now(), perm_id=tracked.perm_id)
        self.answered(tracked.reference)

    def _on_inactive(self, tracked: Tracked) -> None:
        if tracked.is_over:
            return
        if tracked.refusal:
            self._end(tracked, K.REJECTED, at=self._clock.now(), reason=tracked.refusal)
        else:
            self._ask(tracked, INACTIVE)

    def _on_refusal(self, tracked: Tracked, reason: str) -> None:
        tracked.refusal = reason
        if tracked.is_over:
            return
        if tracked.is_acknowledged or tracked.executions:
            self._ask(tracked, reason)
        else:
            self._end(tracked, K.REJECTED, at=self._clock.now(), reason=reason)

    def _end_cancelled(self, tracked: Tracked) -> None:
        if tracked.is_over:
            return
        now, closes = self._clock.now(), calendar.session_close(tracked.session)
        if tracked.refusal and not tracked.executions and not tracked.is_cancel_asked:
            self._end(tracked, K.REJECTED, at=now, reason=tracked.refusal)
        elif now >= closes and not tracked.is_cancel_asked:
            self._end(tracked, K.EXPIRED, at=closes, reason="")
        else:
            self._end(tracked, K.CANCELLED, at=now, reason="")

    def _end(self, tracked: Tracked, kind: BrokerEventKind, *, at: datetime, reason: str) -> None:
        tracked.ended_as = kind
        self._say(kind, tracked.reference, at=at, perm_id=tracked.perm_id, reason=reason)
        self.answered(tracked.reference)

    def _ask(self, tracked: Tracked, why: str) -> None:
        # The answer repeats what made us ask.
        if why not in tracked.asked_about:
            tracked.asked_about.add(why)
            self._must_ask(f"order {tracked.reference}: {why}")
        self.answered(tracked.reference)

    def _say(
        self,
        kind: BrokerEventKind,
        reference: str,
        *,
        at: datetime,
        perm_id: int = 0,
        fill: Fill | None = None,
        reason: str = "",
    ) -> None:
        self._tell(
            BrokerEvent(
                kind=kind,
                at=at,
                order_id=reference,
                broker_order_id=str(perm_id) if perm_id else None,
                fill=fill,
                reason=reason,
            )
        )
