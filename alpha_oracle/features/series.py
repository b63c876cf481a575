"""Small steps over `bars x symbols` from which formulas are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features import kernels

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel

# Prices of a symbol that does not trade differ from their mean by rounding alone.
NOISE: Final = 1e-12


def lag(values: Panel, bars: int) -> Panel:
    """Return each value `bars` later; NaN in the first `bars` rows."""
    out = np.empty_like(values)
    out[:bars] = np.nan
    out[bars:] = values[:-bars]
    return out


def rolling_mean(values: Panel, window: int) -> Panel:
    """Return the mean of the last `window` bars."""
    return kernels.rolling_sum(values, window) / window


def rolling_min(values: Panel, window: int) -> Panel:
    """Return the smallest of the last `window` bars."""
    return -kernels.rolling_max(-values, window)


def wilder_mean(values: Panel, period: int, *, start: int) -> Panel:
    """Return Wilder's mean: a plain mean of `period` bars from `start`, then 1/period of each."""
    return kernels.exponential_mean(values, 1.0 / period, period, start)


def exponential_mean(values: Panel, period: int, *, start: int = 0) -> Panel:
    """Return the exponential mean with alpha 2/(period + 1), begun as the mean of `period` bars."""
    return kernels.exponential_mean(values, 2.0 / (period + 1.0), period, start)


def unknown_until(values: Panel, bars: int) -> Panel:
    """Return the same array, made NaN in the rows before `bars` are known."""
    values[: bars - 1] = np.nan
    return values


def noise_as_none(deviation: Panel, *, level: Panel) -> Panel:
    """Return the deviation with 0 where it is no more than rounding in values at `level`."""
    return np.where(deviation > NOISE * level, deviation, 0.0)
