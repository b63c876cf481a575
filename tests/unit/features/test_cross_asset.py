"""Cross-asset features, against numpy, pandas and scipy on bars with gaps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_oracle.features import registry
from alpha_oracle.features.context import MarketContext
from tests.unit.features.panels import a_panel_with_gaps, a_whole_panel


def compute(name, panel):
    (feature,) = registry.named([name])
    return feature.compute(panel)


@cache
def a_market(sessions=420):
    """VIX and SPY with a session missing here and there."""
    random = np.random.default_rng(11)
    vix = 18.0 * np.exp(np.cumsum(random.normal(0.0, 0.05, sessions)) * 0.3)
    vix = np.round(vix, 1)
    spy = 250.0 * np.exp(np.cumsum(random.normal(0.0005, 0.011, sessions)))
    vix[[40, 200]] = spy[[77, 300]] = np.nan
    return MarketContext(vix=vix, spy=spy)


def a_gappy_panel():
    return replace(a_panel_with_gaps(), context=a_market())


def own_returns(panel, column):
    """A symbol's log returns and those of SPY over the same bars, and the bars' sessions."""
    rows = np.flatnonzero(np.isfinite(panel.close[:, column]) & np.isfinite(panel.context.spy))
    logs = np.log(np.stack([panel.close[rows, column], panel.context.spy[rows]]))
    own, market = np.diff(logs, axis=1)
    return rows[1:], own, market


def line_of(own, market):
    """Slope, correlation and annualised residual deviation, by numpy's least squares."""
    sides = np.stack([np.ones(len(market)), market], axis=1)
    (_, slope), (squares,), *_ = np.linalg.lstsq(sides, own, rcond=None)
    deviation = np.sqrt(252 * squares / (len(own) - 2))
    return slope, np.corrcoef(own, market)[0, 1], deviation


WINDOWS = {
    "spy_beta_60": (60, 0),
    "spy_beta_252": (252, 0),
    "spy_correlation_60": (60, 1),
    "idiosyncratic_volatility_60": (60, 2),
}


@pytest.mark.parametrize(("name", "reading"), WINDOWS.items(), ids=WINDOWS)
def test_the_market_model_is_that_of_least_squares(name, reading):
    window, which = reading
    panel = a_gappy_panel()
    values = compute(name, panel)
    for column in (0, 2, 3, 4):
        rows, own, market = own_returns(panel, column)
        assert np.isnan(values[: rows[window - 1], column]).all()
        for last in range(window - 1, len(rows), 7):
            span = slice(last - window + 1, last + 1)
            expected = line_of(own[span], market[span])[which]
            assert values[rows[last], column] == pytest.approx(expected, rel=1e-9)


def test_the_market_against_itself_has_a_beta_of_one_and_nothing_of_its_own():
    panel = a_whole_panel(symbols=2, sessions=100)
    panel = replace(panel, context=MarketContext(spy=panel.close[:, 0].copy()))
    assert compute("spy_beta_60", panel)[99, 0] == pytest.approx(1.0)
    assert compute("spy_correlation_60", panel)[99, 0] == pytest.approx(1.0)
    assert compute("idiosyncratic_volatility_60", panel)[99, 0] == pytest.approx(0.0, abs=1e-8)


def test_a_symbol_that_grows_evenly_has_no_correlation():
    panel = a_whole_panel(symbols=1, sessions=200)
    panel = replace(panel, close=50.0 * 1.001 ** np.arange(200.0)[:, None])
    assert np.isnan(compute("spy_correlation_60", panel)[60:]).all()
    np.testing.assert_allclose(compute("spy_beta_60", panel)[60:], 0.0, atol=1e-9)
    np.testing.assert_allclose(compute("idiosyncratic_volatility_60", panel)[60:], 0.0, atol=1e-9)


def test_relative_strength_is_a_return_less_that_of_spy_over_the_same_bars():
    panel = a_gappy_panel()
    values = compute("spy_relative_strength_21", panel)[:, 3]
    rows = np.flatnonzero(np.isfinite(panel.close[:, 3]) & np.isfinite(panel.context.spy))
    own = pd.Series(panel.close[rows, 3]).pct_change(21)
    market = pd.Series(panel.context.spy[rows]).pct_change(21)
    np.testing.assert_allclose(values[rows], own - market, rtol=1e-9, atol=1e-12)


