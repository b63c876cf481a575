"""The market as the worker sees it, and what it makes the shares count at that are held."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.execution.recency import is_recent

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard

VIX_SYMBOL: Final = Symbol(VIX)

FRESH: Final = timedelta(seconds=1)
"""How old the reading of what is held or working may be; what is decided on is read now."""

AT_ONCE: Final = timedelta(milliseconds=250)
"""How long what was read for several decisions, made one after the other, is of now."""


class MarketReader:
    """Reads quotes, and marks the book by them.

    In market hours nothing else marks what is held: without a quote of now its price, and with it
    the account's equity, is unknown. `marked` grows with every change of a mark.
    """

    def __init__(
        self, board: QuoteBoard, ledger: Ledger, *, clock: Clock, stale_seconds: Decimal
    ) -> None:
        self._board = board
        self._ledger = ledger
        self._clock = clock
        self._stale_seconds = float(stale_seconds)
        self._own: dict[Symbol, Quote] | None = None
        self._asked: set[Symbol] = set()
        self._read_at: datetime | None = None
        self._of_now: tuple[datetime, set[Symbol]] | None = None
        self.marked = 0

    def begin(self) -> None:
        """Let everything be read anew, if it was read a while ago or something is new in it."""
        is_fresh = is_recent(self._read_at, self._clock.now(), within=FRESH)
        if not is_fresh or not self.own_symbols() <= self._asked:
            self._own = None
        self._of_now = None

    def forget(self) -> None:
        """Let everything be read anew: the book is marked by other prices than the market's."""
        self._own = self._of_now = None

    def quotes(self, *symbols: Symbol, session: Session) -> Mapping[Symbol, Quote]:
        """Return a session's quotes of symbols, of all that is held or working, and of VIX.

        The named ones are read now, and VIX with them. A board out of reach has none. Before the
        open quotes may be in shares that the book does not hold yet.
        """
        try:
            if self._own is None:
                self._own = self._whole(symbols, session)
            elif unread := set(symbols) - self._read_at_once():
                self._own = self._anew({VIX_SYMBOL, *unread}, self._own, session)
        except StoreUnavailable:
            return {}
        return self._own

    def own_symbols(self) -> set[Symbol]:
        """Return the symbols held or being traded."""
        book = self._ledger.book
        held = {lot.symbol for lot in book.lots.values() if lot.quantity}
        return held | {order.symbol for order in book.unfinished()}

    def _read_at_once(self) -> set[Symbol]:
        now = self._clock.now()
        if self._of_now is None or not is_recent(self._of_now[0], now, within=AT_ONCE):
            self._of_now = (now, set())
        return self._of_now[1]

    def _whole(self, symbols: Collection[Symbol], session: Session) -> dict[Symbol, Quote]:
        asked, now = {VIX_SYMBOL, *self.own_symbols(), *symbols}, self._clock.now()
        found = self._read(asked, session)
        self._unmark(found, session)
        self._asked, self._read_at = asked, now
        return found

    def _anew(
        self, symbols: Collection[Symbol], known: Mapping[Symbol, Quote], session: Session
    ) -> dict[Symbol, Quote]:
        told = self._read(symbols, session)
        self._asked.update(symbols)
        return {**{symbol: one for symbol, one in known.items() if symbol not in symbols}, **told}

    def _read(self, symbols: Collection[Symbol], session: Session) -> dict[Symbol, Quote]:
        opens, closes = calendar.session_open(session), calendar.session_close(session)
        found = self._board.quotes(symbols)
        self._read_at_once().update(symbols)
        todays = {symbol: one for symbol, one in found.items() if opens <= one.at <= closes}
        for symbol, quote in todays.items():
            if quote.mark is not None and symbol != VIX_SYMBOL and self._counts(quote, session):
                self._mark(symbol, quote.mark)
        return todays

    def _unmark(self, quotes: Mapping[Symbol, Quote], session: Session) -> None:
        for lot in self._ledger.book.lots.values():
            if not self._counts(quotes.get(lot.symbol), session):
                self._mark(lot.symbol, None)

    def _mark(self, symbol: Symbol, price: Decimal | None) -> None:
        marks = self._ledger.book.marks
        if marks.get(symbol) == price:
            return
        self.marked += 1
        if price is None:
            del marks[symbol]
        else:
            marks[symbol] = price

    def _counts(self, quote: Quote | None, session: Session) -> bool:
        now = self._clock.now()
        if now >= calendar.session_close(session):
            return True
        return quote is not None and abs(quote.age_seconds(now)) < self._stale_seconds
