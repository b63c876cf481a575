"""Orders that wait for a human: checked anew when one says yes, ended when nobody says anything.

A price that moved by `PRICE_MOVE_PCT` from the one an order was asked at ends it too: what a human
looks at, or agreed to, is another order by then. An exit is asked anew at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderEvent, OrderPurpose, OrderStatus, OrderType, RefusedBy
from alpha_oracle.domain.trading_records import ApprovalStatus, CheckStage
from alpha_oracle.execution.order_records import evidence, opening_events
from alpha_oracle.execution.placements import is_momentary
from alpha_oracle.execution.recency import is_recent
from alpha_oracle.execution.router import marketable_limit

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Unpack

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.trading_records import Approval
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Evidence, Ledger
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.trading import TradingStore
    from alpha_oracle.risk.cascade import Clearance

PRICE_MOVE_PCT: Final = Decimal(1)
LIVE_WITHIN: Final = timedelta(minutes=1)
"""How long an exit approved at the market waits for a live quote before it is asked as a limit."""

LOOK_EVERY: Final = timedelta(seconds=1)
"""How often prices are held against those that were asked at."""

_WAITING: Final = OrderStatus.AWAITING_APPROVAL


class ApprovalClerk:
    """Acts on what humans decided."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        *,
        sender: Sender,
        store: TradingStore,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._sender = sender
        self._store = store
        self._clock = clock
        self._looked_at: datetime | None = None
        self._held_back: dict[str, str] = {}

    def waiting(self) -> list[Order]:
        """Return the orders that wait for a human."""
        return [order for order in self._ledger.book.unfinished() if order.status is _WAITING]

    def reject(self) -> None:
        """End the orders that humans refused, whatever the hour."""
        for approval in self._decided(ApprovalStatus.REJECTED):
            reason = f"rejected by {approval.decided_by}"
            self._end(approval.order_id, OrderStatus.REJECTED, reason, by=RefusedBy.OPERATOR)

    def send(self) -> None:
        """Check what humans approved on the facts of now, and send it or refuse it."""
        for approval in self._decided(ApprovalStatus.APPROVED):
            self._ledger.approvals[approval.order_id] = approval
            self._approved(self._ledger.book.orders[approval.order_id], approval)

    def expire(self) -> None:
        """End the orders whose session's window is over, or whose price has moved."""
        now, waiting = self._clock.now(), self.waiting()
        lapsed = [order for order in waiting if self._has_lapsed(order)]
        for order in lapsed:
            self._expire(order, "its approval lapsed: a backup was restored before it was sent")
        waiting = [order for order in waiting if order not in lapsed]
        over = [order for order in waiting if now >= self._rules.window.end(order.session)]
        for order in over:
            reason = "the execution window ended before it was approved and sent"
            held_back = self._held_back.pop(order.order_id, "")
            self._expire(order, reason + (f"; it waited for: {held_back}" if held_back else ""))
        still = [order for order in waiting if order not in over]
        if not still or is_recent(self._looked_at, now, within=LOOK_EVERY):
            return
        self._looked_at = now
        quotes = self._gatherer.quotes()
        for order in still:
            reason = self._moved(order, quotes.get(order.symbol))
            if reason:
                self._expire(order, reason)

    def _has_lapsed(self, order: Order) -> bool:
        # An order of ours ends in one change with its approval; one that a restoration ended is
        # found with its order still waiting.
        approval = self._ledger.approvals.get(order.order_id)
        return approval is not None and approval.status is ApprovalStatus.EXPIRED

    def _expire(self, order: Order, reason: str) -> None:
        approval = self._ledger.approvals.get(order.order_id)
        ended: tuple[Approval, ...] = ()
        if approval is not None and approval.status is ApprovalStatus.WAITING:
            at = self._clock.now()
            ended = (replace(approval, status=ApprovalStatus.EXPIRED, decided_at=at),)
        by = RefusedBy.SYSTEM
        self._end(order.order_id, OrderStatus.EXPIRED, reason, by=by, approvals=ended)

    def _moved(self, order: Order, quote: Quote | None) -> str:
        approval, price = self._ledger.approvals.get(order.order_id), self._price_now(order, quote)
        asked_at = None if approval is None else approval.price
        if asked_at is None or price is None:
            return ""
        if abs(price - asked_at) * 100 < asked_at * PRICE_MOVE_PCT:
            return ""
        return (
            f"{order.symbol} is at {price:.2f} USD and was asked at {asked_at:.2f}: "
            f"a move of {PRICE_MOVE_PCT} % or more"
        )

    def _price_now(self, order: Order, quote: Quote | None) -> Decimal | None:
        within = self._rules.router.fresh_seconds
        if quote is None or not quote.is_fresh(self._clock.now(), within_seconds=within):
            return None
        # What was asked at its limit, for want of a mid, is held against what it would be now.
        return marketable_limit(order.side, quote) if order.arrival_price is None else quote.mark

    def _decided(self, status: ApprovalStatus) -> list[Approval]:
        if not self.waiting():
            return []
        mine = {order.order_id for order in self.waiting()}
        decided = self._store.decided_approvals(self._ledger.account)
        return [one for one in decided if one.order_id in mine and one.status is status]

    def _approved(self, order: Order, approval: Approval) -> None:
        quotes = self._gatherer.quotes(order.symbol)
        self._gatherer.references.cover({order.symbol}, session=order.session)
        quote = quotes.get(order.symbol)
        ended = self._moved(order, quote) or self._outwaited(order, approval, quote)
        if ended:
            self._expire(order, ended)
            return
        if self._price_now(order, quote) is None and not _is_sold_at_limits(order):
            # Wherever the price has gone in the time that a human took, nobody says.
            self._held_back[order.order_id] = f"a live quote of {order.symbol}"
            return
        facts = self._gatherer.facts(order, quotes)
        clearance = self._rules.risk.check_pre_trade(order, facts, answered=approval.checks)
        if is_momentary(clearance):
            self._held_back[order.order_id] = clearance.reason
            return
        self._held_back.pop(order.order_id, None)
        self._settle(order, approval, clearance)

    def _outwaited(self, order: Order, approval: Approval, quote: Quote | None) -> str:
        if order.order_type is not OrderType.MARKET or order.purpose is OrderPurpose.ENTRY:
            return ""
        has_bid = quote is not None and quote.bid is not None
        until = (approval.decided_at or approval.requested_at) + LIVE_WITHIN
        if not has_bid or self._price_now(order, quote) is not None or self._clock.now() < until:
            return ""
        return f"no live quote of {order.symbol} came: what was to go at the market has a limit now"

    def _settle(self, order: Order, approval: Approval, clearance: Clearance) -> None:
        if clearance.may_be_sent and clearance.quantity == order.quantity:
            self._go(order, approval, clearance)
            return
        # What was approved is what is sent: a smaller order is another one.
        reason = f"on approval: {clearance.reason}"
        self._end(
            order.order_id,
            OrderStatus.REJECTED,
            reason,
            by=RefusedBy.RISK,
            **evidence(order, clearance, CheckStage.APPROVAL, at=self._clock.now()),
        )

    def _go(self, order: Order, approval: Approval, clearance: Clearance) -> None:
        approved = OrderEvent(
            event_id="approved",
            status=OrderStatus.PENDING,
            at=self._clock.now(),
            reason=f"approved by {approval.decided_by}",
        )
        events = (approved, *opening_events(order, at=self._clock.now()))
        sent = self._ledger.record(
            order.order_id,
            *events,
            sends=True,
            **evidence(order, clearance, CheckStage.APPROVAL, at=self._clock.now()),
        )
        if sent.status is OrderStatus.PENDING:
            self._sender.send(sent)

    def _end(
        self,
        order_id: str,
        status: OrderStatus,
        reason: str,
        *,
        by: RefusedBy,
        **parts: Unpack[Evidence],
    ) -> None:
        event = OrderEvent(
            event_id=status.lower(),
            status=status,
            at=self._clock.now(),
            reason=reason,
            refused_by=by,
        )
        self._ledger.record(order_id, event, **parts)


def _is_sold_at_limits(order: Order) -> bool:
    # It only reduces risk, and falls through no book: any quote of the session does.
    return order.purpose is not OrderPurpose.ENTRY and order.order_type is not OrderType.MARKET
