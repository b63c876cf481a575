"""Figures worked by hand from the definitions in the contract."""

from math import sqrt

import numpy as np
import pytest

from alpha_oracle.research import metrics
from alpha_oracle.research.metrics import TrackRecord, performance
from alpha_oracle.research.simulation import records
from alpha_oracle.research.simulator import FLAT_CAP, TradingCosts, backtest
from alpha_oracle.research.trades import Trades
from alpha_oracle.risk.commissions import FREE
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms


def a_record(returns=(), profits=(), *, exposure=0.5, traded=0.1, costs=2.0):
    count = len(returns)
    return TrackRecord(
        sessions=np.datetime64("2016-01-04", "D") + np.arange(count),
        returns=np.array(returns, np.float64),
        exposure=np.full(count, exposure),
        traded=np.full(count, traded),
        costs=np.full(count, costs),
        profits=np.array(profits, np.float64),
    )


def test_sharpe_is_the_mean_over_the_sample_deviation_of_252_sessions():
    # Mean 0.01; deviations 0.01, 0, -0.01: sample variance 0.0002 / 2, deviation 0.01.
    assert metrics.sharpe(np.array([0.02, 0.01, 0.0])) == pytest.approx(sqrt(252))


@pytest.mark.parametrize("returns", [[], [0.01], [0.0, 0.0, 0.0], [0.001, 0.001]])
def test_there_is_no_sharpe_without_variance(returns):
    assert metrics.sharpe(np.array(returns)) is None


def test_sortino_counts_every_session_in_the_downside():
    # Mean 0.0025; downside sqrt((0.02^2 + 0 + 0 + 0) / 4) = 0.01.
    returns = np.array([-0.02, 0.01, 0.02, 0.0])
    assert metrics.sortino(returns) == pytest.approx(0.25 * sqrt(252))


@pytest.mark.parametrize("returns", [[], [0.01, 0.02], [0.0]])
def test_there_is_no_sortino_without_a_loss(returns):
    assert metrics.sortino(np.array(returns)) is None


def test_drawdown_is_measured_from_the_peak_the_start_included():
    assert metrics.max_drawdown_pct(np.array([-0.1, 0.5, -0.2, 0.1])) == pytest.approx(20.0)
    assert metrics.max_drawdown_pct(np.array([-0.1, 0.05])) == pytest.approx(10.0)
    assert metrics.max_drawdown_pct(np.array([0.1, 0.0])) == 0.0
    assert metrics.max_drawdown_pct(np.array([])) == 0.0


def test_growth_a_year_compounds_to_the_whole_growth():
    # Half a year that gains 10 %: 1.1 squared a year.
    half = np.concatenate(([0.1], np.zeros(125)))
    assert metrics.cagr_pct(half) == pytest.approx(21.0)
    assert metrics.cagr_pct(np.array([-1.0, 0.0])) == pytest.approx(-100.0)


def test_growth_a_year_of_nothing_or_beyond_floats_is_unknown():
    assert metrics.cagr_pct(np.array([])) is None
    # 21 to the power of 252 has 333 digits.
    assert metrics.cagr_pct(np.array([20.0])) is None


def test_drawdowns_say_how_far_each_session_lies_below_the_peak():
    # Equity 0.9, 1.35, 1.08, 1.188 below peaks of 1, 1.35, 1.35, 1.35.
    falls = metrics.drawdowns_pct(np.array([-0.1, 0.5, -0.2, 0.1]))
    assert falls == pytest.approx([10.0, 0.0, 20.0, 12.0])


