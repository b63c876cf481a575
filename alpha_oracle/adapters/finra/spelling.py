"""Which of our symbols FINRA means: it writes tickers without what separates their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Collection

_SEPARATOR = "."


class Spelling:
    """Reads FINRA's `BRKB` as `BRK.B` where we follow that, and as `BRKB` where we do not."""

    def __init__(self, symbols: Collection[Symbol]) -> None:
        self._known: dict[str, list[Symbol]] = {}
        for symbol in sorted(set(symbols)):
            self._known.setdefault(symbol.replace(_SEPARATOR, ""), []).append(symbol)

    def symbol(self, text: str) -> Symbol:
        """Return the symbol FINRA means.

        Raises:
            UnknownSymbol: it is no ticker, or may be more than one of ours.
        """
        written = parse_symbol(text)
        if _SEPARATOR in written:
            return written
        meant = self._known.get(written, [written])
        if len(meant) > 1:
            raise UnknownSymbol(f"{text} may be {' or '.join(meant)}: FINRA writes both alike")
        return meant[0]
