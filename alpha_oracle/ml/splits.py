"""How a train window is cut in time: what is learnt from, what stops it, what calibrates it.

Labels reach `horizon` sessions ahead. Between two parts lie `horizon` sessions whose labels would
reach into the later one (purge) and as many again (embargo), so that features of the later part,
too, look back on sessions that the earlier one was not judged by (Lopez de Prado 2018, ch. 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from alpha_oracle.errors import DataError

FIT_FRACTION: Final = 0.70
STOPPING_FRACTION: Final = 0.15
INNER_FOLDS: Final = 2
INNER_SHARES: Final = 5
"""Each inner fold is judged by a fifth of the fit part; the first learns from three, less a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Sessions of a panel by row, `start` to `stop` - 1."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The parts of a train window in order of time, gaps between them."""

    fit: Rows
    stopping: Rows
    calibration: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What an inner trial learns from, and the later sessions that judge it."""

    fit: Rows
    judged: Rows


def gap_sessions(horizon: int) -> int:
    """Return how many sessions lie between two parts: purge and embargo."""
    return 2 * horizon


def sessions_needed(horizon: int) -> int:
    """Return the shortest train window: each hold-out is as long as the horizon."""
    parts = ceil(horizon / min(STOPPING_FRACTION, 1.0 - FIT_FRACTION - STOPPING_FRACTION))
    return parts + 2 * gap_sessions(horizon) + horizon


def split_window(start: int, stop: int, *, horizon: int) -> Split:
    """Cut rows [start, stop) 70/15/15; the last to have a label is `stop` - 1 - `horizon`.

    Raises:
        DataError: the window is too short; says how many sessions are needed.
    """
    needed = sessions_needed(horizon)
    if stop - start < needed:
        raise DataError(
            f"a train window of {stop - start} sessions is too short for a model over a horizon "
            f"of {horizon}: at least {needed} are needed"
        )
    gap = gap_sessions(horizon)
    labelled = stop - horizon - start - 2 * gap
    fit = round(labelled * FIT_FRACTION)
    stopping = round(labelled * STOPPING_FRACTION)
    first = Rows(start=start, stop=start + fit)
    second = Rows(start=first.stop + gap, stop=first.stop + gap + stopping)
    return Split(
        fit=first,
        stopping=second,
        calibration=Rows(start=second.stop + gap, stop=stop - horizon),
    )


def inner_folds(rows: Rows, *, horizon: int) -> tuple[Fold, ...]:
    """Cut the fit part into folds that each learn from all before what judges them.

    Raises:
        DataError: a fold would have nothing to learn from; says how many sessions are needed.
    """
    needed = INNER_SHARES * horizon
    if len(rows) < needed:
        raise DataError(
            f"{len(rows)} sessions to learn from are too few to tune in: "
            f"at least {needed} are needed"
        )
    length = len(rows) // INNER_SHARES
    gap, first_judged = gap_sessions(horizon), rows.stop - INNER_FOLDS * length
    starts = (first_judged + fold * length for fold in range(INNER_FOLDS))
    return tuple(
        Fold(
            fit=Rows(start=rows.start, stop=start - gap),
            judged=Rows(start=start, stop=start + length),
        )
        for start in starts
    )