@pytest.mark.parametrize(
    ("returns", "sessions"),
    [
        pytest.param([], 0, id="no session"),
        pytest.param([0.1, 0.0, 0.1], 0, id="never below the peak"),
        pytest.param([-0.1, 0.05, 0.2, -0.1, 0.2], 2, id="from the start"),
        pytest.param([0.1, -0.1, 0.2, -0.1, -0.1, 0.0], 3, id="not over at the end"),
        pytest.param([-0.5, 1.0, -0.5, 0.5], 2, id="back at the peak is over"),
        # In floats, 0.95 * (1 + (1 / 0.95 - 1)) lies below 1 by one bit.
        pytest.param([-0.05, 1 / 0.95 - 1, -0.05], 1, id="back but for rounding is over"),
    ],
)
def test_the_longest_drawdown_counts_sessions_below_a_peak(returns, sessions):
    assert metrics.longest_drawdown_sessions(np.array(returns)) == sessions


def test_calmar_is_growth_a_year_over_the_deepest_fall():
    year = np.concatenate(([0.3, -0.1], np.zeros(250)))
    figures = metrics.growth_figures(year)
    assert figures.cagr_pct == pytest.approx(17.0)
    assert figures.calmar == pytest.approx(1.7)
    assert figures.longest_drawdown_sessions == 251
    assert metrics.growth_figures(np.array([0.1, 0.1])).calmar is None
    assert metrics.growth_figures(np.array([])).calmar is None


def test_a_line_on_the_benchmark_leaves_out_sessions_it_is_unknown_on():
    # Returns are 0.001 + 2 b wherever b is known.
    benchmark = np.array([0.01, np.nan, -0.02, 0.03])
    figures = metrics.benchmark_figures(np.array([0.021, 0.9, -0.039, 0.061]), benchmark)
    assert figures.sessions == 3
    assert figures.beta == pytest.approx(2.0)
    assert figures.alpha_pct == pytest.approx((1.001**252 - 1) * 100)
    assert figures.correlation == pytest.approx(1.0)


@pytest.mark.parametrize(
    "benchmark", [[np.nan, np.nan, np.nan], [np.nan, 0.1, np.nan], [0.1, 0.1, 0.1]]
)
def test_there_is_no_line_on_a_benchmark_that_is_unknown_or_never_moved(benchmark):
    returns = np.array([0.1, 0.2, 0.3])
    assert metrics.benchmark_figures(returns, np.array(benchmark)) is None


def test_a_record_that_never_moved_has_no_correlation():
    figures = metrics.benchmark_figures(np.zeros(3), np.array([0.1, -0.1, 0.2]))
    assert (figures.beta, figures.alpha_pct, figures.correlation) == (0.0, 0.0, None)


def test_a_rolling_sharpe_is_that_of_the_sessions_up_to_each_one():
    returns = np.array([0.01, 0.02, -0.01, 0.03, 0.0, 0.0, 0.0])
    rolled = metrics.rolling_sharpe(returns, window_sessions=3)
    assert np.isnan(rolled[:2]).all()
    assert rolled[2:6] == pytest.approx(
        [metrics.sharpe(returns[i - 2 : i + 1]) for i in range(2, 6)]
    )
    assert np.isnan(rolled[6])
    assert np.isnan(metrics.rolling_sharpe(returns[:2], window_sessions=3)).all()
    assert metrics.rolling_sharpe(returns[:3], window_sessions=3)[2] == rolled[2]


def test_profit_factor_is_won_over_lost():
    assert metrics.profit_factor(np.array([30.0, -10.0, 15.0, -5.0])) == 3.0
    assert metrics.profit_factor(np.array([-10.0])) == 0.0
    assert metrics.profit_factor(np.array([10.0])) is None


@pytest.mark.parametrize(
    ("profits", "win_rate", "ratio"),
    [
        pytest.param([30, 10, -10, -30], 0.5, 1.0, id="as often won as lost"),
        pytest.param([30, 10, -10, 0], 0.5, 2.0, id="breaking even is no win and no loss"),
        pytest.param([30, 10], 1.0, None, id="no loser"),
        pytest.param([-30], 0.0, None, id="no winner"),
        pytest.param([], None, None, id="no trade"),
    ],
)
def test_win_statistics_come_from_closed_trades(profits, win_rate, ratio):
    assert metrics.win_statistics(np.array(profits, np.float64)) == (win_rate, ratio)


