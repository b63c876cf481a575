"""The work of a window: lots that are due are sold, then waiting signals are decided, best first.

Whatever the next moment may still supply decides nothing: an exit waits until it comes, an entry
until it expires.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import RefusedBy, Side
from alpha_oracle.domain.portfolio import LotKey
from alpha_oracle.domain.trading_records import SignalOutcome, SignalOutcomeKind
from alpha_oracle.execution.exits import due_lots, on_exit_signal
from alpha_oracle.execution.identity import exit_order_id
from alpha_oracle.execution.inbox_rules import Standing, in_order_of_work, standing
from alpha_oracle.execution.order_requests import EntryFacts, Refusal, expired
from alpha_oracle.execution.placements import Declined, Placed, Waits, may_come

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.execution.exits import DueExit
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.placements import Placement
    from alpha_oracle.execution.placing import Placer
    from alpha_oracle.execution.references import ReferenceShelf
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock


class Decider:
    """Turns due lots and waiting signals into orders, or into recorded refusals."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        placer: Placer,
        *,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._placer = placer
        self._clock = clock
        self._missing: dict[str, str] = {}
        self._told: set[str] = set()

    def expire(self) -> None:
        """Give signals whose time is over their outcome."""
        now = self._clock.now()
        for signal in list(self._ledger.waiting.values()):
            if standing(signal, now, window=self._rules.window) is Standing.EXPIRED:
                self._expire(signal)

    def has_work(self) -> bool:
        """Whether an open window has anything to decide."""
        return bool(self._due_signals() or self._due_exits())

    def work(self) -> None:
        """Decide everything that is due: exits first, then entries as they rank."""
        signals = self._due_signals()
        for signal in signals:
            if not signal.is_entry:
                self._exit_signal(signal)
        for due in self._due_exits():
            self._exit(due)
        for signal in signals:
            if signal.is_entry:
                self._entry(signal)

    def _due_signals(self) -> list[ReceivedSignal]:
        now = self._clock.now()
        due = [
            signal
            for signal in self._ledger.waiting.values()
            if standing(signal, now, window=self._rules.window) is Standing.DUE
        ]
        if not due:
            return []
        symbols = {signal.symbol for signal in due}
        known = self._gatherer.references.cover(symbols, session=self._gatherer.session)
        scores = {name: one.score for name, one in known.standings.items()}
        return in_order_of_work(due, scores)

    def _due_exits(self) -> list[DueExit]:
        session = self._gatherer.session
        sellable = {
            LotKey(*key): count for key, count in self._gatherer.exposure(None).sellable.items()
        }
        due = due_lots(self._ledger.book.lots.values(), session, sellable=sellable)
        return [
            one
            for one in due
            if exit_order_id(one.lot, reason=one.reason, session=session) not in self._ledger.past
        ]

    def _expire(self, signal: ReceivedSignal) -> None:
        lot = self._ledger.book.lots.get(LotKey(signal.strategy, signal.symbol))
        is_wish_to_leave = not signal.is_entry and lot is not None and lot.quantity > 0
        if lot is not None and is_wish_to_leave and lot.opened <= signal.session:
            # A wish to leave does not end with its day: it only reduces risk.
            self._mark(signal, replace(lot, wants_out=True), reason=expired(signal).detail)
            return
        missing = self._missing.get(signal.signal_id)
        reason = expired(signal).detail + (f"; it waited for: {missing}" if missing else "")
        self._ledger.refuse(signal, reason, by=RefusedBy.SYSTEM, kind=SignalOutcomeKind.EXPIRED)

    def _mark(self, signal: ReceivedSignal, lot: Lot, *, reason: str = "") -> None:
        outcome = SignalOutcome(
            signal_id=signal.signal_id,
            kind=SignalOutcomeKind.MARKED,
            at=self._clock.now(),
            reason=reason,
        )
        self._ledger.commit(
            self._ledger.change(f"signal|{signal.signal_id}", outcomes=(outcome,), lots=(lot,))
        )

    def _exit_signal(self, signal: ReceivedSignal) -> None:
        key = LotKey(signal.strategy, signal.symbol)
        decision = on_exit_signal(
            signal,
            self._ledger.book.lots.get(key),
            self._gatherer.session,
            sellable=self._gatherer.exposure(None).sellable.get(key, 0),
        )
        if isinstance(decision, Refusal):
            self._ledger.refuse(signal, decision.detail, by=decision.refused_by)
            return
        due = decision.due
        if due is not None and not self._is_ordered(due):
            placement = self._place_exit(due, signal, lot=decision.lot)
            if isinstance(placement, Placed):
                return
        self._mark(signal, decision.lot)

    def _is_ordered(self, due: DueExit) -> bool:
        session = self._gatherer.session
        return exit_order_id(due.lot, reason=due.reason, session=session) in self._ledger.past

    def _exit(self, due: DueExit) -> None:
        placement = self._place_exit(due, None, lot=None)
        if isinstance(placement, Declined):
            self._held_back(due, placement)

    def _place_exit(
        self, due: DueExit, signal: ReceivedSignal | None, *, lot: Lot | None
    ) -> Placement:
        symbol, session = due.lot.symbol, self._gatherer.session
        shelf = self._gatherer.references
        shelf.cover({symbol}, session=session)
        told = None if signal is None else _told_today(signal, shelf).reference_price
        request = self._rules.generator.exit(
            due,
            session,
            signal_id=None if signal is None else signal.signal_id,
            reference_price=told or shelf.last_close(symbol),
        )
        quotes = self._gatherer.quotes(symbol)
        return self._placer.place(
            request, quotes, signal=signal, lots=() if lot is None else (lot,)
        )

    def _held_back(self, due: DueExit, declined: Declined) -> None:
        # The same refusal is on record once a session, however often it is tried.
        order_id = exit_order_id(due.lot, reason=due.reason, session=self._gatherer.session)
        name = f"held|{order_id}|{declined.reason.partition(':')[0]}"
        if name not in self._told:
            self._ledger.commit(
                self._ledger.change(
                    name, cascade_runs=declined.runs, day_trade_decisions=declined.decisions
                )
            )
            self._told.add(name)

    def _entry(self, signal: ReceivedSignal) -> None:
        signal = _told_today(signal, self._gatherer.references)
        quotes = self._gatherer.quotes(signal.symbol)
        request = self._rules.generator.entry(signal, self._entry_facts(signal, quotes))
        if isinstance(request, Refusal):
            if may_come(request.missing):
                self._missing[signal.signal_id] = request.detail
                return
            self._ledger.refuse(signal, request.detail, by=request.refused_by)
            return
        placement = self._placer.place(request, quotes, signal=signal)
        if isinstance(placement, Waits):
            self._missing[signal.signal_id] = placement.reason
        elif isinstance(placement, Declined):
            self._ledger.refuse(
                signal,
                placement.reason,
                by=RefusedBy.RISK,
                cascade_runs=placement.runs,
                day_trade_decisions=placement.decisions,
            )

    def _entry_facts(self, signal: ReceivedSignal, quotes: Mapping[Symbol, Quote]) -> EntryFacts:
        book, key = self._ledger.book, LotKey(signal.strategy, signal.symbol)
        exposure, cash = self._gatherer.reckoned(None)
        return EntryFacts(
            account=self._ledger.account,
            session=self._gatherer.session,
            equity_usd=book.equity_usd(),
            free_cash_usd=None if cash is None else cash - exposure.reserved_usd,
            quote=quotes.get(signal.symbol),
            last_close=self._gatherer.references.last_close(signal.symbol),
            terms=self._gatherer.references.terms(signal.strategy),
            lot=book.lots.get(key),
            is_working=(signal.strategy, signal.symbol, Side.BUY) in exposure.intents,
        )


def _told_today(signal: ReceivedSignal, shelf: ReferenceShelf) -> ReceivedSignal:
    # A price decided at before a split is one of shares that are no more.
    price = signal.reference_price
    if price is None:
        return signal
    return replace(signal, reference_price=shelf.of_today(signal.symbol, price))
