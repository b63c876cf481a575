"""Where a price stands in what it lately did: RSI, stochastics, Williams, CCI."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alpha_oracle.features import kernels
from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.series import lag, noise_as_none, rolling_mean, rolling_min, wilder_mean


class GainsLosses(NamedTuple):
    """What each close gained or lost on the one before, both at least 0; NaN in the first bar."""

    gains: Panel
    losses: Panel


class Range(NamedTuple):
    """Highest high and lowest low."""

    highest: Panel
    lowest: Panel


@shared
def gains_losses(close: Panel) -> GainsLosses:
    """What RSI is measured from."""
    change = close - lag(close, 1)
    return GainsLosses(np.maximum(change, 0.0), np.maximum(-change, 0.0))


@shared
def range_14(high: Panel, low: Panel) -> Range:
    """What stochastics and Williams %R are measured in."""
    return Range(kernels.rolling_max(high, 14), rolling_min(low, 14))


@shared
def slow_stochastic_14_3(close: Panel, range_14: Range) -> Panel:
    """Lane's %K over 14 sessions, smoothed by 3."""
    fast = 100.0 * (close - range_14.lowest) / (range_14.highest - range_14.lowest)
    return rolling_mean(fast, 3)


@feature(group="technical", inputs=("close",), lookback_sessions=15)
def rsi_14(gains_losses: GainsLosses) -> Panel:
    """Relative strength index, 0 to 100: 100 x mean gain / (mean gain + mean loss), Wilder means.

    Wilder (1978), 14 sessions. NaN until 15 sessions are known, or where no close ever moved.
    """
    return _rsi(gains_losses, 14)


@feature(group="technical", inputs=("close",), lookback_sessions=3)
def rsi_2(gains_losses: GainsLosses) -> Panel:
    """Relative strength index over 2 sessions, 0 to 100, as `rsi_14`.

    The pullback gauge of Connors and Alvarez (2009). NaN until 3 sessions are known.
    """
    return _rsi(gains_losses, 2)


def _rsi(moves: GainsLosses, period: int) -> Panel:
    gain = wilder_mean(moves.gains, period, start=1)
    loss = wilder_mean(moves.losses, period, start=1)
    return 100.0 * gain / (gain + loss)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=16)
def stochastic_k_14(slow_stochastic_14_3: Panel) -> Panel:
    """Slow stochastic %K, 0 to 100: mean over 3 of 100 x (close - low 14) / (high 14 - low 14).

    Lane (1984). NaN until 16 sessions are known, or where high and low were one.
    """
    return slow_stochastic_14_3


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=18)
def stochastic_d_14(slow_stochastic_14_3: Panel) -> Panel:
    """Slow stochastic %D, 0 to 100: mean over 3 sessions of slow %K.

    Lane (1984). NaN until 18 sessions are known, or where high and low were one.
    """
    return rolling_mean(slow_stochastic_14_3, 3)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=14)
def williams_r_14(close: Panel, range_14: Range) -> Panel:
    """Williams %R, -100 to 0: -100 x (high 14 - close) / (high 14 - low 14).

    Williams (1973). NaN until 14 sessions are known, or where high and low were one.
    """
    return -100.0 * (range_14.highest - close) / (range_14.highest - range_14.lowest)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=20)
def cci_20(high: Panel, low: Panel, close: Panel) -> Panel:
    """Commodity channel index: (typical - its mean) / (0.015 x its mean absolute deviation).

    Lambert (1980), 20 sessions; typical is the mean of high, low and close. NaN until 20
    sessions are known, or where typical never moved.
    """
    typical = (high + low + close) / 3.0
    mean = rolling_mean(typical, 20)
    deviation = kernels.rolling_mean_distance(typical, mean, 20)
    return (typical - mean) / (0.015 * noise_as_none(deviation, level=mean))
