"""Works a TWAP: the next slice, the end of the last, or of it all. Each slice is checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType, RefusedBy
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.domain.trading_records import CheckStage
from alpha_oracle.execution.order_records import evidence
from alpha_oracle.execution.order_requests import slice_order
from alpha_oracle.execution.placements import is_momentary
from alpha_oracle.execution.router import marketable_limit
from alpha_oracle.execution.twap import (
    CancelSlice,
    Finished,
    SendSlice,
    WaitUntil,
    next_step,
    plan_twap,
    progress_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.execution.twap import TwapPlan
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.risk.cascade import Clearance


class Slicer:
    """Works every TWAP that is not at its end."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        *,
        sender: Sender,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._sender = sender
        self._clock = clock

    def parents(self) -> list[Order]:
        """Return the TWAPs that are worked, and those at their end whose slices still work."""
        book = self._ledger.book
        working = {order.parent_id or order.order_id for order in book.working()}
        found = (book.orders.get(order_id) for order_id in sorted(working))
        return [one for one in found if one is not None and one.order_type is OrderType.TWAP]

    def work(self) -> None:
        """Do with each what is due now."""
        for parent in self.parents():
            self._work(parent)

    def stop(self, reason: str) -> None:
        """End every TWAP: cancel what works of it, then close it."""
        for parent in self.parents():
            slices = self._ledger.book.slices_of(parent.order_id)
            working = [one for one in slices if one.is_working]
            for one in working:
                self._sender.cancel(one)
            if not working and not parent.is_final:
                self._close(parent, reason)

    def next_at(self) -> datetime | None:
        """Return when the next step of any of them is due; None: there are none."""
        now, due = self._clock.now(), []
        for parent in self.parents():
            slices = self._ledger.book.slices_of(parent.order_id)
            step = next_step(self._plan(parent), progress_of(slices), now)
            due.append(step.at if isinstance(step, WaitUntil) else now)
        return min(due, default=None)

    def _work(self, parent: Order) -> None:
        slices = self._ledger.book.slices_of(parent.order_id)
        step = next_step(self._plan(parent), progress_of(slices), self._clock.now())
        if isinstance(step, SendSlice) and not parent.is_final:
            self._send(parent, step)
        elif isinstance(step, CancelSlice):
            for one in slices:
                self._sender.cancel(one)
        elif isinstance(step, Finished) and not parent.is_final:
            self._close(parent, step.reason)

    def _plan(self, parent: Order) -> TwapPlan:
        started = [event.at for event in parent.history if event.event_id == "submitted"]
        return plan_twap(
            parent.quantity,
            slices=self._rules.twap_slices,
            interval_seconds=self._rules.twap_interval_seconds,
            starts_at=started[0] if started else parent.created_at,
            stops_at=self._rules.window.end(parent.session),
        )

    def _send(self, parent: Order, step: SendSlice) -> None:
        quotes = self._gatherer.quotes(parent.symbol)
        quote = quotes.get(parent.symbol)
        limit = None if quote is None else marketable_limit(parent.side, quote)
        if quote is None or limit is None:
            return
        self._gatherer.references.cover({parent.symbol}, session=parent.session)
        order = slice_order(
            parent, step, limit_price=limit, arrival_price=quote.mid, at=self._clock.now()
        )
        clearance = self._rules.risk.check_pre_trade(
            order, self._gatherer.facts(order, quotes), answered=self._answered(parent)
        )
        if is_momentary(clearance):
            return
        if clearance.may_be_sent:
            self._commit(replace(order, quantity=clearance.quantity), clearance)
        else:
            self._refuse(order, clearance)

    def _answered(self, parent: Order) -> Collection[str]:
        approval = self._ledger.approvals.get(parent.order_id)
        return () if approval is None else approval.checks

    def _commit(self, order: Order, clearance: Clearance) -> None:
        change = self._ledger.change(
            f"order|{order.order_id}",
            orders=(order,),
            **evidence(order, clearance, CheckStage.SLICE, at=self._clock.now()),
        )
        if self._ledger.commit(change, sends=True):
            self._sender.send(order)

    def _refuse(self, order: Order, clearance: Clearance) -> None:
        # It counts as sent, so that what is left goes to later slices, and the window ends it.
        reason = clearance.reason
        if clearance.action is RiskAction.REQUIRE_HUMAN_APPROVAL:
            reason = f"{reason}; nobody approved it for this TWAP"
        event = OrderEvent(
            event_id="rejected",
            status=OrderStatus.REJECTED,
            at=order.created_at,
            reason=reason,
            refused_by=RefusedBy.RISK,
        )
        self._ledger.commit(
            self._ledger.change(
                f"order|{order.order_id}",
                orders=(order,),
                events=((order.order_id, event),),
                **evidence(order, clearance, CheckStage.SLICE, at=self._clock.now()),
            )
        )

    def _close(self, parent: Order, reason: str) -> None:
        event = OrderEvent(
            event_id="cancelled",
            status=OrderStatus.CANCELLED,
            at=self._clock.now(),
            reason=reason,
        )
        self._ledger.record(parent.order_id, event)
