"""Orders that wait for a human: checked anew when one says yes, ended when nobody says anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType, RefusedBy
from alpha_oracle.domain.trading_records import ApprovalStatus, CheckStage
from alpha_oracle.execution.placements import is_momentary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.trading_records import Approval
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Evidence, Ledger
    from alpha_oracle.execution.placing import Placer
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.trading import TradingStore
    from alpha_oracle.risk.cascade import Clearance

_WAITING: Final = OrderStatus.AWAITING_APPROVAL


class ApprovalClerk:
    """Acts on what humans decided."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        *,
        placer: Placer,
        sender: Sender,
        store: TradingStore,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._placer = placer
        self._sender = sender
        self._store = store
        self._clock = clock

    def waiting(self) -> list[Order]:
        """Return the orders that wait for a human."""
        return [order for order in self._ledger.book.orders.values() if order.status is _WAITING]

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
        """End the orders whose session's window is over: nobody approved them, or nothing came."""
        now = self._clock.now()
        for order in self.waiting():
            if now < self._rules.window.end(order.session):
                continue
            approval = self._ledger.approvals.get(order.order_id)
            ended: tuple[Approval, ...] = ()
            if approval is not None and approval.status is ApprovalStatus.WAITING:
                ended = (replace(approval, status=ApprovalStatus.EXPIRED, decided_at=now),)
            reason = "the execution window ended before it was approved and sent"
            self._end(
                order.order_id,
                OrderStatus.EXPIRED,
                reason,
                by=RefusedBy.SYSTEM,
                approvals=ended,
            )

    def _decided(self, status: ApprovalStatus) -> list[Approval]:
        if not self.waiting():
            return []
        mine = {order.order_id for order in self.waiting()}
        decided = self._store.decided_approvals(self._ledger.account)
        return [one for one in decided if one.order_id in mine and one.status is status]

    def _approved(self, order: Order, approval: Approval) -> None:
        quotes = self._gatherer.quotes(order.symbol)
        self._gatherer.references.cover({order.symbol}, session=order.session)
        if not self._may_go_by(order, quotes):
            return
        facts = self._gatherer.facts(order, quotes)
        clearance = self._rules.risk.check_pre_trade(order, facts, answered=approval.checks)
        if is_momentary(clearance):
            return
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
            cascade_runs=(self._placer.run(order, clearance, CheckStage.APPROVAL),),
            day_trade_decisions=self._placer.guard_decisions(order, clearance),
        )

    def _may_go_by(self, order: Order, quotes: Mapping[Symbol, Quote]) -> bool:
        # A market order trusts the quote, wherever the time has gone that a human took.
        quote = quotes.get(order.symbol)
        return order.order_type is not OrderType.MARKET or (
            quote is not None
            and quote.is_fresh(self._clock.now(), within_seconds=self._rules.router.fresh_seconds)
        )

    def _go(self, order: Order, approval: Approval, clearance: Clearance) -> None:
        approved = OrderEvent(
            event_id="approved",
            status=OrderStatus.PENDING,
            at=self._clock.now(),
            reason=f"approved by {approval.decided_by}",
        )
        events = (approved, *self._placer.opening_events(order))
        sent = self._ledger.record(
            order.order_id,
            *events,
            sends=True,
            cascade_runs=(self._placer.run(order, clearance, CheckStage.APPROVAL),),
            day_trade_decisions=self._placer.guard_decisions(order, clearance),
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
