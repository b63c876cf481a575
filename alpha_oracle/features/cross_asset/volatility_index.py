"""What the market as a whole expects and does: VIX and SPY, the same for every symbol."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features.declaration import feature
from alpha_oracle.features.kernels import excess_over_mean, kernel, rolling_variance
from alpha_oracle.features.series import growth, log_ratio, rolling_mean

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel
    from alpha_oracle.features.kernels import Block

SESSIONS_A_YEAR: Final = 252

# Where VIX is no longer calm, no longer normal, and a panic.
NORMAL_FROM: Final = 15.0
STRESSED_FROM: Final = 25.0
PANIC_FROM: Final = 35.0


@feature(group="cross_asset", inputs=("vix",), lookback_sessions=1)
def vix_level(vix: Panel) -> Panel:
    """Close of VIX, in points: expected volatility of the S&P 500 over a month, percent a year.

    Whaley (2000).
    """
    return vix


@feature(group="cross_asset", inputs=("vix",), lookback_sessions=6)
def vix_change_5(vix: Panel) -> Panel:
    """Change of VIX over 5 sessions, as a fraction: VIX / VIX 5 ago - 1.

    NaN until 6 sessions are known.
    """
    return growth(vix, 5)


@feature(group="cross_asset", inputs=("vix",), lookback_sessions=20)
def vix_mean_20_distance(vix: Panel) -> Panel:
    """VIX against its 20-session mean, the session included, as a fraction: VIX / mean - 1.

    NaN until 20 sessions are known.
    """
    return excess_over_mean(vix, 20)


@feature(group="cross_asset", inputs=("vix",), lookback_sessions=252)
def vix_percentile_252(vix: Panel) -> Panel:
    """Rank of VIX among its last 252 sessions, itself included, 0 to 1: (rank - 0.5) / 252.

    Equal values share the mean of their ranks. NaN until 252 sessions are known.
    """
    return _percentile_of_last(vix, 252)


@feature(group="cross_asset", inputs=("vix",), lookback_sessions=1)
def vix_regime(vix: Panel) -> Panel:
    """Regime by VIX: 0 calm below 15, 1 normal below 25, 2 stressed below 35, 3 panic.

    A value on a bound belongs to the more cautious side.
    """
    return np.where(np.isnan(vix), np.nan, _bounds_reached(vix))


@feature(group="cross_asset", inputs=("vix", "spy"), lookback_sessions=21)
def volatility_premium_20(vix: Panel, spy: Panel) -> Panel:
    """Expected less realised volatility of the market, annual, as a fraction.

    VIX / 100 - sqrt(252 x sample variance of 20 daily log returns of SPY); after Bollerslev,
    Tauchen and Zhou (2009). NaN until 21 sessions are known.
    """
    log_return = log_ratio(spy, spy, bars=1)
    variance = rolling_variance(log_return, rolling_mean(log_return, 20), 20)
    return vix / 100.0 - sqrt(SESSIONS_A_YEAR * 20 / 19) * np.sqrt(variance)


@feature(group="cross_asset", inputs=("spy",), lookback_sessions=200)
def spy_sma_200_distance(spy: Panel) -> Panel:
    """SPY, dividends reinvested, against its 200-session mean, as a fraction: SPY / SMA(200) - 1.

    The trend filter of Faber (2007). NaN until 200 sessions are known.
    """
    return excess_over_mean(spy, 200)


def _bounds_reached(vix: Panel) -> Panel:
    reached = np.zeros_like(vix)
    for bound in (NORMAL_FROM, STRESSED_FROM, PANIC_FROM):
        reached += vix >= bound
    return reached


@kernel
def _percentile_of_last(values: Block, window: int) -> Block:
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: window - 1] = np.nan
    for row in range(window - 1, rows):
        for column in range(columns):
            value, below = values[row, column], 0.0
            for back in range(window):
                other = values[row - back, column]
                below += 1.0 if other < value else 0.5 if other == value else 0.0
            # A value that is unknown is neither: it spoils the windows that hold it.
            known = np.isfinite(values[row - window + 1 : row + 1, column]).all()
            out[row, column] = below / window if known else np.nan
    return out