def market_series(panel, name):
    """A market feature as a series of the sessions VIX or SPY is there."""
    values = compute(name, panel)
    has_bar = np.isfinite(panel.close)
    for column in range(panel.close.shape[1]):
        seen = values[has_bar[:, column], column]
        np.testing.assert_array_equal(seen, values[:, 0][has_bar[:, column]])
    return values[:, 0]


def vix_known(panel):
    return pd.Series(panel.context.vix).dropna()


BY_PANDAS = {
    "vix_level": lambda vix: vix,
    "vix_change_5": lambda vix: vix.pct_change(5),
    "vix_mean_20_distance": lambda vix: vix / vix.rolling(20).mean() - 1,
    "vix_percentile_252": lambda vix: vix.rolling(252).apply(
        lambda last: (stats.rankdata(last)[-1] - 0.5) / 252
    ),
}


@pytest.mark.parametrize(("name", "by_pandas"), BY_PANDAS.items(), ids=BY_PANDAS)
def test_readings_of_vix_are_those_of_pandas(name, by_pandas):
    panel = a_gappy_panel()
    expected = by_pandas(vix_known(panel)).reindex(range(420)).to_numpy()
    has_bar = np.isfinite(panel.close[:, 0])
    actual = market_series(panel, name)
    np.testing.assert_allclose(actual[has_bar], expected[has_bar], rtol=1e-9, atol=1e-12)


def test_a_value_on_a_bound_belongs_to_the_more_cautious_regime():
    panel = a_whole_panel(symbols=1, sessions=9)
    vix = np.array([9.0, 14.99, 15.0, 24.99, 25.0, 34.99, 35.0, 80.0, np.nan])
    panel = replace(panel, context=MarketContext(vix=vix))
    expected = [0, 0, 1, 1, 2, 2, 3, 3, np.nan]
    np.testing.assert_array_equal(compute("vix_regime", panel)[:, 0], expected)


def test_the_volatility_premium_is_what_vix_is_above_what_spy_did():
    panel = a_whole_panel(symbols=1, sessions=60)
    spy = pd.Series(panel.context.spy)
    realised = np.log(spy).diff().rolling(20).std() * np.sqrt(252)
    expected = panel.context.vix / 100.0 - realised
    np.testing.assert_allclose(compute("volatility_premium_20", panel)[:, 0], expected, rtol=1e-9)


def test_spys_trend_is_its_distance_from_the_mean():
    panel = a_whole_panel(symbols=1, sessions=260)
    spy = pd.Series(panel.context.spy)
    expected = spy / spy.rolling(200).mean() - 1
    actual = compute("spy_sma_200_distance", panel)[:, 0]
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


def test_sector_relative_strength_is_a_return_less_the_mean_of_the_sectors_members():
    panel = a_whole_panel(symbols=9, sessions=30)
    is_member = panel.is_member.copy()
    is_member[:, 4] = False
    panel = replace(panel, is_member=is_member)
    returns = panel.close[29] / panel.close[8] - 1.0
    sector = panel.context.sector[29]
    expected = np.full(9, np.nan)
    for code in np.unique(sector):
        peers = (sector == code) & is_member[29]
        if peers.sum() >= 3:
            expected[peers] = returns[peers] - returns[peers].mean()
    assert np.isnan(expected).sum() == 3
    actual = compute("sector_relative_strength_21", panel)[29]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


RANKED = {
    "return_21_rank": "return_21",
    "momentum_12_1_rank": "momentum_12_1",
    "idiosyncratic_volatility_60_rank": "idiosyncratic_volatility_60",
}


@pytest.mark.parametrize(("name", "ranked"), RANKED.items(), ids=RANKED)
def test_a_rank_is_the_place_among_the_members(name, ranked):
    panel = a_whole_panel(symbols=10, sessions=300)
    is_member = panel.is_member.copy()
    is_member[:, [2, 7]] = False
    values = compute(ranked, panel)[299]
    expected = np.full(10, np.nan)
    expected[is_member[299]] = (stats.rankdata(values[is_member[299]]) - 0.5) / 8
    actual = compute(name, replace(panel, is_member=is_member))[299]
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_without_vix_and_spy_what_reads_them_is_unknown():
    panel = replace(a_whole_panel(symbols=2, sessions=300), context=MarketContext())
    for name in ("vix_level", "vix_regime", "spy_beta_60", "volatility_premium_20"):
        assert np.isnan(compute(name, panel)).all()
