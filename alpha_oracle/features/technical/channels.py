"""Where a price stands in the room it moves in: bands, channels and the year's extremes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alpha_oracle.features import kernels
from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.extremes import excess_over_extreme, place_in_range
from alpha_oracle.features.kernels import Block, kernel
from alpha_oracle.features.ratios import noise_as_none
from alpha_oracle.features.series import rolling_mean


class Bands(NamedTuple):
    """Middle of the Bollinger bands and the distance from the lower to the upper."""

    middle: Panel
    width: Panel


@shared
def bollinger_20(close: Panel) -> Bands:
    """What both readings of the bands are taken from."""
    middle = rolling_mean(close, 20)
    deviation = np.sqrt(kernels.rolling_variance(close, middle, 20))
    return Bands(middle, 4.0 * noise_as_none(deviation, middle))


@feature(group="technical", inputs=("close",), lookback_sessions=20, stretch=20)
def bollinger_percent_b(close: Panel, bollinger_20: Bands) -> Panel:
    """Place in the Bollinger bands: 0 on the lower, 1 on the upper, mean +- 2 deviations over 20.

    Bollinger (2001): (close - lower) / (upper - lower). NaN until 20 sessions are known, or
    where the close never moved.
    """
    return _percent_b(close, *bollinger_20)


@kernel
def _percent_b(close: Block, middle: Block, width: Block) -> Block:
    return 0.5 + (close - middle) / width


@feature(group="technical", inputs=("close",), lookback_sessions=20, stretch=20)
def bollinger_bandwidth(bollinger_20: Bands) -> Panel:
    """Width of the Bollinger bands as a fraction of their middle: (upper - lower) / mean.

    Bollinger (2001), 20 sessions, 2 deviations. NaN until 20 sessions are known.
    """
    return bollinger_20.width / bollinger_20.middle


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=21, stretch=20)
def donchian_position_20(high: Panel, low: Panel, close: Panel) -> Panel:
    """Place of the close in the 20 sessions before it: 0 on their low, 1 on their high.

    (close - low 20) / (high 20 - low 20), the session itself left out: above 1 is a breakout.
    Donchian (1960), Faith (2007). NaN until 21 sessions are known.
    """
    return place_in_range(high, low, close, 20, 1)


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=56, stretch=55)
def donchian_position_55(high: Panel, low: Panel, close: Panel) -> Panel:
    """Place of the close in the 55 sessions before it: 0 on their low, 1 on their high.

    As `donchian_position_20`, the slower system of Faith (2007). NaN until 56 sessions are known.
    """
    return place_in_range(high, low, close, 55, 1)


@feature(group="technical", inputs=("high", "close"), lookback_sessions=252, stretch=252)
def distance_52w_high(high: Panel, close: Panel) -> Panel:
    """Close against the highest high of 252 sessions, as a fraction, at most 0.

    close / high 252 - 1; George and Hwang (2004). NaN until 252 sessions are known.
    """
    return excess_over_extreme(close, high, 252, 1.0)


@feature(group="technical", inputs=("low", "close"), lookback_sessions=252, stretch=252)
def distance_52w_low(low: Panel, close: Panel) -> Panel:
    """Close against the lowest low of 252 sessions, as a fraction, at least 0.

    close / low 252 - 1. NaN until 252 sessions are known.
    """
    return excess_over_extreme(close, low, 252, -1.0)
