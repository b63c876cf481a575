"""Infers corporate actions from an adjusted close beside a raw one.

The factor adj_close / close changes overnight where a share changed what it is worth. A change
of more than a fifth that the close followed is a split; a smaller one is a cash dividend. What
lies below the rounding of the two columns is nothing. A split and a dividend of one day, and a
spin-off, come out as one split with a fractional value: the return is right, and nothing in two
columns tells the parts from one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.calendar import (
    first_session,
    is_session,
    last_session,
    next_session_after,
    session_open,
)
from alpha_oracle.domain.market import ActionKind, CorporateAction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns

SPLIT_CHANGE: Final = 1.2
_LARGEST_SPLIT: Final = 1e4
_LARGEST_CLOSE_USD: Final = 1e9
_SNAP_TOLERANCE: Final = 1e-4
_LARGEST_NUMERATOR: Final = 100
_LARGEST_DENOMINATOR: Final = 10
_FLOAT32_NOISE: Final = 2.5e-7
_SPLIT_PLACES: Final = Decimal("1e-10")
_FRACTION_PLACES: Final = Decimal("1e-6")
_DIVIDEND_PLACES: Final = Decimal("1e-6")
_DECIMALS: Final = (2, 3, 4, 6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorChanges:
    """Where a symbol's factor changed: row, the last row before it with a factor, and the ratio.

    `is_split` marks those the close followed; `is_odd` those that are neither split nor dividend.
    """

    row: NDArray[np.intp]
    before: NDArray[np.intp]
    ratio: NDArray[np.float64]
    is_split: NDArray[np.bool_]
    is_odd: NDArray[np.bool_]


def factor_changes(bars: BarColumns, adj_close: NDArray[np.float64]) -> FactorChanges:
    """Find the changes of adj_close / close; a row without two positive closes has no factor."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((adj_close > 0) & (bars.close > 0) & np.isfinite(adj_close))
    same = bars.symbol_index[rows[1:]] == bars.symbol_index[rows[:-1]]
    before, after = rows[:-1][same], rows[1:][same]
    close_before, close_after = bars.close[before], bars.close[after]
    ratio = (adj_close[after] / close_after) / (adj_close[before] / close_before)
    noise = _noise(adj_close, before, after) + _noise(bars.close, before, after)
    found = np.flatnonzero(np.abs(ratio - 1) > noise)
    ratio, followed = ratio[found], (close_before / close_after)[found]
    size = np.abs(np.log(ratio))
    large = size > np.log(SPLIT_CHANGE)
    absurd = (size > np.log(_LARGEST_SPLIT)) | (close_before[found] > _LARGEST_CLOSE_USD)
    is_split = large & (np.abs(np.log(followed / ratio)) < np.abs(np.log(followed))) & ~absurd
    is_odd = absurd | (~is_split & (large | (ratio < 1)))
    return FactorChanges(
        row=after[found], before=before[found], ratio=ratio, is_split=is_split, is_odd=is_odd
    )


def corporate_actions(bars: BarColumns, changes: FactorChanges) -> tuple[CorporateAction, ...]:
    """Return the splits and dividends that the changes stand for.

    Odd changes give none, nor do days the calendar does not reach: those bars are held anyway.
    """
    days = bars.session[changes.row]
    is_reached = (days >= np.datetime64(first_session())) & (days <= np.datetime64(last_session()))
    positions = np.flatnonzero(~changes.is_odd & is_reached).tolist()
    return tuple(_action(bars, changes, position) for position in positions)


def unadjusted_splits(changes: FactorChanges) -> list[int]:
    """Return the rows where a close declared adjusted still jumps by a split like 7 or 3/2.

    Other jumps stand in split-adjusted files too: spin-offs and large dividends.
    """
    splits = np.flatnonzero(changes.is_split).tolist()
    return [
        int(changes.row[position])
        for position in splits
        if _simple_ratio(float(changes.ratio[position])) is not None
    ]


def examples(bars: BarColumns, rows: Sequence[int], *, limit: int = 3) -> str:
    """Name the first of some rows: `AAPL 2014-06-09, ...`."""
    named = [f"{bars.symbols[bars.symbol_index[row]]} {bars.session[row]}" for row in rows[:limit]]
    return ", ".join(named)


def split_value(ratio: float) -> Decimal:
    """Return the nearest simple ratio (7, 3/2, 1/15), or `ratio` itself where none is near."""
    simple = _simple_ratio(ratio)
    if simple is None:
        return _plain(Decimal(repr(ratio)), places=_FRACTION_PLACES)
    return _plain(Decimal(simple.numerator) / Decimal(simple.denominator), places=_SPLIT_PLACES)


def _simple_ratio(ratio: float) -> Fraction | None:
    if ratio < 1:
        inverse = _simple_ratio(1 / ratio)
        return None if inverse is None else 1 / inverse
    for denominator in range(1, _LARGEST_DENOMINATOR + 1):
        simple = Fraction(round(ratio * denominator), denominator)
        is_small = simple.numerator <= _LARGEST_NUMERATOR // denominator
        if is_small and abs(float(simple) / ratio - 1) < _SNAP_TOLERANCE:
            return simple
    return None


def _action(bars: BarColumns, changes: FactorChanges, position: int) -> CorporateAction:
    row, ratio = int(changes.row[position]), float(changes.ratio[position])
    ex_date = _trading_day(bars.session[row].item())
    if changes.is_split[position]:
        kind, value = ActionKind.SPLIT, split_value(ratio)
    else:
        kind = ActionKind.DIVIDEND
        value = _dividend(float(bars.close[changes.before[position]]), ratio)
    return CorporateAction(
        symbol=bars.symbols[bars.symbol_index[row]],
        ex_date=ex_date,
        kind=kind,
        value=value,
        known_at=_opened(ex_date),
    )


def _dividend(close_before: float, ratio: float) -> Decimal:
    amount = Decimal(repr(close_before * (1 - 1 / ratio)))
    return max(_plain(amount, places=_DIVIDEND_PLACES), _DIVIDEND_PLACES)


def _plain(value: Decimal, *, places: Decimal) -> Decimal:
    # Adding zero takes 5E+1 back to 50.
    return value.quantize(places).normalize() + Decimal(0)


@cache
def _trading_day(day: date) -> date:
    return day if is_session(day) else next_session_after(day)


@cache
def _opened(session: date) -> datetime:
    return session_open(session)


def _noise(
    values: NDArray[np.float64], before: NDArray[np.intp], after: NDArray[np.intp]
) -> NDArray[np.float64]:
    step = _rounding_step(values)
    return step / values[before] + step / values[after] + _FLOAT32_NOISE


def _rounding_step(values: NDArray[np.float64]) -> float:
    sample = values[np.isfinite(values)][:: max(1, len(values) // 10_000)]
    for decimals in _DECIMALS:
        scaled = sample * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= np.abs(scaled) * 1e-7 + 1e-6):
            return 0.5 * 10.0**-decimals
    return 0.0
