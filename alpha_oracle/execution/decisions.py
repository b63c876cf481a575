"""The work of a window: lots that are due are sold, then waiting signals are decided, best first.

Whatever the next moment may still supply decides nothing: an exit waits until it comes, an entry
until it expires. Entries wait until the exits are through, so that their cash and slots go to the
best. Nothing is decided in one go that may take long: the switch and the broker are looked at in
between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from alpha_oracle.domain.orders import RefusedBy, Side
from alpha_oracle.domain.portfolio import LotKey
from alpha_oracle.domain.trading_records import SignalOutcomeKind
from alpha_oracle.execution.inbox_rules import (
    Standing,
    in_order_of_work,
    session_in_window,
    standing,
)
from alpha_oracle.execution.order_requests import EntryFacts, Refusal, expired
from alpha_oracle.execution.placements import Declined, Waits, may_come
from alpha_oracle.execution.selling import Seller

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.placements import Placement
    from alpha_oracle.execution.placing import Placer
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock

One = TypeVar("One")

DECISIONS: Final = 100
"""Decisions made in one go, durable together: a fifth of a second's work."""


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
        self._seller = Seller(rules, ledger, gatherer, placer, clock=clock)
        self._missing: dict[str, str] = {}
        self._looked_at: set[str] = set()
        self._left = DECISIONS

    def expire(self) -> None:
        """Give signals whose time is over their outcome, a few at once, and tell what is unsold."""
        now = self._clock.now()
        over = [one for one in self._ledger.waiting.values() if one.expires_at <= now]
        for signal in over[:DECISIONS]:
            self._expire(signal)
        self._seller.give_up()

    def has_work(self) -> bool:
        """Whether an open window has anything to decide."""
        return any(True for _ in self._due_signals()) or bool(self._seller.due())

    def work(self) -> bool:
        """Decide what is due, a few at once: exits first, then entries as they rank.

        Return whether there is more of it. What was looked at once comes again when all was.
        Orders are sent when all that was decided is durable.
        """
        self._left = DECISIONS
        with self._placer.together():
            self._decide()
        is_through = self._left > 0
        if is_through:
            self._looked_at.clear()
        return not is_through

    def _decide(self) -> None:
        signals = self._ordered(self._due_signals())
        for signal in self._turns({one.signal_id: one for one in signals if not one.is_entry}):
            self._seller.hear(signal)
        session = self._gatherer.session
        for due in self._turns({one.order_id(session): one for one in self._seller.due()}):
            self._seller.sell(due)
        self._enter([one for one in signals if one.is_entry])

    def _turns(self, work: Mapping[str, One]) -> Iterator[One]:
        for name, one in work.items():
            if name in self._looked_at:
                continue
            if not self._left:
                return
            self._left -= 1
            self._looked_at.add(name)
            yield one

    def _enter(self, entries: Sequence[ReceivedSignal]) -> None:
        awaited = self._seller.awaited() if entries and self._left else ""
        if awaited:
            self._wait(entries, awaited)
            return
        self._look_at_markets(entries)
        for signal in self._turns({one.signal_id: one for one in entries}):
            placement = self._entry(signal)
            if isinstance(placement, Waits) and placement.ends_the_pass:
                # None goes before a better one that only has to take its turn, now or next.
                self._looked_at.discard(signal.signal_id)
                self._wait(entries[entries.index(signal) :], placement.reason)
                return

    def _look_at_markets(self, entries: Sequence[ReceivedSignal]) -> None:
        coming = [one.symbol for one in entries if one.signal_id not in self._looked_at]
        if coming:
            self._gatherer.quotes(*coming[: self._left])

    def _wait(self, signals: Iterable[ReceivedSignal], reason: str) -> None:
        self._missing |= {signal.signal_id: reason for signal in signals}

    def _due_signals(self) -> Iterator[ReceivedSignal]:
        now = self._clock.now()
        session = session_in_window(now, self._rules.window)
        for signal in self._ledger.waiting.values():
            if standing(signal, now, session=session) is Standing.DUE:
                yield signal

    def _ordered(self, signals: Iterable[ReceivedSignal]) -> list[ReceivedSignal]:
        due = list(signals)
        if not due:
            return []
        symbols = {signal.symbol for signal in due}
        known = self._gatherer.references.cover(symbols, session=self._gatherer.session)
        scores = {name: one.score for name, one in known.standings.items()}
        return in_order_of_work(due, scores)

    def _expire(self, signal: ReceivedSignal) -> None:
        lot = self._ledger.book.lots.get(LotKey(signal.strategy, signal.symbol))
        is_wish_to_leave = not signal.is_entry and lot is not None and lot.quantity > 0
        if lot is not None and is_wish_to_leave and lot.opened <= signal.session:
            # A wish to leave does not end with its day: it only reduces risk.
            marked = replace(lot, wants_out=True)
            self._seller.mark(signal, marked, reason=expired(signal).detail)
            return
        missing = self._missing.pop(signal.signal_id, None)
        reason = expired(signal).detail + (f"; it waited for: {missing}" if missing else "")
        self._ledger.refuse(signal, reason, by=RefusedBy.SYSTEM, kind=SignalOutcomeKind.EXPIRED)

    def _entry(self, signal: ReceivedSignal) -> Placement | Refusal:
        signal = self._gatherer.references.told_today(signal)
        quotes = self._gatherer.quotes(signal.symbol)
        request = self._rules.generator.entry(signal, self._entry_facts(signal, quotes))
        if isinstance(request, Refusal):
            if may_come(request.missing):
                return self._waits(signal, Waits(reason=request.detail))
            self._ledger.refuse(signal, request.detail, by=request.refused_by)
            return request
        placement = self._placer.place(request, quotes, signal=signal)
        if isinstance(placement, Waits):
            return self._waits(signal, placement)
        if isinstance(placement, Declined):
            self._ledger.refuse(
                signal,
                placement.reason,
                by=RefusedBy.RISK,
                cascade_runs=placement.runs,
                day_trade_decisions=placement.decisions,
            )
        self._missing.pop(signal.signal_id, None)
        return placement

    def _waits(self, signal: ReceivedSignal, waits: Waits) -> Waits:
        self._missing[signal.signal_id] = waits.reason
        return waits

    def _entry_facts(self, signal: ReceivedSignal, quotes: Mapping[Symbol, Quote]) -> EntryFacts:
        book, key = self._ledger.book, LotKey(signal.strategy, signal.symbol)
        exposure, cash = self._gatherer.reckoned(None)
        return EntryFacts(
            account=self._ledger.account,
            session=self._gatherer.session,
            equity_usd=self._gatherer.equity_usd(),
            free_cash_usd=None if cash is None else cash - exposure.reserved_usd,
            quote=quotes.get(signal.symbol),
            last_close=self._gatherer.references.last_close(signal.symbol),
            terms=self._gatherer.references.terms(signal.strategy),
            lot=book.lots.get(key),
            is_working=(signal.strategy, signal.symbol, Side.BUY) in exposure.intents,
        )
