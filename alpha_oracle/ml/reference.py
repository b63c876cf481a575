"""What a model's features looked like when it was trained: what later values are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECILES: Final = 10
QUANTILES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReference:
    """A feature's training distribution, over `rows` samples of which `unknown` lacked it.

    `edges` are its inner deciles, ascending, each once; bin i holds the known values above edge
    i - 1 up to edge i, its upper edge included, and `counts` how many there were. `quantiles` are
    values at evenly spaced ranks, from the smallest to the largest.
    """

    name: str
    rows: int
    unknown: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quantiles: tuple[float, ...]

    @property
    def known_fraction(self) -> float:
        """The share of samples that had the feature, 0 to 1."""
        return 1.0 - self.unknown / self.rows

    def counted(self, values: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return how many values fall into each bin, and last how many are unknown."""
        known = values[~np.isnan(values)]
        places = np.searchsorted(np.array(self.edges, np.float32), known, side="left")
        counts = np.bincount(places, minlength=len(self.edges) + 1)
        return np.append(counts, values.size - len(known))


def reference_of(
    name: str, values: NDArray[np.float32], cells: NDArray[np.bool_]
) -> FeatureReference:
    """Return a feature's distribution over the cells of a mask of its shape."""
    # NaN is sorted behind every number.
    ascending = np.sort(values[cells])
    known = ascending[: np.searchsorted(ascending, np.nan)]
    edges = np.unique(_at_ranks(known, DECILES + 1)[1:-1])
    ends = [0, *np.searchsorted(known, edges, side="right").tolist(), len(known)]
    return FeatureReference(
        name=name,
        rows=len(ascending),
        unknown=len(ascending) - len(known),
        edges=_plain(edges),
        counts=tuple(np.diff(ends).tolist()),
        quantiles=_plain(_at_ranks(known, QUANTILES)),
    )


def _at_ranks(ascending: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    if not len(ascending):
        return ascending
    return ascending[np.rint(np.linspace(0, len(ascending) - 1, count)).astype(np.intp)]


def _plain(values: NDArray[np.float32]) -> tuple[float, ...]:
    # The shortest text that gives the same float32.
    return tuple(float(str(value)) for value in values)
