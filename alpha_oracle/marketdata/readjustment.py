"""Whether one split that is not on record explains how repeated bars differ from those stored.

A source that adjusts its history divides every close before a split's ex-date by its ratio. So
the shift of each repeated bar says whether the split lies between the days up to which the two
prices were adjusted: the rows that shifted, and those that did not, bound the ex-date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.calendar import sessions_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session
    from alpha_oracle.marketdata.repeated import RepeatedRows

# New shares for one old, as companies decide them. The list is short on purpose: with every small
# fraction in it, some fraction would be near any spin-off's factor.
_WHOLE: Final = (*range(2, 51), 60, 75, 100)
_MIXED: Final = ("21/20", "11/10", "6/5", "5/4", "4/3", "3/2", "5/3", "5/2", "7/2")
SIMPLE_SPLITS: Final = tuple(
    sorted(
        {
            *(Fraction(n) for n in _WHOLE),
            *(Fraction(1, n) for n in (*_WHOLE, 125, 150, 200, 250, 500)),
            *(Fraction(text) for text in _MIXED),
        }
    )
)
# What the shift of several rows leaves beside the rounding of each.
_SLACK: Final = 1e-4
# Two sources rarely give the same close to the cent, but hardly ever half a percent apart.
_ACROSS_SOURCES: Final = 0.005
# A difference this small between two sources is theirs, whatever its shape: less than 21 for 20.
_LEAST_ACROSS_SOURCES: Final = 0.04
# The history of a source that takes dividends out too moves by a few percent with each: a small
# ratio of it may be one of those as well as a split.
_LEAST_FULLY_ADJUSTED: Final = math.log(1.25) - 1e-6
# One row in ten, and always one of three, may have been corrected besides.
_ROWS_PER_STRAY: Final = 10
_ROWS_FOR_A_STRAY: Final = 3
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readjustment:
    """One ratio that most rows of a symbol moved by.

    `ratio` is a received close over the stored one, `implied` the new shares for one old that
    would bring it about. `split` is the simple split near it, None where there is none or more
    than one; `sessions` are those on which it would have moved just the `rows` that moved.
    """

    ratio: float
    implied: float
    split: Fraction | None
    sessions: tuple[Session, ...]
    rows: int


def readjustment(rows: RepeatedRows, is_shifted: NDArray[np.bool_]) -> Readjustment | None:
    """Find the one ratio by which the shifted rows of a symbol moved; None where there is none.

    `rows` are usable and of one symbol.
    """
    value = np.where(rows.now > rows.was, -rows.shift, rows.shift)
    common = _common(rows, value, is_shifted)
    if not common.any():
        return None
    implied = float(np.median(value[common]))
    if not rows.is_same_source[common].any() and abs(implied) < _LEAST_ACROSS_SOURCES:
        return None
    sessions = _possible_sessions(rows, common=common, still=~is_shifted)
    if not sessions and 2 * int(common.sum()) <= len(rows):
        return None
    return Readjustment(
        ratio=math.exp(float(np.median(rows.shift[common]))),
        implied=math.exp(implied),
        split=_simple_split(value[common], rows.take(common)),
        sessions=sessions,
        rows=int(common.sum()),
    )


def _common(
    rows: RepeatedRows, value: NDArray[np.float64], is_shifted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    tolerance = np.where(
        rows.is_same_source, rows.rounding, np.maximum(rows.rounding, _ACROSS_SOURCES)
    )
    best = np.zeros(len(rows), dtype=np.bool_)
    for row in np.flatnonzero(is_shifted).tolist():
        near = is_shifted & (np.abs(value - value[row]) <= tolerance + tolerance[row])
        best = near if near.sum() > best.sum() else best
    common, strays = int(best.sum()), int((is_shifted & ~best).sum())
    allowed = max(1, len(rows) // _ROWS_PER_STRAY) if len(rows) >= _ROWS_FOR_A_STRAY else 0
    # One row of several that moved alone was corrected; one that stands alone may be anything.
    is_alone = common == 1 and len(rows) > 1
    return best if strays <= min(allowed, common - 1) and not is_alone else np.zeros_like(best)


def _simple_split(value: NDArray[np.float64], rows: RepeatedRows) -> Fraction | None:
    tolerance = rows.rounding + _SLACK
    near = [
        split
        for split in SIMPLE_SPLITS
        if bool(np.all(np.abs(value - math.log(split)) <= tolerance))
    ]
    if len(near) != 1:
        return None
    is_ambiguous = rows.is_fully_adjusted.any() and abs(math.log(near[0])) < _LEAST_FULLY_ADJUSTED
    return None if is_ambiguous else near[0]


def _possible_sessions(
    rows: RepeatedRows, *, common: NDArray[np.bool_], still: NDArray[np.bool_]
) -> tuple[Session, ...]:
    after, through = np.minimum(rows.was, rows.now), np.maximum(rows.was, rows.now)
    first, last = int(after[common].max()) + 1, int(through[common].min())
    if first > last:
        return ()
    sessions = sessions_between(_EPOCH + timedelta(days=first), _EPOCH + timedelta(days=last))
    days = np.array(sessions, dtype="datetime64[D]").astype(np.int64)[:, None]
    others = (after[still] < days) & (days <= through[still])
    return tuple(sessions[place] for place in np.flatnonzero(~np.any(others, axis=1)).tolist())
