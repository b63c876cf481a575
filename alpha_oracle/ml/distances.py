"""How far samples of a feature lie from its distribution in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_SHARE: Final = 1e-4
"""What an empty bin counts as, so that one value in it is no infinite distance."""


def stability_index(expected: NDArray[np.int64], found: NDArray[np.int64]) -> float | None:
    """Return the population stability index of counts by bin; None where either has none.

    The sum over bins of (f - e) ln(f / e) of their shares, none of which counts as less than
    `LEAST_SHARE` (Siddiqi 2006, ch. 8).
    """
    if not expected.sum() or not found.sum():
        return None
    before, now = (np.maximum(one / one.sum(), LEAST_SHARE) for one in (expected, found))
    return float(np.sum((now - before) * np.log(now / before)))


def largest_gap(quantiles: Sequence[float], ascending: NDArray[np.float32]) -> float | None:
    """Return the Kolmogorov-Smirnov statistic of values, ascending, and ascending quantiles.

    The quantiles stand for their distribution up to one rank among them. None where either has
    none. Their own distribution only steps at a quantile, so the widest gap lies there: just
    before it or on it.
    """
    if not len(quantiles) or not len(ascending):
        return None
    expected = np.array(quantiles, np.float32)
    gaps = (
        np.searchsorted(expected, expected, side=side) / len(expected)
        - np.searchsorted(ascending, expected, side=side) / len(ascending)
        for side in ("left", "right")
    )
    return float(max(np.abs(gap).max() for gap in gaps))
