"""How far the values a model is given now lie from those it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import ks_2samp

from alpha_oracle.domain.models import FeatureDrift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.ml.reference import FeatureReference

LEAST_SHARE: Final = 1e-4
"""What an empty bin counts as, so that one value in it is no infinite distance."""


def feature_drift(
    reference: Sequence[FeatureReference],
    values: Mapping[str, NDArray[np.float32]],
    cells: NDArray[np.bool_],
) -> tuple[FeatureDrift, ...]:
    """Return each feature's drift over the cells of a mask, in the reference's order.

    `values` have the mask's shape. A feature that is not among them is unknown everywhere.
    """
    unknown = np.full(int(cells.sum()), np.nan, np.float32)
    return tuple(
        _drift(one, values[one.name][cells] if one.name in values else unknown) for one in reference
    )


def stability_index(expected: NDArray[np.int64], found: NDArray[np.int64]) -> float | None:
    """Return the population stability index of counts by bin; None where either has none.

    The sum over bins of (f - e) ln(f / e) of their shares, none of which counts as less than
    `LEAST_SHARE` (Siddiqi 2006, ch. 8).
    """
    if not expected.sum() or not found.sum():
        return None
    before, now = (np.maximum(one / one.sum(), LEAST_SHARE) for one in (expected, found))
    return float(np.sum((now - before) * np.log(now / before)))


def largest_gap(quantiles: Sequence[float], known: NDArray[np.float32]) -> float | None:
    """Return the Kolmogorov-Smirnov statistic of values and a distribution's quantiles.

    The quantiles stand for it up to one rank among them. None where either has none.
    """
    if not len(quantiles) or not len(known):
        return None
    return float(ks_2samp(np.array(quantiles, np.float32), known, method="asymp").statistic)


def _drift(reference: FeatureReference, values: NDArray[np.float32]) -> FeatureDrift:
    known = values[np.isfinite(values)]
    return FeatureDrift(
        name=reference.name,
        psi=stability_index(
            np.array([*reference.counts, reference.unknown]), reference.counted(values)
        ),
        ks=largest_gap(reference.quantiles, known),
        known_fraction=len(known) / len(values) if len(values) else 0.0,
    )
