"""What the trading behind a price says: flow, participation and liquidity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features import kernels
from alpha_oracle.features.declaration import feature, shared
from alpha_oracle.features.kernels import kernel
from alpha_oracle.features.ratios import percent_of_both
from alpha_oracle.features.series import rolling_mean, rolling_sum, unknown_until

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel
    from alpha_oracle.features.kernels import Block

# The slope of a line through 20 values, as weights of the 19 steps between them, newest first:
# a slope does not need the level, and the steps are known without all of history.
SLOPE_WEIGHTS: Final = np.cumsum(np.arange(20)[::-1] - 9.5)[:19] / 665.0


@shared
def mean_volume_20(volume: Panel) -> Panel:
    """What 20 sessions' trading is measured in."""
    return rolling_mean(volume, 20)


@feature(
    group="technical", inputs=("high", "low", "close", "volume"), lookback_sessions=15, stretch=14
)
def mfi_14(typical_price: Panel, volume: Panel) -> Panel:
    """Money flow index, 0 to 100: 100 x flow of rising sessions / flow of both.

    Flow is typical price x volume, rising where typical price rose; Quong and Soudack (1989),
    14 sessions. NaN until 15 sessions are known, or where nothing flowed.
    """
    rising, falling = _money_flows(typical_price, volume)
    share = percent_of_both(rolling_sum(rising, 14), rolling_sum(falling, 14))
    return unknown_until(share, 15)


@kernel
def _money_flows(typical: Block, volume: Block) -> tuple[Block, Block]:
    rows, columns = typical.shape
    rising = np.zeros((rows, columns))
    falling = np.zeros((rows, columns))
    for row in range(1, rows):
        for column in range(columns):
            flow = typical[row, column] * volume[row, column]
            change = typical[row, column] - typical[row - 1, column]
            rising[row, column] = flow if change > 0.0 else 0.0
            falling[row, column] = flow if change < 0.0 else 0.0
    return rising, falling


@feature(group="technical", inputs=("close", "volume"), lookback_sessions=20, stretch=20)
def obv_slope_20(close: Panel, volume: Panel, mean_volume_20: Panel) -> Panel:
    """Slope of on-balance volume over 20 sessions, in mean sessions' volume a session.

    Least squares of OBV / mean volume of the 20; Granville (1963). NaN until 20 sessions are
    known, or where nothing was traded.
    """
    slope = kernels.weighted_sum(_signed_volume(close, volume), SLOPE_WEIGHTS)
    return slope / mean_volume_20


@kernel
def _signed_volume(close: Block, volume: Block) -> Block:
    rows, columns = close.shape
    out = np.empty((rows, columns))
    out[:1] = np.nan
    for row in range(1, rows):
        for column in range(columns):
            change = close[row, column] - close[row - 1, column]
            rising = volume[row, column] if change > 0.0 else 0.0
            out[row, column] = -volume[row, column] if change < 0.0 else rising
    return out


@feature(group="technical", inputs=("volume",), lookback_sessions=20, stretch=20)
def volume_ratio_20(volume: Panel, mean_volume_20: Panel) -> Panel:
    """Volume against its 20-session mean, the session included: volume / SMA(20).

    NaN until 20 sessions are known, or where nothing was traded.
    """
    return volume / mean_volume_20


@feature(
    group="technical",
    inputs=("close", "traded_close", "volume", "split_factor"),
    lookback_sessions=21,
    stretch=20,
)
def amihud_illiquidity_20(
    close: Panel, traded_close: Panel, volume: Panel, split_factor: Panel
) -> Panel:
    """Mean over 20 sessions of |return| per million USD traded.

    Amihud (2002). The turnover is close x volume, both as traded. NaN until 21 sessions are
    known, or where a session of the 20 traded nothing.
    """
    return rolling_mean(_moves_per_million(close, traded_close, volume, split_factor), 20)


@kernel
def _moves_per_million(close: Block, traded_close: Block, volume: Block, shares: Block) -> Block:
    rows, columns = close.shape
    out = np.empty((rows, columns))
    for row in range(rows):
        before = max(row - 1, 0)
        for column in range(columns):
            millions = traded_close[row, column] * volume[row, column] * shares[row, column] / 1e6
            move = abs(close[row, column] / close[before, column] - 1.0)
            out[row, column] = move / millions
    out[:1] = np.nan
    return out
