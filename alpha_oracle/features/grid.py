"""Where each bar of a long table stands in a matrix of sessions and symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns
    from alpha_oracle.domain.market import Session

    Values = NDArray[np.float64]
    Positions = NDArray[np.int64]

# Wider than any day number, so that (symbol, day) sorts as one integer.
DAYS: Final = 1 << 32


def keys(columns: Positions, days: Positions) -> Positions:
    """Return one ascending integer a (symbol, day)."""
    joined: Positions = columns * DAYS + days
    return joined


class Grid:
    """The matrix that bars are laid out in.

    Raises:
        DataError: a bar stands on a day that is not among the sessions.
    """

    def __init__(self, bars: BarColumns, sessions: Sequence[Session]) -> None:
        self.sessions = np.array(sessions, dtype="datetime64[D]")
        self.symbols = bars.symbols
        self.columns = bars.symbol_index.astype(np.int64)
        self.days = bars.session.astype("datetime64[D]").astype(np.int64)
        self.rows = np.searchsorted(self.sessions.astype(np.int64), self.days)
        self._refuse_other_days()
        self._priced = np.flatnonzero(np.isfinite(bars.close))
        self._priced_keys = keys(self.columns[self._priced], self.days[self._priced])

    def _refuse_other_days(self) -> None:
        found = self.sessions.astype(np.int64)[np.minimum(self.rows, len(self.sessions) - 1)]
        outside = np.flatnonzero(found != self.days)
        if outside.size:
            symbol = self.symbols[self.columns[outside[0]]]
            day = np.datetime64(int(self.days[outside[0]]), "D")
            raise DataError(
                f"{outside.size} bars stand outside the sessions asked for, first {symbol} on "
                f"{day}; quarantine them or ask for those sessions"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Sessions and symbols."""
        return len(self.sessions), len(self.symbols)

    def matrix(self, values: Values) -> Values:
        """Return one value a bar as a matrix; NaN where there is no bar."""
        out = np.full(self.shape, np.nan)
        out[self.rows, self.columns] = values
        return out

    def priced_before(self, columns: Positions, days: Positions) -> Positions:
        """Return each symbol's last bar with a close before a day; -1 where there is none."""
        place = np.searchsorted(self._priced_keys, keys(columns, days)) - 1
        return self._of_symbol(place, columns)

    def priced_from(self, columns: Positions, days: Positions) -> Positions:
        """Return each symbol's first bar with a close on or after a day; -1 where there is none."""
        place = np.searchsorted(self._priced_keys, keys(columns, days))
        return self._of_symbol(place, columns)

    def _of_symbol(self, place: Positions, columns: Positions) -> Positions:
        inside = (place >= 0) & (place < len(self._priced))
        bar = np.full(len(place), -1, dtype=np.int64)
        if not inside.any():
            return bar
        bar[inside] = self._priced[place[inside]]
        bar[inside & (self.columns[bar] != columns)] = -1
        return bar
