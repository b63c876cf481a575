"""What is known beside the bars, laid out so that a session can see only what was known on it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownValues:
    """Values of each symbol that hold from a session until the next of that symbol.

    Entries `offsets[c]` to before `offsets[c + 1]` are those of symbol c, ascending by `row`: the
    first session at whose decision they were known. `values` has one array a field; NaN is
    unknown.
    """

    offsets: Positions
    row: Positions
    values: Mapping[str, NDArray[np.float64]]

    def until(self, stop: int) -> KnownValues:
        """Return what was known before session row `stop`."""
        kept = self.row < stop
        return KnownValues(
            offsets=_offsets_of(kept, self.offsets),
            row=self.row[kept],
            values={name: values[kept] for name, values in self.values.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InsiderTrades:
    """Open-market purchases and sales of insiders, by symbol as `KnownValues`.

    Each counts from session row `row` on, in windows that reach back to row `position`; the two
    differ where an amendment put a trade in the place of an earlier one, which then counts anew
    with `sign` -1. `owner` numbers the insiders. `shares` are counted in shares of the symbol's
    first bar, `notional` is USD (NaN where no price was given). `covered_from` is, by symbol, the
    first row from which its filings are complete; `sessions`, the number of rows there are, where
    they never are.
    """

    sessions: int
    offsets: Positions
    row: Positions
    position: Positions
    sign: NDArray[np.int8]
    owner: NDArray[np.int32]
    is_purchase: NDArray[np.bool_]
    is_officer: NDArray[np.bool_]
    shares: NDArray[np.float64]
    notional: NDArray[np.float64]
    covered_from: Positions

    def until(self, stop: int) -> InsiderTrades:
        """Return what was known before session row `stop`."""
        kept = self.row < stop
        sessions = min(self.sessions, stop)
        return replace(
            self,
            **self._entries(kept),
            sessions=sessions,
            offsets=_offsets_of(kept, self.offsets),
            covered_from=np.minimum(self.covered_from, sessions),
        )

    def since(self, first: int) -> InsiderTrades:
        """Return trades of session row `first` and after, rows counted from it.

        What was known before it is known from it on.
        """
        kept = self.position >= first
        trades = replace(self, **self._entries(kept), offsets=_offsets_of(kept, self.offsets))
        return replace(
            trades,
            sessions=self.sessions - first,
            row=np.maximum(trades.row - first, 0),
            position=trades.position - first,
            covered_from=np.maximum(self.covered_from - first, 0),
        )

    def of(self, symbols: slice) -> InsiderTrades:
        """Return the trades of some neighbouring symbols."""
        start, stop, _ = symbols.indices(len(self.covered_from))
        offsets = self.offsets[start : stop + 1]
        return replace(
            self,
            **self._entries(slice(offsets[0], offsets[-1])),
            offsets=offsets - offsets[0],
            covered_from=self.covered_from[symbols],
        )

    def _entries(self, which: NDArray[np.bool_] | slice) -> dict[str, Any]:
        own = {"sessions", "offsets", "covered_from"}
        names = (field.name for field in fields(self) if field.name not in own)
        return {name: getattr(self, name)[which] for name in names}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketContext:
    """What is known beside bars; None where a family has nothing.

    `vix` and `spy` have one value a session, NaN where unknown. `sector` is `sessions x symbols`,
    a place in `sector_names` or -1.
    """

    reports: KnownValues | None = None
    short_interest: KnownValues | None = None
    insiders: InsiderTrades | None = None
    vix: NDArray[np.float64] | None = None
    spy: NDArray[np.float64] | None = None
    sector: NDArray[np.int16] | None = None
    sector_names: tuple[str, ...] = ()

    def until(self, stop: int) -> MarketContext:
        """Return what was known before session row `stop`."""
        return MarketContext(
            reports=None if self.reports is None else self.reports.until(stop),
            short_interest=(
                None if self.short_interest is None else self.short_interest.until(stop)
            ),
            insiders=None if self.insiders is None else self.insiders.until(stop),
            vix=None if self.vix is None else self.vix[:stop],
            spy=None if self.spy is None else self.spy[:stop],
            sector=None if self.sector is None else self.sector[:stop],
            sector_names=self.sector_names,
        )


NO_CONTEXT: Final = MarketContext()


def _offsets_of(kept: NDArray[np.bool_], offsets: Positions) -> Positions:
    counted = np.concatenate([[0], np.cumsum(kept)])
    return counted[offsets]
