"""The bootstrap against theory, a published implementation, and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.research import metrics
from alpha_oracle.research.resampling import (
    block_sessions,
    optimal_block,
    resampled,
    resampled_figures,
)
from tests.unit.research.series import noise, remembering


def test_a_resample_is_made_of_blocks_of_the_mean_length():
    position = np.arange(1000.0)
    histories = resampled(position, block=8.0, seed=3, first=0, histories=200)

    follows = np.diff(histories, axis=1) % 1000 == 1
    # A step stays within its block with probability 7/8 (or 1 in 1000 lands on it by chance).
    assert follows.mean() == pytest.approx(7 / 8, abs=0.005)
    runs = np.diff(np.flatnonzero(~follows.ravel()))
    # Geometric: the deviation of the lengths is sqrt(1 - 1/8) of 8.
    assert runs.std() == pytest.approx(8 * np.sqrt(7 / 8), rel=0.05)


def test_every_session_is_as_likely_at_every_place():
    histories = resampled(np.arange(10.0), block=4.0, seed=3, first=0, histories=20_000)
    for place in (0, 5, 9):
        share = np.bincount(histories[:, place].astype(int), minlength=10) / 20_000
        assert share == pytest.approx(np.full(10, 0.1), abs=0.01)


@pytest.mark.parametrize(
    ("series", "block"),
    [
        pytest.param(np.random.default_rng(5).normal(0, 1, 250), 0.73757167, id="noise"),
        pytest.param(np.random.default_rng(5).normal(0, 1, 2520), 2.55745815, id="more noise"),
        pytest.param(np.sin(np.arange(100)), 11.0700306, id="a wave, up to the largest lag"),
    ],
)
def test_the_block_is_that_of_another_implementation(series, block):
    # `arch` 8.0.0, optimal_block_length. It takes the first insignificant lag where the paper has
    # the last significant one; these series do not tell them apart.
    assert optimal_block(series) == pytest.approx(block, rel=1e-7)


def test_the_block_is_at_most_three_roots_of_the_sessions():
    # The sum of its autocovariances is 0, which asks for a block without end.
    series = np.concatenate(([1.0, -1.0], np.zeros(98)))
    assert optimal_block(series) == 30.0


@pytest.mark.parametrize("memory", [0.3, 0.6])
def test_the_block_of_an_autoregression_is_near_the_best_one(memory):
    # From its spectrum: G = 2 R(0) p / (1-p)^2, g(0) = R(0) (1+p) / (1-p).
    best = (2 * memory / (1 - memory**2)) ** (2 / 3) * 2520 ** (1 / 3)
    blocks = [optimal_block(remembering(2520, memory=memory, seed=seed)) for seed in range(40)]
    assert np.median(blocks) == pytest.approx(best, rel=0.15)


def test_rough_times_that_last_ask_for_longer_blocks():
    # Independent signs, but deviations that switch every 60 sessions.
    rough = np.where(np.arange(2520) // 60 % 2, 0.03, 0.005)
    returns = noise(2520, deviation=1.0) * rough
    assert optimal_block(returns) < 10
    assert block_sessions(returns) > 20


@pytest.mark.parametrize("returns", [np.zeros(100), np.full(100, 0.001)])
def test_a_constant_series_has_the_shortest_block(returns):
    assert block_sessions(returns) == 1.0


def test_the_figures_of_a_resample_are_those_of_the_metrics():
    returns = noise(300, sharpe=1.0)
    drawn = resampled(returns, block=block_sessions(returns), seed=4, first=0)
    figures = resampled_figures(returns, seed=4, resamples=len(drawn))

    for interval, figure in (
        (figures.sharpe, metrics.sharpe),
        (figures.sortino, metrics.sortino),
        (figures.cagr_pct, metrics.cagr_pct),
        (figures.max_drawdown_pct, metrics.max_drawdown_pct),
    ):
        expected = np.percentile([figure(history) for history in drawn], [2.5, 97.5])
        assert [interval.low, interval.high] == pytest.approx(expected.tolist(), rel=1e-9)


@pytest.mark.parametrize(
    ("memory", "years"), [pytest.param(0.0, 3, id="noise"), pytest.param(0.25, 4, id="memory")]
)
def test_the_interval_holds_the_true_sharpe_about_95_times_in_100(memory, years):
    held = 0
    for seed in range(150):
        returns = remembering(252 * years, memory=memory, sharpe=1.0, seed=seed)
        interval = resampled_figures(returns, seed=seed, resamples=200).sharpe
        held += interval.low <= 1.0 <= interval.high
    # Some of memory is lost between blocks, and 150 trials have an error of 2 points.
    assert 0.88 <= held / 150 <= 0.99


def test_draws_depend_on_the_arguments_alone():
    returns = noise(260)
    first = resampled_figures(returns, seed=1, resamples=130)
    other = resampled_figures(returns, seed=2, resamples=130)

    assert resampled_figures(returns, seed=1, resamples=130) == first
    assert other.sharpe != first.sharpe


def test_more_resamples_begin_with_the_same_histories():
    returns = noise(60)
    again = resampled(returns, block=3.0, seed=1, first=50)
    np.testing.assert_array_equal(again, resampled(returns, block=3.0, seed=1, first=50))
    assert not np.array_equal(again, resampled(returns, block=3.0, seed=1, first=0))


@pytest.mark.parametrize("returns", [np.empty(0), noise(19)])
def test_too_short_a_history_has_no_intervals(returns):
    figures = resampled_figures(returns, seed=1)
    assert figures.resamples == 0
    assert (figures.sharpe, figures.max_drawdown_pct) == (None, None)


def test_a_figure_that_one_history_lacks_has_no_interval():
    # One loss in 100 sessions: some resamples have none, and so no Sortino ratio.
    returns = np.abs(noise(100))
    returns[50] = -0.01
    figures = resampled_figures(returns, seed=1)
    assert figures.sortino is None
    assert figures.sharpe is not None


def test_a_total_loss_is_a_fall_of_100_percent():
    returns = noise(40)
    returns[::4] = -1.0
    figures = resampled_figures(returns, seed=1, resamples=50)
    assert figures.cagr_pct.low == figures.cagr_pct.high == -100.0
    assert figures.max_drawdown_pct.high == 100.0


@settings(max_examples=25)
@given(
    returns=st.lists(st.floats(-0.5, 0.5), min_size=20, max_size=60),
    seed=st.integers(0, 2**63),
    block=st.floats(1.0, 30.0),
)
def test_a_resample_holds_nothing_but_the_returns(returns, seed, block):
    observed = np.array(returns)
    drawn = resampled(observed, block=block, seed=seed, first=0, histories=3)
    assert drawn.shape == (3, len(observed))
    assert np.isin(drawn, observed).all()
