import numpy as np
import pytest
from scipy.stats import spearmanr

from alpha_oracle.research.forecast_scores import (
    mean_interval,
    rank_correlations,
    session_scores,
)
from tests.forecasts import some_forecast

UNKNOWN = -1


def drawn_forecast(random, shape):
    return some_forecast(random.dirichlet((1.0, 1.0, 1.0), shape).tolist())


def test_scores_are_sums_by_session_of_those_that_can_be_judged():
    told = some_forecast(
        [
            [(0.2, 0.3, 0.5), (0.6, 0.2, 0.2), None],
            [None, (0.1, 0.8, 0.1), (0.1, 0.2, 0.7)],
            [(0.25, 0.25, 0.5), None, None],
        ]
    )
    baseline = some_forecast([[(0.5, 0.25, 0.25)] * 3] * 3)
    classes = np.array([[2, 2, 0], [0, 0, UNKNOWN], [UNKNOWN, 0, 0]], np.int8)
    known = (classes != UNKNOWN) & np.isfinite(told.probabilities).all(axis=2)
    scores = session_scores(told, baseline, classes, known=known)
    # The last session has no forecast whose return is known.
    assert scores.forecasts.tolist() == [2, 1]
    assert scores.right.tolist() == [1, 0]
    assert scores.usual.tolist() == [0, 1]
    assert scores.losses == pytest.approx([-np.log(0.5) - np.log(0.2), -np.log(0.1)], rel=1e-6)
    assert scores.baseline_losses == pytest.approx([-2 * np.log(0.25), -np.log(0.5)], rel=1e-6)


def test_rank_correlations_are_scipys_session_by_session():
    random = np.random.default_rng(4)
    told = drawn_forecast(random, (30, 9))
    # Few values, so that there are ties.
    returns = random.integers(-3, 4, (30, 9)) / 100.0
    known = random.random((30, 9)) < 0.8
    lean = told.probabilities[:, :, 2] - told.probabilities[:, :, 0]
    expected = [
        spearmanr(lean[row][known[row]], returns[row][known[row]]).statistic for row in range(30)
    ]
    assert rank_correlations(told, returns, known=known) == pytest.approx(expected)


def test_a_session_of_two_symbols_or_of_equal_returns_has_no_order():
    told = some_forecast([[(0.1, 0.2, 0.7), (0.2, 0.2, 0.6), (0.5, 0.2, 0.3)]] * 3)
    returns = np.array([[0.3, 0.2, 0.1], [0.3, 0.2, np.nan], [0.1, 0.1, 0.1]])
    found = rank_correlations(told, returns, known=np.isfinite(returns))
    assert found == pytest.approx([1.0])


def test_the_mean_counts_forecasts_and_not_sessions():
    interval = mean_interval(np.array([1.0, 9.0]), np.array([10.0, 10.0]), horizon=1, seed=1)
    assert interval.value == 0.5
    lopsided = mean_interval(np.array([1.0, 27.0]), np.array([10.0, 30.0]), horizon=1, seed=1)
    assert lopsided.value == 0.7
    # Two sessions say nothing of how far the mean may vary.
    assert (lopsided.low, lopsided.high) == (None, None)


def test_nothing_has_no_mean():
    nothing = mean_interval(np.array([]), np.array([]), horizon=5, seed=1)
    assert (nothing.value, nothing.low, nothing.high) == (None, None, None)


def test_the_interval_of_independent_sessions_is_that_of_their_standard_error():
    random = np.random.default_rng(8)
    sums = random.normal(0.5, 0.2, 800)
    interval = mean_interval(sums, np.ones(800), horizon=1, seed=3)
    half = 1.96 * sums.std(ddof=1) / np.sqrt(800)
    assert interval.low == pytest.approx(sums.mean() - half, abs=0.15 * half)
    assert interval.high == pytest.approx(sums.mean() + half, abs=0.15 * half)


def test_sessions_that_share_their_returns_say_less_than_as_many_apart():
    random = np.random.default_rng(8)
    shared = np.convolve(random.normal(0.0, 1.0, 810), np.ones(10) / np.sqrt(10), "valid")[:800]
    apart = random.permutation(shared)
    wide, narrow = (
        mean_interval(series, np.ones(800), horizon=5, seed=3) for series in (shared, apart)
    )
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_the_same_seed_gives_the_same_interval():
    sums = np.random.default_rng(1).random(100)
    one, again, other = (
        mean_interval(sums, np.ones(100), horizon=5, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again != other
