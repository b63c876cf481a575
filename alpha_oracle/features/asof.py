"""The join on what was known: each report's values carried forward to the sessions after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from alpha_oracle.features.context import KnownValues

Mask: TypeAlias = NDArray[np.bool_]
Positions: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entries:
    """The entries of some neighbouring symbols in the order they became known.

    `place` is where each stands in the `KnownValues`; `known` has, one above the other, the rows
    from which they are and the columns of their symbols among these.
    """

    place: Positions
    known: Positions

    @classmethod
    def of(cls, table: KnownValues, symbols: slice) -> Entries:
        """Return the entries of some symbols."""
        start, stop, _ = symbols.indices(len(table.offsets) - 1)
        offsets = table.offsets[start : stop + 1]
        place = np.arange(offsets[0], offsets[-1])
        column = np.repeat(np.arange(stop - start), np.diff(offsets))
        order = np.argsort(table.row[place], kind="stable")
        place = place[order]
        return cls(place=place, known=np.stack([table.row[place], column[order]]))

    def carry(
        self, values: NDArray[np.float64], out: NDArray[Any], *, has_bar: Mask, first: int = 0
    ) -> None:
        """Write each symbol's newest value to the sessions it has a bar; NaN where none is known.

        `values` has one an entry of the `KnownValues`. The symbols' columns of `out` start with
        `first`. `out` may hold fewer sessions than `has_bar`: the last ones.
        """
        _carry(self.known, values[self.place], has_bar, out, first)


@kernel
def _carry(
    known: Positions, values: NDArray[np.float64], has_bar: Mask, out: NDArray[Any], first: int
) -> None:
    rows, columns = has_bar.shape
    start = rows - len(out)
    newest = np.full(columns, np.nan)
    entry = 0
    for row in range(start, rows):
        while entry < known.shape[1] and known[0, entry] <= row:
            newest[known[1, entry]] = values[entry]
            entry += 1
        for column in range(columns):
            out[row - start, first + column] = newest[column] if has_bar[row, column] else np.nan
