"""Which rows of which parts are the ones asked for, and where they go."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.ports.features import CachedFeature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.adapters.parquet.footers import PartHeader
    from alpha_oracle.adapters.parquet.parts import PartReader
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.features import FeatureKey

    Values = NDArray[np.float32]


class Search:
    """What is looked for, and what of it was found so far. Threads may search parts at once."""

    def __init__(
        self,
        keys: Mapping[str, FeatureKey],
        *,
        sessions: NDArray[np.datetime64],
        symbols: Sequence[Symbol],
    ) -> None:
        self.sessions: list[str] = sessions.astype(str).tolist()
        self._keys = keys
        self._symbols = tuple(symbols)
        self._row_of = {day: row for row, day in enumerate(self.sessions)}
        shape = (len(sessions), len(symbols))
        # In one piece: the system gives it out in pages of 2 MiB, and only where it is written to.
        gathered = np.empty((len(keys), *shape), np.float32)
        self._gathered: dict[str, Values] = dict(zip(keys, gathered, strict=True))
        self._whole: dict[str, Values] = {}
        self._found = {name: np.zeros(len(sessions), dtype=np.bool_) for name in keys}

    def lacks(self, first: str, last: str) -> bool:
        """Return whether any feature is still missing on a session from `first` to `last`."""
        rows = slice(bisect_left(self.sessions, first), bisect_right(self.sessions, last))
        return not all(found[rows].all() for found in self._found.values())

    def wants(self, header: PartHeader) -> bool:
        """Return whether a part may have any of the features."""
        return not self._keys.keys().isdisjoint(header.columns)

    def take(self, part: PartReader) -> bool:
        """Copy what the part has and is still missing; return whether there was any."""
        wanted: dict[tuple[int, int], list[str]] = {}
        header = part.header
        for name in self._keys.keys() & header.columns.keys():
            if header.columns[name].definition == self._keys[name].definition:
                rows = self._matching(name, header.sessions, header.digests_of(name))
                if rows is not None:
                    wanted.setdefault(rows, []).append(name)
        for (first, stop), names in wanted.items():
            self._keep(part, names, first=first, stop=stop)
        return bool(wanted)

    def result(self) -> dict[str, CachedFeature]:
        """Return the features of which something was found; NaN where it was not."""
        answer = {}
        for name, found in self._found.items():
            values = self._whole.get(name)
            if values is None and found.any():
                values = self._gathered[name]
                values[~found] = np.nan
            if values is not None:
                answer[name] = CachedFeature(values=values, found=found)
        return answer

    def _matching(
        self, name: str, sessions: Sequence[str], digests: NDArray[np.uint64]
    ) -> tuple[int, int] | None:
        """Return the part's rows that are the feature's, where not all of them are known."""
        known = self._keys[name].digests
        start = self._row_of.get(sessions[0])
        if start is not None and np.array_equal(known[start : start + len(sessions)], digests):
            whole = self._found[name][start : start + len(sessions)].all()
            return None if whole else (0, len(sessions))
        rows = [self._row_of.get(day) for day in sessions]
        same = [
            place
            for place, row in enumerate(rows)
            if row is not None and np.array_equal(known[row], digests[place])
        ]
        if not same:
            return None
        first, stop = same[0], same[-1] + 1
        target = self._target(sessions, first=first, stop=stop)
        if stop - first != len(same) or target is None or self._found[name][target].all():
            return None
        return first, stop

    def _target(self, sessions: Sequence[str], *, first: int, stop: int) -> slice | None:
        start = self._row_of[sessions[first]]
        end = self._row_of[sessions[stop - 1]] + 1
        return slice(start, end) if end - start == stop - first else None

    def _keep(self, part: PartReader, names: Sequence[str], *, first: int, stop: int) -> None:
        rows = self._target(part.header.sessions, first=first, stop=stop)
        if rows is None:
            return
        columns = self._columns_of(part.header.symbols)
        for name, values in part.read(names, first=first, stop=stop).items():
            if columns is None and stop - first == len(self.sessions):
                self._whole[name] = values
            else:
                self._gathered[name][rows] = _chosen(values, columns)
            self._found[name][rows] = True

    def _columns_of(self, symbols: tuple[str, ...]) -> NDArray[np.int64] | None:
        """Return where the part has each symbol, -1 where not; None where they are the same."""
        if symbols == self._symbols:
            return None
        column_of = {symbol: column for column, symbol in enumerate(symbols)}
        return np.array([column_of.get(symbol, -1) for symbol in self._symbols], dtype=np.int64)


def _chosen(values: Values, columns: NDArray[np.int64] | None) -> Values:
    if columns is None:
        return values
    chosen: Values = np.where(columns >= 0, values[:, columns], np.float32(np.nan))
    return chosen