def test_kelly_is_asked_with_nothing_where_nothing_was_won():
    assert metrics.kelly_inputs(None, None) == (0.0, 0.0)
    assert metrics.kelly_inputs(0.0, None) == (0.0, 0.0)
    assert metrics.kelly_inputs(1.0, None) == (1.0, float("inf"))
    assert metrics.kelly_inputs(0.6, 1.5) == (0.6, 1.5)


def test_performance_gathers_the_figures_of_a_record():
    figures = performance(a_record([0.1, -0.05], [20.0, -10.0]))
    assert figures.sessions == 2
    assert figures.trades == 2
    assert figures.total_return_pct == pytest.approx(4.5)
    assert figures.max_drawdown_pct == pytest.approx(5.0)
    assert figures.profit_factor == 2.0
    assert figures.exposure_pct == 50.0
    assert figures.turnover == pytest.approx(0.1 / 2 * 252)
    assert figures.costs_usd == 4.0


def test_performance_of_nothing_has_no_ratios():
    figures = performance(a_record())
    assert (figures.sessions, figures.trades, figures.exposure_pct) == (0, 0, 0.0)
    assert (figures.sharpe, figures.sortino, figures.profit_factor) == (None, None, None)


def test_a_track_record_starts_with_the_first_session_that_could_trade():
    market = a_market({"AAA": [10.0, 10.0, 11.0, 12.0, 12.0, 12.0]})
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 1.0)], exits=[(2, "AAA")]),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=1000, cap=100),
    )
    record = metrics.track_record(result)
    assert record.sessions.tolist() == market.sessions[1:].tolist()
    assert record.returns == pytest.approx([0.0, 0.1, 1200 / 1100 - 1, 0.0, 0.0])
    assert record.exposure == pytest.approx([1.0, 1.0, 0.0, 0.0, 0.0])
    assert record.traded == pytest.approx([1.0, 0.0, 1.0, 0.0, 0.0])
    assert record.profits.tolist() == [200.0]


def test_a_rule_that_keeps_its_losers_shows_them():
    falling = [10.0, 10.0, 9.0, 8.0]
    market = a_market({"AAA": [10.0, 10.0, 11.0, 11.0], "BBB": falling})
    result = backtest(
        some_decisions(
            market, entries=[(0, "AAA", 1.0), (0, "BBB", 0.5)], exits=[(1, "AAA"), (2, "AAA")]
        ),
        market,
        strategy=Holding(min_hold_days=2),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=1000, cap=40),
    )
    # 40 shares each: AAA won 1 USD a share, BBB stands 2 USD a share below what was paid.
    assert result.trades["pnl"].tolist() == [40.0]
    assert result.still_open["pnl"].tolist() == [-80.0]
    record = metrics.track_record(result)
    assert record.profits.tolist() == [40.0, -80.0]
    assert metrics.performance(record).profit_factor == 0.5
    assert Trades.of(result).reason.tolist() == [records.STRATEGY_EXIT, records.STILL_OPEN]


def test_a_run_that_lost_everything_has_figures_all_the_same():
    rows = 8
    market = a_market({"A": [10.0] * rows})
    decisions = some_decisions(
        market,
        entries=[(row, "A", 0.5) for row in range(rows)],
        exits=[(row, "A") for row in range(rows)],
    )
    commission = FREE._replace(minimum=1e9, max_pct=100.0)
    terms = some_terms(cap=100.0, costs=TradingCosts(commission=commission, slippage_bps=0.0))
    result = backtest(decisions, market, strategy=Holding(), kelly_fraction=FLAT_CAP, terms=terms)
    record = metrics.track_record(result)
    assert result.equity[-1] == 0.0
    # Half of it went with the purchase, the rest with the sale two sessions later.
    np.testing.assert_array_equal(record.returns, [-0.5, 0, -1, 0, 0, 0, 0])
    assert record.exposure.tolist() == [1, 1, 0, 0, 0, 0, 0]
    assert performance(record).total_return_pct == -100.0
