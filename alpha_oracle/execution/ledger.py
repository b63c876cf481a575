"""The book and the store that keeps it: what is committed there is then so here.

Nothing is ever changed here first. Whoever is told that the store is away throws this away and
opens it again from the record: that is the start, and the recovery.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from alpha_oracle import calendar
from alpha_oracle.domain.orders import advance, with_commission
from alpha_oracle.domain.trading_events import (
    OrderRejected,
    OrderSummary,
    announcement,
    encode_event,
)
from alpha_oracle.domain.trading_records import (
    Change,
    SignalOutcome,
    SignalOutcomeKind,
)
from alpha_oracle.execution.activity import Activity
from alpha_oracle.execution.book import Book
from alpha_oracle.execution.booking import executions_of
from alpha_oracle.risk.day_trades import DayTradeLog, own_fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.margin import MarginDeficit
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Fill, Order, OrderEvent, RefusedBy
    from alpha_oracle.domain.portfolio import AccountState, AppliedAction, Lot
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.domain.trading_records import (
        Approval,
        BookRecord,
        CascadeRun,
        DayTradeDecision,
        Doubt,
        OperatorAnswer,
        OrderQuality,
    )
    from alpha_oracle.execution.booking import BookChange, Execution
    from alpha_oracle.execution.surroundings import Quality
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.trading import TradingStore

HISTORY_SESSIONS: Final = 21
"""How far back orders are known: as far as a broker may tell of them."""


class Evidence(TypedDict, total=False):
    """What goes on record beside what happened: who said so."""

    cascade_runs: tuple[CascadeRun, ...]
    day_trade_decisions: tuple[DayTradeDecision, ...]
    approvals: tuple[Approval, ...]


class BookParts(TypedDict, total=False):
    """The book after it."""

    lots: tuple[Lot, ...]
    state: AccountState | None
    accepted: tuple[Doubt, ...]
    deficits: tuple[MarginDeficit, ...]
    applied: tuple[AppliedAction, ...]


class Consequences(TypedDict):
    """What follows from events: what others are told, and how well a closed order fared."""

    announcements: tuple[TradingEvent, ...]
    qualities: tuple[OrderQuality, ...]


class Parts(Evidence, BookParts, total=False):
    """The parts of a `Change`."""

    outcomes: tuple[SignalOutcome, ...]
    orders: tuple[Order, ...]
    events: tuple[tuple[str, OrderEvent], ...]
    commissions: tuple[tuple[str, Fill], ...]
    qualities: tuple[OrderQuality, ...]
    answers: tuple[OperatorAnswer, ...]
    announcements: tuple[TradingEvent, ...]


class Ledger:
    """An account in memory, changed by what was committed alone.

    `doubts` is what a broker told that the record cannot account for, and nobody `accepted`.
    `version` grows with every change. `one_by_one` has each change answered before the next.
    """

    def __init__(
        self,
        record: BookRecord,
        state: AccountState,
        *,
        store: TradingStore,
        clock: Clock,
        simulated: bool,
        measure: Quality,
        observe: Callable[[Change], None],
        one_by_one: bool = False,
    ) -> None:
        orders = {order.order_id: order for order in record.orders}
        self.account = state.account
        self.simulated = simulated
        self.book = Book(
            state=state,
            lots={lot.key: lot for lot in record.lots},
            orders=orders,
            executions=executions_of(orders),
        )
        self.waiting = {signal.signal_id: signal for signal in record.waiting}
        self.approvals = {one.order_id: one for one in record.approvals}
        self.accepted = set(record.accepted)
        self.applied = set(record.applied)
        self.doubts: set[Doubt] = set()
        self.deficits = {deficit.session: deficit for deficit in record.deficits}
        self.past = dict(orders)
        self.activity = Activity(orders.values())
        self.past_executions = dict(self.book.executions)
        self.day_trades = DayTradeLog()
        for execution in self.past_executions.values():
            self._count(execution)
        self.version = 0
        self.one_by_one = one_by_one
        self._store = store
        self._clock = clock
        self._measure = measure
        self._observe = observe

    def change(self, name: str, **parts: Unpack[Parts]) -> Change:
        """Return a change of this account; `name` is the same however often it is tried."""
        return Change(
            change_id=f"{self.account}|{name}",
            account=self.account,
            at=self._clock.now(),
            **parts,
        )

    def commit(self, change: Change, *, sends: bool = False) -> bool:
        """Commit a change and take it over; False: the kill switch let nothing be sent."""
        if not self._store.commit(change, sends=sends):
            return False
        self._take_over(change)
        self._observe(change)
        return True

    def together(self) -> AbstractContextManager[None]:
        """Let what is committed in a block be durable at its end; nothing is sent before.

        Raises:
            StoreUnavailable: as of a commit: open the ledger again.
            ChangesRefused: the record is another than the book: open the ledger again.
        """
        return nullcontext() if self.one_by_one else self._store.together()

    def record(
        self, order_id: str, *events: OrderEvent, sends: bool = False, **parts: Unpack[Evidence]
    ) -> Order:
        """Commit what happened to an order, with what others are told; return the order.

        With `sends` it stays as it was while the kill switch is active.
        """
        change = self.change(
            f"{order_id}|{events[-1].event_id}",
            events=tuple((order_id, event) for event in events),
            **self._consequences((order_id, event) for event in events),
            **parts,
        )
        self.commit(change, sends=sends)
        return self.book.orders[order_id]

    def book_fill(self, order_id: str, fill: Fill, booked: BookChange) -> None:
        """Commit what a fill changes, as the book decided."""
        state = replace(self.book.state, cash_usd=self.book.state.cash_usd + booked.cash_usd)
        is_commission_only = booked.execution is not None and not booked.events
        follows = self._consequences(booked.events)
        if is_commission_only:
            follows["qualities"] = self._qualities(self._with_commission(order_id, fill))
        self.commit(
            self.change(
                f"{order_id}|{fill.execution_id}|{fill.commission}",
                events=booked.events,
                commissions=((order_id, fill),) if is_commission_only else (),
                lots=() if booked.lot is None else (booked.lot,),
                state=state if booked.cash_usd else None,
                **follows,
            )
        )
        if booked.execution is not None:
            self.book.executions[fill.stem] = booked.execution
            self.past_executions[fill.stem] = booked.execution
            self._count(booked.execution)

    def refuse(
        self,
        signal: ReceivedSignal,
        reason: str,
        *,
        by: RefusedBy,
        kind: SignalOutcomeKind = SignalOutcomeKind.REFUSED,
        **parts: Unpack[Evidence],
    ) -> None:
        """Commit that a signal becomes no order."""
        at = self._clock.now()
        summary = OrderSummary.of_signal(signal, simulated=self.simulated)
        outcome = SignalOutcome(signal_id=signal.signal_id, kind=kind, at=at, reason=reason)
        told = OrderRejected(order=summary, reason=reason, refused_by=by, at=at)
        self.commit(
            self.change(
                f"signal|{signal.signal_id}",
                outcomes=(outcome,),
                announcements=(told,),
                **parts,
            )
        )

    def announce(self, events: Sequence[TradingEvent]) -> None:
        """Commit what others are to be told, once however often it is tried."""
        if events:
            text = "\n".join(encode_event(event) for event in events)
            digest = hashlib.sha256(text.encode()).hexdigest()[:32]
            self.commit(self.change(f"told|{digest}", announcements=tuple(events)))

    def forget(self, *, before: Session) -> None:
        """Forget what was closed before, but for what a broker may tell of once more."""
        self.book.forget(before=before)
        first, kept = calendar.shift_session(before, 1 - HISTORY_SESSIONS), self.book.orders
        self.past = {
            name: one for name, one in self.past.items() if one.session >= first or name in kept
        }
        self.past_executions = {
            stem: one for stem, one in self.past_executions.items() if one.order_id in self.past
        }
        self.approvals = {name: one for name, one in self.approvals.items() if name in kept}
        self.activity = Activity(self.past.values())
        self.day_trades.forget(before=first)

    def _count(self, execution: Execution) -> None:
        fill = own_fill(self.past[execution.order_id], at=execution.fill.at)
        self.day_trades.put(execution.fill.stem, fill)

    def recall(self, order_id: str, *, stem: str) -> bool:
        """Bring an order back that was forgotten, with the TWAP it is a slice of, if any.

        Return whether the record has it with an execution of that stem; else nothing changes. It is
        forgotten again at the next roll.
        """
        found = {one.order_id: one for one in self._store.recall(self.account, order_id)}
        counted = executions_of(found)
        if stem not in counted:
            return False
        for order in found.values():
            self._keep(order)
        self.book.executions |= counted
        self.past_executions |= counted
        return True

    def _consequences(self, events: Iterable[tuple[str, OrderEvent]]) -> Consequences:
        # Of a TWAP the parent is told, whose slices bring it everything: nothing counts twice.
        told: list[TradingEvent] = []
        after: dict[str, Order] = {}
        for order_id, event in events:
            order = after[order_id] = advance(
                after.get(order_id, self.book.orders[order_id]), event
            )
            one = announcement(order, event) if order.parent_id is None else None
            if one is not None:
                told.append(one)
        return {"announcements": tuple(told), "qualities": self._qualities(after.values())}

    def _qualities(self, orders: Iterable[Order]) -> tuple[OrderQuality, ...]:
        at = self._clock.now()
        found = (self._measure(order, at=at) for order in orders if order.is_final)
        return tuple(one for one in found if one is not None)

    def _take_over(self, change: Change) -> None:
        self.version += 1
        after = {order.order_id: order for order in change.orders}
        for order_id, event in change.events:
            # What ended in the change it began in never worked, and counts for nothing.
            before = after.get(order_id) or self.book.orders[order_id]
            after[order_id] = advance(before, event)
        for order in after.values():
            self._keep(order)
        for order_id, fill in change.commissions:
            for order in self._with_commission(order_id, fill):
                self._keep(order)
        self.book.lots |= {lot.key: lot for lot in change.lots}
        if change.state is not None:
            self.book.state = change.state
        for outcome in change.outcomes:
            self.waiting.pop(outcome.signal_id, None)
        self.approvals |= {approval.order_id: approval for approval in change.approvals}
        self.deficits |= {deficit.session: deficit for deficit in change.deficits}
        self.accepted |= {*change.accepted}
        self.applied |= {one.key for one in change.applied}
        self.doubts -= {*change.accepted}

    def _with_commission(self, order_id: str, fill: Fill) -> list[Order]:
        order = self.book.orders[order_id]
        both = (order, self.book.orders.get(order.parent_id or ""))
        return [with_commission(one, fill) for one in both if one is not None]

    def _keep(self, order: Order) -> None:
        self.book.keep(order)
        self.past[order.order_id] = order
        self.activity.see(order)


def history_start(now: datetime) -> Session:
    """Return the first session whose orders are loaded."""
    return calendar.shift_session(calendar.latest_opened_session(now), 1 - HISTORY_SESSIONS)
