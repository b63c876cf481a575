"""From an order request to an order on its way: routed, checked, committed, sent.

Between the last commit of a block and its commands nothing happens but that the switch is looked
at: what was checked is what is sent.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import Order, OrderStatus, OrderType
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.domain.trading_records import CheckStage
from alpha_oracle.execution.order_records import (
    approval_of,
    cascade_run,
    guard_decisions,
    opening_events,
    outcomes_of,
    placement_told,
)
from alpha_oracle.execution.order_requests import order_of
from alpha_oracle.execution.placements import (
    Checked,
    Declined,
    Placed,
    Placement,
    Waits,
    is_momentary,
    may_come,
)
from alpha_oracle.execution.router import NoRoute
from alpha_oracle.risk.kill_switch import KillSwitchCheck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import Approval, CascadeRun
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.order_requests import OrderRequest
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.risk.cascade import Clearance

REDUCTIONS: Final = 4
"""A smaller order may take another route, and is checked anew; at most so often."""

KILLED: Final = f"{KillSwitchCheck.name}: kill switch is active on record"


class Placer:
    """Places orders, one at a time, and sends those of a block at its end."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        sender: Sender,
        *,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._sender = sender
        self._clock = clock
        self._to_send: list[Order] = []

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let what is placed in a block be sent at its end, all of it being durable then.

        Raises:
            StoreUnavailable: nothing is sent: go on from the record.
            ChangesRefused: likewise.
        """
        try:
            with self._ledger.together():
                yield
            for order in self._to_send:
                self._sender.send(order)
        finally:
            self._to_send.clear()

    def place(
        self,
        request: OrderRequest,
        quotes: Mapping[Symbol, Quote],
        *,
        signal: ReceivedSignal | None = None,
        lots: Sequence[Lot] = (),
    ) -> Placement:
        """Place an order for a request, in a block that sends it.

        `lots` change with it, `signal` has it for an outcome.
        """
        checked = self._check(request, quotes)
        if not isinstance(checked, Checked):
            return checked
        order, clearance = checked.order, checked.clearance
        decisions = guard_decisions(order, clearance, at=self._clock.now())
        if clearance.action is RiskAction.REJECT:
            if is_momentary(clearance):
                return Waits(reason=clearance.reason, check=clearance.deciding.check)
            return Declined(reason=clearance.reason, runs=checked.runs, decisions=decisions)
        needs_human = not clearance.may_be_sent
        if needs_human:
            order = replace(order, status=OrderStatus.AWAITING_APPROVAL)
        opening = () if needs_human else opening_events(order, at=self._clock.now())
        change = self._ledger.change(
            f"order|{order.order_id}",
            orders=(order,),
            events=tuple((order.order_id, event) for event in opening),
            outcomes=outcomes_of(order, signal),
            cascade_runs=checked.runs,
            day_trade_decisions=decisions,
            lots=tuple(lots),
            approvals=self._approvals(order, clearance) if needs_human else (),
            announcements=placement_told(order, clearance),
        )
        if not self._ledger.commit(change, sends=True):
            return Declined(reason=KILLED, runs=checked.runs, decisions=decisions)
        if not needs_human and order.order_type is not OrderType.TWAP:
            self._let_go(order)
        return Placed(order=self._ledger.book.orders[order.order_id])

    def _let_go(self, order: Order) -> None:
        if self._ledger.one_by_one:
            # It is durable, and waits for nothing that is decided after it.
            self._sender.send(order)
        else:
            self._sender.hold(order)
            self._to_send.append(order)

    def _check(
        self, request: OrderRequest, quotes: Mapping[Symbol, Quote]
    ) -> Checked | Waits | Declined:
        runs: list[CascadeRun] = []
        while True:
            order = self._routed(request, quotes)
            if not isinstance(order, Order):
                return order
            facts = self._gatherer.facts(order, quotes)
            clearance = self._rules.risk.check_pre_trade(order, facts)
            runs.append(cascade_run(order, clearance, CheckStage.DECISION, at=facts.now))
            is_settled = clearance.quantity in (0, order.quantity)
            if is_settled:
                return Checked(order=order, clearance=clearance, runs=tuple(runs))
            if len(runs) > REDUCTIONS:
                reason = f"reduced {len(runs)} times to {clearance.quantity} shares; order refused"
                return Declined(reason=reason, runs=tuple(runs))
            request = replace(request, quantity=clearance.quantity)

    def _routed(
        self, request: OrderRequest, quotes: Mapping[Symbol, Quote]
    ) -> Order | Waits | Declined:
        now, quote = self._clock.now(), quotes.get(request.symbol)
        route = self._rules.router.route(
            request.side,
            request.quantity,
            purpose=request.purpose,
            quote=quote,
            adv_shares=self._gatherer.references.known.adv_shares.get(request.symbol),
            now=now,
        )
        if isinstance(route, NoRoute):
            return self._unrouted(route)
        return order_of(
            request,
            route,
            status=OrderStatus.PENDING,
            simulated=self._ledger.simulated,
            arrival_price=None if quote is None else quote.mid,
            at=now,
        )

    def _unrouted(self, route: NoRoute) -> Waits | Declined:
        waits = may_come(route.missing)
        return Waits(reason=route.reason) if waits else Declined(reason=route.reason)

    def _approvals(self, order: Order, clearance: Clearance) -> tuple[Approval, ...]:
        expires_at = self._rules.window.end(order.session)
        return (approval_of(order, clearance, expires_at=expires_at),)
