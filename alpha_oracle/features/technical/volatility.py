"""How much a price moves and in what manner: ranges, volatilities, skew and autocorrelation."""

from __future__ import annotations

from math import log, sqrt
from typing import Final, NamedTuple

import numpy as np

from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.kernels import Block, kernel
from alpha_oracle.features.means import average_range
from alpha_oracle.features.ratios import product
from alpha_oracle.features.series import (
    log_ratio,
    rolling_mean,
    rolling_sum,
    unknown_until,
)

SESSIONS_A_YEAR: Final = 252
LOG_2: Final = log(2.0)


@shared
def log_return(close: Panel) -> Panel:
    """Natural logarithm of close over the close before; NaN in the first bar."""
    return log_ratio(close, close, bars=1)


class Sums(NamedTuple):
    """Sums over a window of log returns and of their squares."""

    returns: Panel
    squares: Panel


@shared
def log_return_squared(log_return: Panel) -> Panel:
    """Square of the log return."""
    return log_return * log_return


@shared
def log_return_sums_20(log_return: Panel, log_return_squared: Panel) -> Sums:
    """What deviation and autocorrelation over 20 sessions are measured from."""
    return Sums(rolling_sum(log_return, 20), rolling_sum(log_return_squared, 20))


@shared
def log_return_sums_60(log_return: Panel, log_return_squared: Panel) -> Sums:
    """What deviation and skewness over 60 sessions are measured from."""
    return Sums(rolling_sum(log_return, 60), rolling_sum(log_return_squared, 60))


@shared
def log_range_squared(high: Panel, low: Panel) -> Panel:
    """Square of the logarithm of high over low."""
    log_range = log_ratio(high, low)
    return log_range * log_range


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=15)
def atr_14_fraction(high: Panel, low: Panel, close: Panel) -> Panel:
    """Average true range as a fraction of price: Wilder mean of true range / close.

    Wilder (1978), 14 sessions. NaN until 15 sessions are known.
    """
    return average_range(high, low, close, 14)


@feature(group="technical", inputs=("close",), lookback_sessions=21, stretch=20)
def realised_volatility_20(log_return_sums_20: Sums) -> Panel:
    """Annualised sample deviation of 20 daily log returns, as a fraction.

    sqrt(252 x variance). NaN until 21 sessions are known.
    """
    return _annualised_deviation(*log_return_sums_20, 20)


@feature(group="technical", inputs=("close",), lookback_sessions=61, stretch=60)
def realised_volatility_60(log_return_sums_60: Sums) -> Panel:
    """Annualised sample deviation of 60 daily log returns, as a fraction.

    sqrt(252 x variance). NaN until 61 sessions are known.
    """
    return _annualised_deviation(*log_return_sums_60, 60)


@kernel
def _annualised_deviation(returns: Block, squares: Block, window: int) -> Block:
    scale, share = SESSIONS_A_YEAR / (window - 1), 1.0 / window
    return np.sqrt(scale * np.maximum(squares - share * returns * returns, 0.0))


@kernel
def _annualised(variance: Block, weight: float) -> Block:
    return np.sqrt(SESSIONS_A_YEAR * weight * np.maximum(variance, 0.0))


@feature(group="technical", inputs=("high", "low"), lookback_sessions=20, stretch=20)
def parkinson_volatility_20(log_range_squared: Panel) -> Panel:
    """Annualised volatility from the day's range: sqrt(252 x mean of ln(high/low)^2 / (4 ln 2)).

    Parkinson (1980), 20 sessions. NaN until 20 sessions are known.
    """
    return _annualised(rolling_mean(log_range_squared, 20), 1.0 / (4.0 * LOG_2))


@feature(
    group="technical", inputs=("open", "high", "low", "close"), lookback_sessions=20, stretch=20
)
def garman_klass_volatility_20(
    open: Panel,  # noqa: A002 - names the panel's field.
    close: Panel,
    log_range_squared: Panel,
) -> Panel:
    """Annualised volatility from open, high, low and close over 20 sessions.

    sqrt(252 x mean of ln(high/low)^2 / 2 - (2 ln 2 - 1) ln(close/open)^2); Garman and Klass
    (1980). NaN until 20 sessions are known.
    """
    variance = _garman_klass(log_range_squared, log_ratio(close, open))
    return _annualised(rolling_mean(variance, 20), 1.0)


@kernel
def _garman_klass(log_range_squared: Block, log_day: Block) -> Block:
    return 0.5 * log_range_squared - (2.0 * LOG_2 - 1.0) * log_day * log_day


@feature(group="technical", inputs=("close",), lookback_sessions=61, stretch=60)
def skewness_60(log_return: Panel, log_return_squared: Panel, log_return_sums_60: Sums) -> Panel:
    """Sample skewness of 60 daily log returns (adjusted Fisher-Pearson).

    sqrt(n (n - 1)) / (n - 2) x third central moment / deviation^3. NaN until 61 sessions are
    known, or where the close never moved.
    """
    count = 60
    mean = log_return_sums_60.returns / count
    squares = log_return_sums_60.squares / count
    cubes = rolling_mean(log_return * log_return_squared, count)
    variance = squares - mean * mean
    third = cubes - mean * (3.0 * squares - 2.0 * mean * mean)
    adjustment = sqrt(count * (count - 1)) / (count - 2)
    return adjustment * third / (variance * np.sqrt(variance))


@feature(group="technical", inputs=("close",), lookback_sessions=22, stretch=20)
def autocorrelation_20(log_return: Panel, log_return_sums_20: Sums) -> Panel:
    """Correlation of 20 daily log returns with those 1 session before, -1 to 1.

    Pearson. NaN until 22 sessions are known, or where the close never moved.
    """
    products = rolling_sum(product(log_return, log_return, 1), 20)
    return unknown_until(_correlation_with_before(*log_return_sums_20, products, 20), 22)


@kernel
def _correlation_with_before(total: Block, squares: Block, products: Block, count: int) -> Block:
    rows, columns = total.shape
    out = np.empty((rows, columns))
    out[:1] = np.nan
    share = 1.0 / count
    for row in range(1, rows):
        for column in range(columns):
            now, before = total[row, column], total[row - 1, column]
            covariance = products[row, column] - share * now * before
            spread = squares[row, column] - share * now * now
            spread_before = squares[row - 1, column] - share * before * before
            out[row, column] = covariance / np.sqrt(spread * spread_before)
    return out
