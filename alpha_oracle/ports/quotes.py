"""The board that a feed writes and everyone else reads: the newest quote of each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote


class QuoteBoard(Protocol):
    """Newest quotes by symbol. VIX is one of them, with a last price alone."""

    def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return what there is of some symbols, however old; what cannot be read is left out.

        Raises:
            StoreUnavailable: the board cannot be reached.
        """
        ...

    def publish(self, quotes: Collection[Quote]) -> None:
        """Let these be the newest quotes of their symbols.

        Raises:
            StoreUnavailable: the board cannot be reached; some of them may be there.
        """
        ...
