"""A quote board in memory."""

from __future__ import annotations

from alpha_oracle.errors import StoreUnavailable


class InMemoryQuoteBoard:
    """Newest quotes by symbol; `is_away`: out of reach."""

    def __init__(self) -> None:
        self.newest = {}
        self.is_away = False

    def quotes(self, symbols):
        self._reach()
        return {symbol: self.newest[symbol] for symbol in symbols if symbol in self.newest}

    def publish(self, quotes):
        self._reach()
        self.newest |= {quote.symbol: quote for quote in quotes}

    def _reach(self):
        if self.is_away:
            raise StoreUnavailable("the board is out of reach")
