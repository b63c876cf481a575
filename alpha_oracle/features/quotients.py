"""Quotients that mean something only where what they are measured in is positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@kernel
def over_positive(values: Values, divisor: Values) -> Values:
    """Return values over a divisor of the same shape; NaN where that is not above 0."""
    out = np.empty(values.shape)
    quotients, numerators, divisors = out.ravel(), values.ravel(), divisor.ravel()
    for place in range(len(quotients)):
        known = divisors[place] > 0.0
        quotients[place] = numerators[place] / divisors[place] if known else np.nan
    return out
