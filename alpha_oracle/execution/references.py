"""Reference data of the session, asked for once, and again where a symbol is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.trading_facts import References
from alpha_oracle.execution.order_requests import StrategyTerms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.execution.book import Book
    from alpha_oracle.ports.trading_facts import TradingFacts

_NOTHING: Final = References(session=date.min, symbols=frozenset())


class ReferenceShelf:
    """What was known before the session, of every symbol asked for so far."""

    def __init__(self, facts: TradingFacts) -> None:
        self._facts = facts
        self.known = _NOTHING
        self._ratios: dict[Symbol, Decimal] = {}

    def cover(self, symbols: Iterable[Symbol], *, session: Session) -> References:
        """Return references that cover these symbols too."""
        wanted = frozenset(symbols)
        if self.known.session != session or not wanted <= self.known.symbols:
            self._ask(wanted, session)
        return self.known

    def cover_book(self, book: Book, *, session: Session) -> References:
        """Return references that cover all that a book holds and has ordered too."""
        held = {lot.symbol for lot in book.lots.values()}
        return self.cover(held | {one.symbol for one in book.unfinished()}, session=session)

    def reread(self, symbols: Iterable[Symbol], *, session: Session) -> References:
        """Return references that cover these symbols too, all of them asked for anew."""
        self._ask(frozenset(symbols), session)
        return self.known

    def _ask(self, symbols: frozenset[Symbol], session: Session) -> None:
        is_current = self.known.session == session
        more = symbols | (self.known.symbols if is_current else frozenset())
        self.known = self._facts.references(more, session=session)
        self._ratios = self._split_ratios(more, session)

    def last_close(self, symbol: Symbol) -> Decimal | None:
        """Return the close of the session before, USD in shares of today."""
        close = self.known.last_closes.get(symbol)
        return None if close is None else self.of_today(symbol, close)

    def of_today(self, symbol: Symbol, price: Decimal) -> Decimal:
        """Return a price of the session before in shares of today."""
        return price / self._ratios.get(symbol, 1)

    def told_today(self, signal: ReceivedSignal) -> ReceivedSignal:
        """Return a signal with its price in shares of today, whatever was split since."""
        price = signal.reference_price
        if price is None or signal.symbol not in self._ratios:
            return signal
        return replace(signal, reference_price=self.of_today(signal.symbol, price))

    def terms(self, strategy: str) -> StrategyTerms:
        """Return what stands in for what a signal of six fields does not say."""
        standing = self.known.standings.get(strategy)
        return StrategyTerms(
            statistics=None if standing is None else standing.statistics,
            is_eligible=standing is not None and standing.is_eligible,
            hold=self.known.holds.get(strategy),
        )

    def _split_ratios(self, symbols: Iterable[Symbol], session: Session) -> dict[Symbol, Decimal]:
        ratios: dict[Symbol, Decimal] = {}
        before = calendar.shift_session(session, -1)
        for one in self._facts.actions(frozenset(symbols), after=before, through=session):
            if one.kind is ActionKind.SPLIT:
                ratios[one.symbol] = ratios.get(one.symbol, Decimal(1)) * one.value
        return ratios
