"""Every figure that empyrical also knows, on series of many shapes.

Differences in definition, and there are no others: where a figure does not exist empyrical answers
NaN (or an infinite Sortino without a loss) and we answer None; its falls are negative fractions,
ours positive percents. Its downside deviation is over all sessions, as ours.
"""

import empyrical
import numpy as np
import pandas as pd
import pytest

from alpha_oracle.research import metrics
from alpha_oracle.research.calendar_returns import calendar_returns


def noise(count, *, mean=0.0004, deviation=0.01, seed=1):
    return np.random.default_rng(seed).normal(mean, deviation, count)


SERIES = {
    "ten years of noise": noise(2520),
    "a losing year": noise(252, mean=-0.002),
    "fat tails": 0.008 * np.random.default_rng(2).standard_t(3, 1000),
    "rarely invested": np.where(np.random.default_rng(3).random(500) < 0.1, noise(500), 0.0),
    "two sessions": np.array([0.01, -0.02]),
    "one session": np.array([0.01]),
    "only gains": np.abs(noise(60)),
    "only losses": -np.abs(noise(60)),
    "constant": np.full(30, 0.001),
    "no move at all": np.zeros(30),
    "starts with a crash": np.concatenate(([-0.6], noise(100))),
    "down and exactly up again": np.array([-0.5, 1.0, -0.5, 1.0]),
}

every_series = pytest.mark.parametrize(
    "returns", [pytest.param(returns, id=name) for name, returns in SERIES.items()]
)


def same(ours, theirs):
    unknown = not np.isfinite(theirs)
    return ours is None if unknown else ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@every_series
def test_ratios_are_those_of_empyrical(returns):
    assert same(metrics.sharpe(returns), empyrical.sharpe_ratio(returns))
    growth = metrics.growth_figures(returns)
    assert same(growth.calmar, empyrical.calmar_ratio(returns))
    if len(returns) > 1:
        # Of one return ours is known, where empyrical wants two.
        assert same(metrics.sortino(returns), empyrical.sortino_ratio(returns))


@every_series
def test_growth_and_risk_are_those_of_empyrical(returns):
    assert same(metrics.cagr_pct(returns), empyrical.annual_return(returns) * 100)
    assert same(metrics.volatility_pct(returns), empyrical.annual_volatility(returns) * 100)
    assert same(metrics.max_drawdown_pct(returns), -empyrical.max_drawdown(returns) * 100)


@every_series
def test_the_line_on_a_benchmark_is_that_of_empyrical(returns):
    benchmark = noise(len(returns), seed=9)
    alpha, beta = empyrical.alpha_beta_aligned(returns, benchmark)
    figures = metrics.benchmark_figures(returns, benchmark)
    assert same(figures and figures.alpha_pct, alpha * 100)
    assert same(figures and figures.beta, beta)
    if returns.std() > 1e-12:
        assert same(figures and figures.correlation, np.corrcoef(returns, benchmark)[0, 1])


@every_series
def test_months_and_years_are_those_of_empyrical(returns):
    days = pd.bdate_range("2015-11-03", periods=len(returns))
    ours = calendar_returns(days.to_numpy().astype("datetime64[D]"), returns)
    dated = pd.Series(returns, index=days)

    months = empyrical.aggregate_returns(dated, "monthly")
    assert np.isfinite(ours.months_pct).sum() == len(months)
    for (year, month), value in months.items():
        row = ours.years.index(year)
        assert ours.months_pct[row, month - 1] == pytest.approx(value * 100, abs=1e-9)
    years = empyrical.aggregate_returns(dated, "yearly")
    assert list(ours.years) == years.index.tolist()
    assert ours.years_pct == pytest.approx(years.to_numpy() * 100, abs=1e-9)
