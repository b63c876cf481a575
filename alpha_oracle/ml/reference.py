"""What a model's features looked like when it was trained: what later values are held against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.ml.distances import largest_gap, stability_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DECILES: Final = 10
QUANTILES: Final = 256

SLICE_SESSIONS: Final = 21
SLICE_CELLS: Final = 2_000
FEWEST_CELLS: Final = 100
"""Fewer values lie far from any distribution by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReference:
    """A feature's training distribution, over `rows` samples of which `unknown` lacked it.

    `edges` are its inner deciles, ascending, each once; bin i holds the known values above edge
    i - 1 up to edge i, its upper edge included, and `counts` how many there were. `quantiles` are
    values at evenly spaced ranks, from the smallest to the largest. `highest_psi` and `highest_ks`
    are how far a month of the training itself lay from the whole of it, 0 where none was looked at:
    what moves with the market does so for good and all, and that is no drift.
    """

    name: str
    rows: int
    unknown: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quantiles: tuple[float, ...]
    highest_psi: float = 0.0
    highest_ks: float = 0.0

    @property
    def known_fraction(self) -> float:
        """The share of samples that had the feature, 0 to 1."""
        return 1.0 - self.unknown / self.rows

    def stability_index(self, ascending: NDArray[np.float32]) -> float | None:
        """Return the population stability index of values over the deciles and the unknown.

        Values ascend, NaN last. None of fewer than `FEWEST_CELLS`.
        """
        if len(ascending) < FEWEST_CELLS:
            return None
        return stability_index(np.array([*self.counts, self.unknown]), self.counted(ascending))

    def largest_gap(self, ascending: NDArray[np.float32]) -> float | None:
        """Return the Kolmogorov-Smirnov statistic of the known ones of values.

        Values ascend, NaN last. None where fewer than `FEWEST_CELLS` are known.
        """
        known = known_of(ascending)
        return largest_gap(self.quantiles, known) if len(known) >= FEWEST_CELLS else None

    def counted(self, ascending: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return how many values fall into each bin, and last how many are unknown.

        Values ascend, NaN last.
        """
        known = known_of(ascending)
        inner = np.searchsorted(known, np.array(self.edges, np.float32), side="right")
        return np.diff(inner, prepend=0, append=[len(known), len(ascending)])


def known_of(ascending: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the known ones of values that ascend, NaN last."""
    return ascending[: np.searchsorted(ascending, np.nan)]


def training_slices(cells: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the cells of each `SLICE_SESSIONS` consecutive sessions that have some, by flat index.

    At most `SLICE_CELLS` of each, drawn by chance but the same each time. A rest of fewer sessions
    is left out.
    """
    sessions, width = np.flatnonzero(cells.any(axis=1)), cells.shape[1]
    draw = np.random.default_rng(0)
    slices = []
    for first in range(0, len(sessions) - SLICE_SESSIONS + 1, SLICE_SESSIONS):
        rows = sessions[first : first + SLICE_SESSIONS]
        row, column = np.nonzero(cells[rows])
        every = rows[row] * width + column
        if len(every) > SLICE_CELLS:
            every = draw.choice(every, SLICE_CELLS, replace=False, shuffle=False)
        slices.append(every)
    return slices


def reference_of(
    name: str,
    values: NDArray[np.float32],
    cells: NDArray[np.bool_],
    *,
    slices: Sequence[NDArray[np.intp]] = (),
) -> FeatureReference:
    """Return a feature's distribution over the cells of a mask of its shape.

    Months of it, the `slices`, are held against the whole.
    """
    # NaN is sorted behind every number.
    ascending = np.sort(values[cells])
    known = known_of(ascending)
    edges = np.unique(_at_ranks(known, DECILES + 1)[1:-1])
    ends = [0, *np.searchsorted(known, edges, side="right").tolist(), len(known)]
    whole = FeatureReference(
        name=name,
        rows=len(ascending),
        unknown=len(ascending) - len(known),
        edges=_plain(edges),
        counts=tuple(np.diff(ends).tolist()),
        quantiles=_plain(_at_ranks(known, QUANTILES)),
    )
    months = [np.sort(values.take(month)) for month in slices]
    return replace(
        whole,
        highest_psi=max((whole.stability_index(month) or 0.0 for month in months), default=0.0),
        highest_ks=max((whole.largest_gap(month) or 0.0 for month in months), default=0.0),
    )


def _at_ranks(ascending: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    if not len(ascending):
        return ascending
    return ascending[np.rint(np.linspace(0, len(ascending) - 1, count)).astype(np.intp)]


def _plain(values: NDArray[np.float32]) -> tuple[float, ...]:
    # The shortest text that gives the same float32.
    return tuple(float(str(value)) for value in values)
