"""What the trading behind a price says: flow, participation and liquidity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features import kernels
from alpha_oracle.features.declaration import feature
from alpha_oracle.features.series import lag, rolling_mean, unknown_until

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel

# The slope of a line through 20 values, as weights of the 19 steps between them, newest first:
# a slope does not need the level, and the steps are known without all of history.
SLOPE_WEIGHTS: Final = np.cumsum(np.arange(20)[::-1] - 9.5)[:19] / 665.0


@feature(group="technical", inputs=("high", "low", "close", "volume"), lookback_sessions=15)
def mfi_14(high: Panel, low: Panel, close: Panel, volume: Panel) -> Panel:
    """Money flow index, 0 to 100: 100 x flow of rising sessions / flow of both.

    Flow is typical price x volume, rising where typical price rose; Quong and Soudack (1989),
    14 sessions. NaN until 15 sessions are known, or where nothing flowed.
    """
    typical = (high + low + close) / 3.0
    flow = typical * volume
    change = typical - lag(typical, 1)
    rising = kernels.rolling_sum(np.where(change > 0.0, flow, 0.0), 14)
    either = kernels.rolling_sum(np.where(change == 0.0, 0.0, flow), 14)
    return unknown_until(100.0 * rising / either, 15)


@feature(group="technical", inputs=("close", "volume"), lookback_sessions=20)
def obv_slope_20(close: Panel, volume: Panel) -> Panel:
    """Slope of on-balance volume over 20 sessions, in mean sessions' volume a session.

    Least squares of OBV / mean volume of the 20; Granville (1963). NaN until 20 sessions are
    known, or where nothing was traded.
    """
    steps = np.sign(close - lag(close, 1)) * volume
    return kernels.weighted_sum(steps, SLOPE_WEIGHTS) / rolling_mean(volume, 20)


@feature(group="technical", inputs=("volume",), lookback_sessions=20)
def volume_ratio_20(volume: Panel) -> Panel:
    """Volume against its 20-session mean, the session included: volume / SMA(20).

    NaN until 20 sessions are known, or where nothing was traded.
    """
    return volume / rolling_mean(volume, 20)


@feature(
    group="technical", inputs=("close", "traded_close", "volume", "split"), lookback_sessions=21
)
def amihud_illiquidity_20(close: Panel, traded_close: Panel, volume: Panel, split: Panel) -> Panel:
    """Mean over 20 sessions of |return| per million USD traded.

    Amihud (2002). The turnover is close x volume, both as traded. NaN until 21 sessions are
    known, or where a session of the 20 traded nothing.
    """
    traded_volume = volume * np.cumprod(split, axis=0)
    turnover_millions = traded_close * traded_volume / 1e6
    return rolling_mean(np.abs(kernels.growth(close, 1)) / turnover_millions, 20)
