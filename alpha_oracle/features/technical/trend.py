"""Which way a price is going and how surely: means, MACD and Wilder's directional system."""

from __future__ import annotations

from typing import NamedTuple

from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.kernels import excess_over_mean
from alpha_oracle.features.means import convergence, directional, directional_index
from alpha_oracle.features.ratios import excess
from alpha_oracle.features.series import exponential_mean


class Macd(NamedTuple):
    """Line and signal, in the price's own unit."""

    line: Panel
    signal: Panel


class Directional(NamedTuple):
    """Plus and minus directional indicator, 0 to 100."""

    plus: Panel
    minus: Panel


@shared
def macd_12_26_9(close: Panel) -> Macd:
    """What all three readings of MACD are taken from."""
    line = convergence(close, 12, 26)
    return Macd(line, exponential_mean(line, 9, start=26 - 1))


@shared
def directional_14(high: Panel, low: Panel, close: Panel) -> Directional:
    """Both directional indicators."""
    return Directional(*directional(high, low, close, 14))


@feature(group="technical", inputs=("close",), lookback_sessions=20, stretch=20)
def sma_20_distance(close: Panel) -> Panel:
    """Close against its 20-session mean, as a fraction: close / SMA(20) - 1.

    NaN until 20 sessions are known.
    """
    return excess_over_mean(close, 20)


@feature(group="technical", inputs=("close",), lookback_sessions=50, stretch=50)
def sma_50_distance(close: Panel) -> Panel:
    """Close against its 50-session mean, as a fraction: close / SMA(50) - 1.

    NaN until 50 sessions are known.
    """
    return excess_over_mean(close, 50)


@feature(group="technical", inputs=("close",), lookback_sessions=200, stretch=200)
def sma_200_distance(close: Panel) -> Panel:
    """Close against its 200-session mean, as a fraction: close / SMA(200) - 1.

    The trend filter of Faber (2007). NaN until 200 sessions are known.
    """
    return excess_over_mean(close, 200)


@feature(group="technical", inputs=("close",), lookback_sessions=20)
def ema_20_distance(close: Panel) -> Panel:
    """Close against its 20-session exponential mean, as a fraction: close / EMA(20) - 1.

    The mean begins as the plain mean of the first 20 closes. NaN until 20 sessions are known.
    """
    return excess(close, exponential_mean(close, 20), 0)


@feature(group="technical", inputs=("close",), lookback_sessions=50)
def ema_50_distance(close: Panel) -> Panel:
    """Close against its 50-session exponential mean, as a fraction: close / EMA(50) - 1.

    The mean begins as the plain mean of the first 50 closes. NaN until 50 sessions are known.
    """
    return excess(close, exponential_mean(close, 50), 0)


@feature(group="technical", inputs=("close",), lookback_sessions=26)
def macd_line(close: Panel, macd_12_26_9: Macd) -> Panel:
    """MACD line as a fraction of price: (EMA(12) - EMA(26)) / close.

    Appel (1979). NaN until 26 sessions are known.
    """
    return macd_12_26_9.line / close


@feature(group="technical", inputs=("close",), lookback_sessions=34)
def macd_signal(close: Panel, macd_12_26_9: Macd) -> Panel:
    """MACD signal as a fraction of price: EMA(9) of the MACD line / close.

    Appel (1979). NaN until 34 sessions are known.
    """
    return macd_12_26_9.signal / close


@feature(group="technical", inputs=("close",), lookback_sessions=34)
def macd_histogram(close: Panel, macd_12_26_9: Macd) -> Panel:
    """MACD line less its signal, as a fraction of price.

    Aspray (1986). NaN until 34 sessions are known.
    """
    return (macd_12_26_9.line - macd_12_26_9.signal) / close


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=15)
def plus_di_14(directional_14: Directional) -> Panel:
    """Plus directional indicator, 0 to 100: 100 x Wilder mean of +DM / that of true range.

    Wilder (1978), 14 sessions. NaN until 15 sessions are known, or where the range was nil.
    """
    return directional_14.plus


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=15)
def minus_di_14(directional_14: Directional) -> Panel:
    """Minus directional indicator, 0 to 100: 100 x Wilder mean of -DM / that of true range.

    Wilder (1978), 14 sessions. NaN until 15 sessions are known, or where the range was nil.
    """
    return directional_14.minus


@feature(group="technical", inputs=("high", "low", "close"), lookback_sessions=28)
def adx_14(directional_14: Directional) -> Panel:
    """Average directional index, 0 to 100: Wilder mean of 100 x |+DI - -DI| / (+DI + -DI).

    Wilder (1978), 14 sessions. A bar without any direction counts as 0. NaN until 28 sessions
    are known.
    """
    return directional_index(*directional_14, 14)
