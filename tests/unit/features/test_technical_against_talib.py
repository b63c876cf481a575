"""The technical features beside TA-Lib, an independent implementation: the same to 1e-9.

Both are compared in float64 on every bar that both know; where TA-Lib means something else by a
name, the expected side says what is done to its answer.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import talib

from alpha_oracle.features import registry
from tests.unit.features.panels import a_whole_panel

PANEL = a_whole_panel(symbols=3, sessions=600)


class Bars(NamedTuple):
    """One symbol's bars."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def bars_of(panel, column):
    return Bars(*(np.ascontiguousarray(getattr(panel, name)[:, column]) for name in Bars._fields))


def last(values, count):
    out = np.full_like(values, np.nan)
    out[count:] = values[:-count]
    return out


def returns(c):
    return talib.ROCP(c, 1)


def logs(c):
    return np.concatenate([[np.nan], np.diff(np.log(c))])


def from_first_known(function, *series):
    """TA-Lib spoils everything after a NaN: leave the leading ones out."""
    start = int(np.max([np.argmax(np.isfinite(one)) for one in series]))
    out = np.full(len(series[0]), np.nan)
    out[start:] = function(*(np.ascontiguousarray(one[start:]) for one in series))
    return out


def sample_deviation(values, count):
    def population(known):
        return talib.STDDEV(known, count)

    return from_first_known(population, values) * np.sqrt(count / (count - 1))


def channel(bars, *, count):
    highest, lowest = last(talib.MAX(bars.high, count), 1), last(talib.MIN(bars.low, count), 1)
    return (bars.close - lowest) / (highest - lowest)


def percent_b(bars):
    upper, _, lower = talib.BBANDS(bars.close, 20, 2, 2)
    return (bars.close - lower) / (upper - lower)


def bandwidth(bars):
    upper, middle, lower = talib.BBANDS(bars.close, 20, 2, 2)
    return (upper - lower) / middle


def autocorrelation(bars):
    return from_first_known(
        lambda x, y: talib.CORREL(x, y, 20), logs(bars.close), last(logs(bars.close), 1)
    )


def mean_from_first(values, count):
    return from_first_known(lambda known: talib.SMA(known, count), values)


EXPECTED = {
    "return_1": lambda bars: talib.ROCP(bars.close, 1),
    "return_5": lambda bars: talib.ROCP(bars.close, 5),
    "return_21": lambda bars: talib.ROCP(bars.close, 21),
    "return_63": lambda bars: talib.ROCP(bars.close, 63),
    "return_126": lambda bars: talib.ROCP(bars.close, 126),
    "momentum_12_1": lambda bars: last(talib.ROCP(bars.close, 231), 21),
    "overnight_gap": lambda bars: bars.open / last(bars.close, 1) - 1.0,
    "intraday_return": lambda bars: bars.close / bars.open - 1.0,
    "sma_20_distance": lambda bars: bars.close / talib.SMA(bars.close, 20) - 1.0,
    "sma_50_distance": lambda bars: bars.close / talib.SMA(bars.close, 50) - 1.0,
    "sma_200_distance": lambda bars: bars.close / talib.SMA(bars.close, 200) - 1.0,
    "ema_20_distance": lambda bars: bars.close / talib.EMA(bars.close, 20) - 1.0,
    "ema_50_distance": lambda bars: bars.close / talib.EMA(bars.close, 50) - 1.0,
    "macd_line": lambda bars: talib.MACD(bars.close, 12, 26, 9)[0] / bars.close,
    "macd_signal": lambda bars: talib.MACD(bars.close, 12, 26, 9)[1] / bars.close,
    "macd_histogram": lambda bars: talib.MACD(bars.close, 12, 26, 9)[2] / bars.close,
    "plus_di_14": lambda bars: talib.PLUS_DI(bars.high, bars.low, bars.close, 14),
    "minus_di_14": lambda bars: talib.MINUS_DI(bars.high, bars.low, bars.close, 14),
    "adx_14": lambda bars: talib.ADX(bars.high, bars.low, bars.close, 14),
    "rsi_14": lambda bars: talib.RSI(bars.close, 14),
    "rsi_2": lambda bars: talib.RSI(bars.close, 2),
    "stochastic_k_14": lambda bars: talib.STOCH(bars.high, bars.low, bars.close, 14, 3, 0, 3, 0)[0],
    "stochastic_d_14": lambda bars: talib.STOCH(bars.high, bars.low, bars.close, 14, 3, 0, 3, 0)[1],
    "williams_r_14": lambda bars: talib.WILLR(bars.high, bars.low, bars.close, 14),
    "cci_20": lambda bars: talib.CCI(bars.high, bars.low, bars.close, 20),
    "mfi_14": lambda bars: talib.MFI(bars.high, bars.low, bars.close, bars.volume, 14),
    "atr_14_fraction": lambda bars: talib.NATR(bars.high, bars.low, bars.close, 14) / 100.0,
    "bollinger_percent_b": percent_b,
    "bollinger_bandwidth": bandwidth,
    "realised_volatility_20": lambda bars: sample_deviation(logs(bars.close), 20) * np.sqrt(252),
    "realised_volatility_60": lambda bars: sample_deviation(logs(bars.close), 60) * np.sqrt(252),
    "autocorrelation_20": autocorrelation,
    "donchian_position_20": lambda bars: channel(bars, count=20),
    "donchian_position_55": lambda bars: channel(bars, count=55),
    "distance_52w_high": lambda bars: bars.close / talib.MAX(bars.high, 252) - 1.0,
    "distance_52w_low": lambda bars: bars.close / talib.MIN(bars.low, 252) - 1.0,
    # TA-Lib's OBV starts from the first volume; a slope does not see where it starts.
    "obv_slope_20": lambda bars: (
        talib.LINEARREG_SLOPE(talib.OBV(bars.close, bars.volume), 20) / talib.SMA(bars.volume, 20)
    ),
    "volume_ratio_20": lambda bars: bars.volume / talib.SMA(bars.volume, 20),
    "amihud_illiquidity_20": lambda bars: mean_from_first(
        np.abs(returns(bars.close)) / (bars.close * bars.volume / 1e6), 20
    ),
    "parkinson_volatility_20": lambda bars: np.sqrt(
        252 * talib.SMA(np.log(bars.high / bars.low) ** 2, 20) / (4 * np.log(2))
    ),
    "garman_klass_volatility_20": lambda bars: np.sqrt(
        252
        * talib.SMA(
            0.5 * np.log(bars.high / bars.low) ** 2
            - (2 * np.log(2) - 1) * np.log(bars.close / bars.open) ** 2,
            20,
        )
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_technical_feature_agrees_with_talib(name):
    (feature,) = registry.named([name])
    values = feature.compute(PANEL)
    for column in range(len(PANEL.symbols)):
        expected = EXPECTED[name](bars_of(PANEL, column))
        known = np.isfinite(expected)
        assert known[feature.lookback_sessions + 10 :].all()
        np.testing.assert_allclose(values[known, column], expected[known], rtol=1e-9, atol=1e-9)


def test_skewness_agrees_with_pandas():
    (feature,) = registry.named(["skewness_60"])
    expected = pd.DataFrame(np.log(PANEL.close)).diff().rolling(60).skew().to_numpy()
    np.testing.assert_allclose(feature.compute(PANEL)[60:], expected[60:], rtol=1e-9, atol=1e-9)


def test_every_technical_feature_has_an_independent_reference():
    technical = {feature.name for feature in registry.all() if feature.group == "technical"}
    assert technical == {*EXPECTED, "skewness_60"}
