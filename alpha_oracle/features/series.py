"""Small steps over `bars x symbols` from which formulas are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features import kernels, means, ratios

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel


def lag(values: Panel, bars: int) -> Panel:
    """Return each value `bars` later; NaN in the first `bars` rows."""
    out = np.empty_like(values)
    out[:bars] = np.nan
    out[bars:] = values[:-bars]
    return out


def growth(values: Panel, bars: int) -> Panel:
    """Return each value against the one `bars` before it, less 1."""
    return ratios.excess(values, values, bars)


def log_ratio(values: Panel, reference: Panel, *, bars: int = 0) -> Panel:
    """Return the natural logarithm of each value against the reference's `bars` before it."""
    logarithm: Panel = np.log(ratios.ratio(values, reference, bars))
    return logarithm


def rolling_sum(values: Panel, window: int) -> Panel:
    """Return the sum of the last `window` bars."""
    return kernels.rolling_sum(values, window, 1.0)


def rolling_mean(values: Panel, window: int) -> Panel:
    """Return the mean of the last `window` bars."""
    return kernels.rolling_sum(values, window, 1.0 / window)


def exponential_mean(values: Panel, period: int, *, start: int = 0) -> Panel:
    """Return the exponential mean with alpha 2/(period + 1), begun as the mean of `period` bars."""
    return means.exponential_mean(values, 2.0 / (period + 1.0), period, start)


def unknown_until(values: Panel, bars: int) -> Panel:
    """Return the same array, made NaN in the rows before `bars` are known."""
    values[: bars - 1] = np.nan
    return values
