"""How far the values a model is given now lie from those it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.models import FeatureDrift
from alpha_oracle.ml.reference import known_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.ml.reference import FeatureReference


def feature_drift(
    reference: Sequence[FeatureReference],
    values: Mapping[str, NDArray[np.float32]],
    cells: NDArray[np.bool_],
) -> tuple[FeatureDrift, ...]:
    """Return each feature's drift over the cells of a mask, in the reference's order.

    `values` have the mask's shape. A feature that is not among them is unknown everywhere. What
    too few cells have is not judged: it lies far from any distribution by chance.
    """
    unknown = np.full(int(cells.sum()), np.nan, np.float32)
    return tuple(
        _drift(one, values[one.name][cells] if one.name in values else unknown) for one in reference
    )


def _drift(reference: FeatureReference, values: NDArray[np.float32]) -> FeatureDrift:
    ascending = np.sort(values)
    return FeatureDrift(
        name=reference.name,
        psi=reference.stability_index(ascending),
        ks=reference.largest_gap(ascending),
        known_fraction=len(known_of(ascending)) / len(values) if len(values) else 0.0,
    )
