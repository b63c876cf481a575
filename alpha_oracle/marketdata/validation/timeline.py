"""Received bars laid between what is stored of the same symbols, in order of symbol and session."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.domain.market import PriceBasis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars, StoredBars
    from alpha_oracle.domain.market import Symbol

# Above any day number from 1970, so that symbol and day fit one ascending key.
DAY_SPAN: Final = 1 << 32
STORED: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """Rows ascending by symbol and session.

    `row` is a received bar's position in its batch, `STORED` for a stored bar; `is_known` marks
    the rows that the store already holds as they are, one for each symbol and session; `is_other`
    those of a symbol and session that the store holds otherwise. `numbers` is rows x (open, high,
    low, close, volume). `is_split_adjusted`, `is_fully_adjusted` and `through` (days from 1970, 0
    for raw) tell what the row's source did to prices.
    """

    symbols: tuple[Symbol, ...]
    code: NDArray[np.int64]
    day: NDArray[np.int64]
    numbers: NDArray[np.float64]
    through: NDArray[np.int64]
    is_split_adjusted: NDArray[np.bool_]
    is_fully_adjusted: NDArray[np.bool_]
    row: NDArray[np.int64]
    is_known: NDArray[np.bool_]
    is_other: NDArray[np.bool_]

    @property
    def close(self) -> NDArray[np.float64]:
        """Closes as received, USD."""
        closes: NDArray[np.float64] = self.numbers[:, 3]
        return closes

    @property
    def key(self) -> NDArray[np.int64]:
        """Symbol and session as one ascending number."""
        return self.code * DAY_SPAN + self.day

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Timeline:
        """Return some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})


_ARRAYS: Final = tuple(field.name for field in fields(Timeline) if field.name != "symbols")


def lay_out(received: ReceivedBars, stored: StoredBars | None) -> Timeline:
    """Lay received bars between stored ones; a stored bar that was received again gives way."""
    bars = received.bars
    symbols = tuple(sorted({*bars.symbols, *(stored.bars.symbols if stored else ())}))
    count = len(bars)
    new = lay(bars, symbols, batches=(received.batch,), batch_index=np.zeros(count, np.intp))
    new = replace(
        new, row=np.arange(count, dtype=np.int64), is_known=np.zeros(count, dtype=np.bool_)
    )
    if stored is None or not len(stored.bars):
        return new
    old = lay(stored.bars, symbols, batches=stored.batches, batch_index=stored.batch_index)
    return _merged(new, old)


def lay(
    bars: BarColumns,
    symbols: Sequence[Symbol],
    *,
    batches: Sequence[BarBatch],
    batch_index: NDArray[np.integer],
) -> Timeline:
    """Return bars as rows of a timeline of `symbols`, as if all of them were stored."""
    place = {symbol: position for position, symbol in enumerate(symbols)}
    table = np.array([place[symbol] for symbol in bars.symbols], dtype=np.int64)
    through = np.array([_days(batch) for batch in batches], dtype=np.int64)
    split = np.array([batch.basis is PriceBasis.SPLIT_ADJUSTED for batch in batches], dtype=bool)
    full = np.array([batch.basis is PriceBasis.FULLY_ADJUSTED for batch in batches], dtype=bool)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Timeline(
        symbols=tuple(symbols),
        code=table[bars.symbol_index],
        day=bars.session.astype("datetime64[D]").astype(np.int64),
        numbers=np.column_stack(columns),
        through=through[batch_index],
        is_split_adjusted=split[batch_index],
        is_fully_adjusted=full[batch_index],
        row=np.full(len(bars), STORED, dtype=np.int64),
        is_known=np.full(len(bars), fill_value=True),
        is_other=np.zeros(len(bars), dtype=np.bool_),
    )


def _merged(new: Timeline, old: Timeline) -> Timeline:
    old_keys, new_keys = old.key, new.key
    place = np.minimum(np.searchsorted(old_keys, new_keys), len(old_keys) - 1)
    is_stored = old_keys[place] == new_keys
    is_same = is_stored & _equal(new, old, place)
    is_known = _first_of_each(new_keys, is_same)
    new = replace(new, is_known=is_known, is_other=is_stored & ~is_same)
    old = old.take(~np.isin(old_keys, new_keys))
    both = _concatenated(old, new)
    return both.take(np.argsort(both.key, kind="stable"))


def _first_of_each(keys: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # A file may hold a stored bar twice: the second one is as surplus as when both were new.
    rows = np.flatnonzero(chosen)
    again = rows[1:][keys[rows][1:] == keys[rows][:-1]]
    first = chosen.copy()
    first[again] = False
    return first


def _equal(new: Timeline, old: Timeline, place: NDArray[np.intp]) -> NDArray[np.bool_]:
    same_numbers = np.all(new.numbers == old.numbers[place], axis=1)
    same_split = new.is_split_adjusted == old.is_split_adjusted[place]
    same_full = new.is_fully_adjusted == old.is_fully_adjusted[place]
    same: NDArray[np.bool_] = same_numbers & same_split & same_full
    return same


def _days(batch: BarBatch) -> int:
    if batch.adjusted_through is None:
        return 0
    return int(np.datetime64(batch.adjusted_through, "D").astype(np.int64))


def _concatenated(first: Timeline, second: Timeline) -> Timeline:
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in _ARRAYS
    }
    return replace(first, **joined)
