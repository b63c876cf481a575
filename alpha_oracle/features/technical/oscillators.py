"""Where a price stands in what it lately did: RSI, stochastics, Williams, CCI."""

from __future__ import annotations

from alpha_oracle.features import kernels
from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.extremes import place_in_range
from alpha_oracle.features.kernels import Block, kernel
from alpha_oracle.features.means import relative_strength
from alpha_oracle.features.ratios import mean_of_three, noise_as_none
from alpha_oracle.features.series import rolling_mean


@shared
def fast_stochastic_14(high: Panel, low: Panel, close: Panel) -> Panel:
    """Place of the close in the range of 14 sessions, 0 to 100."""
    return 100.0 * place_in_range(high, low, close, 14, 0)


@shared
def slow_stochastic_14_3(fast_stochastic_14: Panel) -> Panel:
    """Lane's %K over 14 sessions, smoothed by 3."""
    return rolling_mean(fast_stochastic_14, 3)


@shared
def typical_price(high: Panel, low: Panel, close: Panel) -> Panel:
    """Mean of high, low and close."""
    return mean_of_three(high, low, close)


@feature(group="technical", inputs=("close",), lookback_sessions=15)
def rsi_14(close: Panel) -> Panel:
    """Relative strength index, 0 to 100: 100 x mean gain / (mean gain + mean loss), Wilder means.

    Wilder (1978), 14 sessions. NaN until 15 sessions are known, or where no close ever moved.
    """
    return relative_strength(close, 14)


@feature(group="technical", inputs=("close",), lookback_sessions=3)
def rsi_2(close: Panel) -> Panel:
    """Relative strength index over 2 sessions, 0 to 100, as `rsi_14`.

    The pullback gauge of Connors and Alvarez (2009). NaN until 3 sessions are known.
    """
    return relative_strength(close, 2)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=16, stretch=42)
def stochastic_k_14(slow_stochastic_14_3: Panel) -> Panel:
    """Slow stochastic %K, 0 to 100: mean over 3 of 100 x (close - low 14) / (high 14 - low 14).

    Lane (1984). NaN until 16 sessions are known, or where high and low were one.
    """
    return slow_stochastic_14_3


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=18, stretch=42)
def stochastic_d_14(slow_stochastic_14_3: Panel) -> Panel:
    """Slow stochastic %D, 0 to 100: mean over 3 sessions of slow %K.

    Lane (1984). NaN until 18 sessions are known, or where high and low were one.
    """
    return rolling_mean(slow_stochastic_14_3, 3)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=14, stretch=14)
def williams_r_14(fast_stochastic_14: Panel) -> Panel:
    """Williams %R, -100 to 0: -100 x (high 14 - close) / (high 14 - low 14).

    Williams (1973): the fast stochastic less 100. NaN until 14 sessions are known, or where
    high and low were one.
    """
    return fast_stochastic_14 - 100.0


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=20, stretch=20)
def cci_20(typical_price: Panel) -> Panel:
    """Commodity channel index: (typical - its mean) / (0.015 x its mean absolute deviation).

    Lambert (1980), 20 sessions; typical is the mean of high, low and close. NaN until 20
    sessions are known, or where typical never moved.
    """
    mean = rolling_mean(typical_price, 20)
    deviation = kernels.rolling_mean_distance(typical_price, mean, 20)
    return _channel_index(typical_price, mean, noise_as_none(deviation, mean))


@kernel
def _channel_index(typical: Block, mean: Block, deviation: Block) -> Block:
    return (typical - mean) / (0.015 * deviation)
