"""Bars that came again: what a source gives now for sessions that are stored already."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.marketdata.validation.levels import log_levels
from alpha_oracle.marketdata.validation.timeline import Timeline, lay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import ReceivedBars, StoredBars
    from alpha_oracle.domain.market import CorporateAction, Symbol

# Prices come rounded to cents, and an adjusted one was rounded once more.
_HALF_A_CENT: Final = 0.005
# Below a cent's worth of precision (vendors send more places of small prices) two closes are the
# same up to a hundredth of a percent, and never when they are two percent apart.
_LEAST_ROUNDING: Final = 1e-4
_MOST_ROUNDING: Final = 0.02
# Not far beyond it, a power of e is no number any more; so far apart, nothing is nearer.
_LARGEST_SHIFT: Final = 50.0
# What arithmetic on logarithms leaves of nothing.
_NOTHING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepeatedRows:
    """Sessions that are stored and came again, one row each, ascending by symbol and session.

    `shift` is the logarithm of the received close over the stored one, once recorded corporate
    actions have brought them to one level: 0 where the two say the same. `rounding` is how much of
    it the rounding of prices may be. Prices had the actions up to day `was` (stored) and `now`
    (received) applied, days from 1970. `stored_close` is the stored close in received prices.
    `is_converted` marks rows whose two prices are of different bases or split by an action;
    `is_changed` those whose stored numbers differ though nothing lies between them. `row` is the
    position among the received bars. Volume is no evidence: vendors count it differently.
    """

    symbols: tuple[Symbol, ...]
    code: NDArray[np.int64]
    day: NDArray[np.int64]
    row: NDArray[np.int64]
    shift: NDArray[np.float64]
    rounding: NDArray[np.float64]
    was: NDArray[np.int64]
    now: NDArray[np.int64]
    close: NDArray[np.float64]
    stored_close: NDArray[np.float64]
    is_fully_adjusted: NDArray[np.bool_]
    is_same_source: NDArray[np.bool_]
    is_converted: NDArray[np.bool_]
    is_changed: NDArray[np.bool_]
    origin: NDArray[np.int64]
    """Position of the stored bar's batch among those stored."""

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> RepeatedRows:
        """Return some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Whether both closes are numbers to compare; a missing or zero one says nothing."""
        usable: NDArray[np.bool_] = np.isfinite(self.shift)
        return usable


_ARRAYS: Final = tuple(field.name for field in fields(RepeatedRows) if field.name != "symbols")


def is_repeated(received: ReceivedBars, stored: StoredBars) -> NDArray[np.bool_]:
    """Tell of each received row whether its symbol and session are stored, also of a second one."""
    new, old = _laid(received, stored)
    repeated: NDArray[np.bool_] = np.isin(new.key, old.key)
    return repeated


def repeated_rows(
    received: ReceivedBars, stored: StoredBars, actions: Sequence[CorporateAction]
) -> RepeatedRows:
    """Lay the received bars of stored sessions beside the stored ones."""
    new, old = _laid(received, stored)
    _, new_rows, old_rows = np.intersect1d(new.key, old.key, return_indices=True)
    new, old = new.take(new_rows), old.take(old_rows)
    # Both hold the same sessions now, so that both levels count from the same one.
    new_levels, old_levels = log_levels(new, actions), log_levels(old, actions)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = (new_levels - np.log(new.close)) - (old_levels - np.log(old.close))
        shift = new_levels - old_levels
        shift = np.where(np.isfinite(shift), np.clip(shift, -_LARGEST_SHIFT, _LARGEST_SHIFT), shift)
        rounding = _LEAST_ROUNDING + _HALF_A_CENT / new.close + _HALF_A_CENT / old.close
        stored_close = old.close * np.exp(-factor)
    is_same_basis = (new.is_split_adjusted == old.is_split_adjusted) & (
        new.is_fully_adjusted == old.is_fully_adjusted
    )
    is_converted = ~(np.abs(factor) < _NOTHING) | ~is_same_basis
    prices_differ = np.any(new.numbers[:, :4] != old.numbers[:, :4], axis=1)
    batch_index = stored.batch_index[old_rows].astype(np.int64)
    sources = np.array([batch.source == received.batch.source for batch in stored.batches], bool)
    return RepeatedRows(
        symbols=new.symbols,
        code=new.code,
        day=new.day,
        row=new_rows.astype(np.int64),
        shift=shift,
        rounding=np.clip(rounding, _LEAST_ROUNDING, _MOST_ROUNDING),
        was=_applied_through(old),
        now=_applied_through(new),
        close=new.close,
        stored_close=stored_close,
        is_fully_adjusted=new.is_fully_adjusted | old.is_fully_adjusted,
        is_same_source=sources[batch_index],
        is_converted=is_converted,
        is_changed=prices_differ & ~is_converted,
        origin=batch_index,
    )


def _laid(received: ReceivedBars, stored: StoredBars) -> tuple[Timeline, Timeline]:
    symbols = tuple(sorted({*received.bars.symbols, *stored.bars.symbols}))
    origins = np.zeros(len(received.bars), dtype=np.intp)
    new = lay(received.bars, symbols, batches=(received.batch,), batch_index=origins)
    old = lay(stored.bars, symbols, batches=stored.batches, batch_index=stored.batch_index)
    return new, old


def _applied_through(rows: Timeline) -> NDArray[np.int64]:
    is_adjusted = rows.is_split_adjusted | rows.is_fully_adjusted
    through: NDArray[np.int64] = np.where(is_adjusted, np.maximum(rows.through, rows.day), rows.day)
    return through
