"""What a broker tells becomes what is on record: by event as it happens, or all at once.

Everything may be told again, late, out of order or not at all. An execution is booked whatever the
order's status; what nobody should have been able to order trips the kill switch before it is
booked, so that no death in between leaves it on.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.broker import BrokerEventKind
from alpha_oracle.domain.orders import (
    FINAL,
    NEXT,
    WORKING,
    OrderEvent,
    OrderStatus,
    RefusedBy,
    Side,
)
from alpha_oracle.execution.activity import reached_broker, sent_at
from alpha_oracle.execution.booking import counts_instead
from alpha_oracle.execution.closing import Closer
from alpha_oracle.execution.doubts import INTEGRITY, Doubts, about_execution, about_order
from alpha_oracle.execution.ledger import history_start
from alpha_oracle.execution.markets import market_of
from alpha_oracle.execution.watch import purchase_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerEvent, BrokerExecution, BrokerOrder, BrokerSnapshot
    from alpha_oracle.domain.orders import Fill, Order
    from alpha_oracle.execution.booking import BookChange, Execution
    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard
    from alpha_oracle.risk.market_moves import Purchase

_K: Final = BrokerEventKind
_S: Final = OrderStatus
UNKNOWN_ORDER: Final = "unknown_order"

_STATUS: Final[Mapping[BrokerEventKind, OrderStatus]] = {
    _K.ACCEPTED: _S.SUBMITTED,
    _K.CANCELLED: _S.CANCELLED,
    _K.REJECTED: _S.REJECTED,
    _K.EXPIRED: _S.EXPIRED,
}


class Follower:
    """Puts what a broker tells on record. What contradicts it is a doubt, and the rest goes on.

    `bought` is what purchases were filled in, and at what, since the monitor last looked.
    `closed_but_working` is what the last snapshot has at work, and the record as closed unfilled.
    """

    def __init__(
        self, ledger: Ledger, *, halt: Halt, link: Link, board: QuoteBoard, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._link = link
        self._board = board
        self._clock = clock
        self.bought: list[Purchase] = []
        self.closed_but_working: list[Order] = []
        self._doubts = Doubts(ledger, halt)
        self._closer = Closer(ledger, self._doubts, link=link, clock=clock)

    def hear(self, events: Sequence[BrokerEvent]) -> None:
        """Put events on record, in their order."""
        if not events:
            return
        # What one look brings is made durable in one go: the broker tells it again if it is lost.
        with self._ledger.together():
            for event in events:
                self._hear(event)

    def _hear(self, event: BrokerEvent) -> None:
        if event.kind is _K.LINK_DOWN:
            self._link.went_down()
        elif event.kind is _K.LINK_UP:
            self._link.came_up(self._clock.now())
        elif event.order_id is not None:
            self._hear_of(event.order_id, event)

    def _hear_of(self, order_id: str, event: BrokerEvent) -> None:
        if event.fill is not None:
            self._on_fill(order_id, event.fill)
            return
        with self._doubts.about(about_order(order_id)):
            self._on_status(order_id, _STATUS[event.kind], event)

    def settle(self, snapshot: BrokerSnapshot) -> None:
        """Bring the record to what a broker knows, and prove what it never got.

        Executions come first: what was executed of an order stands before how it ended.
        """
        foreign = {order.broker_order_id for order in snapshot.orders if not order.is_ours}
        for execution in snapshot.executions:
            if execution.broker_order_id not in foreign:
                self._on_execution(execution)
        ours = [(_reference(one), one) for one in snapshot.orders if one.is_ours]
        self._refuse_twins(ours)
        told = dict(ours)
        for order_id, one in told.items():
            with self._doubts.about(about_order(order_id)):
                self._on_order(order_id, one, at=snapshot.at)
        self.closed_but_working = self._closed_but_working(told)
        self._closer.close_untold(self._untold(told), asked_at=snapshot.at)
        for order in self._ledger.book.working():
            if reached_broker(order) and order.order_id not in told:
                with self._doubts.about(about_order(order.order_id)):
                    self._closer.close_absent(order, asked_at=snapshot.at)

    def _closed_but_working(self, told: Mapping[str, BrokerOrder]) -> list[Order]:
        past = self._ledger.past
        known = [past[name] for name, one in told.items() if one.status in WORKING and name in past]
        # Of what was filled an end there may not be told yet; nothing more comes of it.
        return [order for order in known if order.status in FINAL - {_S.FILLED}]

    def _untold(self, told: Mapping[str, BrokerOrder]) -> list[Order]:
        working = self._ledger.book.working()
        ends = {order_id for order_id, one in told.items() if one.status is _S.FILLED}
        return [order for order in working if order.order_id in ends]

    def _refuse_twins(self, ours: Sequence[tuple[str, BrokerOrder]]) -> None:
        living = Counter(order_id for order_id, order in ours if order.status in WORKING)
        for order_id, count in living.items():
            if count > 1:
                what = f"{count} orders work under the reference {order_id}"
                self._doubts.alarm_once(f"twins of {order_id}", "two_live_orders", what)

    def mark_unanswered(self, *, at: datetime) -> None:
        """Let every order that was about to be sent when a worker ended be unknown."""
        for order in list(self._ledger.book.orders.values()):
            if order.status is _S.PENDING and reached_broker(order):
                self.lose(order.order_id, "the worker ended before an answer came", at=at)

    def lose(self, order_id: str, reason: str, *, at: datetime) -> None:
        """Note that nobody knows what became of an order's command; ask when it can be told."""
        event = OrderEvent(
            event_id=f"unknown:{at.isoformat()}", status=_S.UNKNOWN, at=at, reason=reason
        )
        order = self._ledger.record(order_id, event)
        self._link.ask_after_command(max(sent_at(order), at))

    def _on_execution(self, execution: BrokerExecution) -> None:
        fill = execution.fill
        session = calendar.session_open(history_start(self._clock.now()))
        if execution.order_id is None or fill.at < session:
            return
        self._on_fill(execution.order_id, fill)

    def _on_fill(self, order_id: str, fill: Fill) -> None:
        known = self._ledger.past_executions.get(fill.stem)
        if known is not None and known.order_id == order_id and known.fill == fill:
            return
        doubt = about_execution(fill.execution_id)
        if self._doubts.is_settled(doubt):
            return
        with self._doubts.about(doubt):
            if order_id in self._ledger.book.orders:
                self._book(order_id, fill, is_new=known is None)
            else:
                self._on_late(order_id, fill, known)

    def _book(self, order_id: str, fill: Fill, *, is_new: bool) -> None:
        symbol, now = self._ledger.book.orders[order_id].symbol, self._clock.now()
        market = market_of(fill, symbol, self._board, now=now) if is_new else None
        booked = self._ledger.book.on_fill(order_id, fill, market=market)
        if booked.breaches:
            self._breach(fill, booked)
        if booked.execution is None and not booked.events:
            return
        self._ledger.book_fill(order_id, fill, booked)
        order = self._ledger.book.orders[order_id]
        if order.side is Side.BUY and is_new:
            self.bought.append(purchase_of(order, fill, self._ledger.book))
            self._link.bought_usd += fill.price * fill.quantity

    def _on_late(self, order_id: str, fill: Fill, known: Execution | None) -> None:
        # Of an order of an earlier session, long closed: of what is known the commission may come.
        if known is not None and not counts_instead(fill, known.fill):
            return
        if not self._ledger.recall(order_id, stem=fill.stem):
            what = f"{fill.quantity} shares of an order {order_id} were executed"
            doubts = (about_order(order_id), about_execution(fill.execution_id))
            self._doubts.raise_once(UNKNOWN_ORDER, what, *doubts)
            return
        self._book(order_id, fill, is_new=False)

    def _breach(self, fill: Fill, booked: BookChange) -> None:
        told = "; ".join(f"{one.kind}: {one.detail}" for one in booked.breaches)
        if booked.execution is None:
            # It contradicts one on record, so that no record can account for it.
            self._doubts.raise_once(INTEGRITY, told, about_execution(fill.execution_id))
        else:
            subject = f"{booked.breaches[0].order_id} {fill.execution_id}"
            self._doubts.alarm_once(subject, INTEGRITY, told)

    def _stranger(self, order_id: str, what: str) -> None:
        self._doubts.raise_once(UNKNOWN_ORDER, what, about_order(order_id))

    def _revived(self, order_id: str) -> None:
        self._stranger(order_id, f"order {order_id} works though it was closed")

    def _on_order(self, order_id: str, told: BrokerOrder, *, at: datetime) -> None:
        order, is_working = self._ledger.past.get(order_id), told.status in WORKING
        is_here = order_id in self._ledger.book.orders
        if order is None:
            if is_working:
                self._stranger(order_id, f"order {order_id}, unknown to us, is under our client id")
        elif is_working and (order.status is _S.REJECTED or not is_here):
            self._revived(order_id)
        elif is_here and told.status in _TOLD_BY_ORDER:
            self._advance(
                order_id, told.status, at=at, reason="", broker_order_id=told.broker_order_id
            )

    def _on_status(self, order_id: str, status: OrderStatus, event: BrokerEvent) -> None:
        order = self._ledger.past.get(order_id)
        if order is None:
            self._stranger(order_id, f"order {order_id} is {status} under our client id")
        elif order.status is _S.REJECTED and status in WORKING:
            self._revived(order_id)
            # A snapshot that shows it lets it be ended.
            self._link.ask_after_command(event.at)
        elif order_id in self._ledger.book.orders:
            self._advance(
                order_id,
                status,
                at=event.at,
                reason=event.reason,
                broker_order_id=event.broker_order_id,
            )

    def _advance(
        self,
        order_id: str,
        status: OrderStatus,
        *,
        at: datetime,
        reason: str,
        broker_order_id: str | None,
    ) -> None:
        order = self._ledger.book.orders[order_id]
        status = _following(order, status)
        if status is order.status or status not in NEXT[order.status]:
            return
        event = OrderEvent(
            event_id=_event_id(order, status, at),
            status=status,
            at=at,
            reason=reason,
            refused_by=RefusedBy.BROKER if status is _S.REJECTED else None,
            broker_order_id=broker_order_id,
        )
        self._ledger.record(order_id, event)


def _reference(order: BrokerOrder) -> str:
    # One without a reference is none of ours, whoever sent it under our client id.
    return order.order_id or f"without a reference: {order.broker_order_id}"


def _event_id(order: Order, status: OrderStatus, at: datetime) -> str:
    plain = status.lower()
    # What was closed, found at work and closed once more has one end after the other.
    is_again = any(event.event_id == plain for event in order.history)
    return f"{plain}:{at.isoformat()}" if is_again else plain


def _following(order: Order, status: OrderStatus) -> OrderStatus:
    if not order.filled_quantity:
        return status
    # What was executed in part is neither merely accepted nor rejected any more.
    return {_S.SUBMITTED: _S.PARTIALLY_FILLED, _S.REJECTED: _S.CANCELLED}.get(status, status)


_TOLD_BY_ORDER: Final = frozenset({_S.SUBMITTED, _S.PARTIALLY_FILLED, *FINAL}) - {_S.FILLED}
