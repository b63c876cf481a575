"""The figures that Bailey & Lopez de Prado print, and what luck does in simulation."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.research import metrics
from alpha_oracle.research.chance import (
    SharpeEstimate,
    chance_figures,
    luckiest_sharpe,
    probabilistic_sharpe,
    sessions_needed,
    sharpe_estimate,
)
from tests.unit.research.series import noise

DAYS = 250
"""A year in the paper of 2014."""


def discovery(*, skew=-3.0, kurtosis=10.0):
    """The strategy of the 2014 paper: annualised 2.5 over five years of daily returns."""
    return SharpeEstimate(ratio=2.5 / sqrt(DAYS), sessions=1250, skew=skew, kurtosis=kurtosis)


def deflated(estimate, *, trials):
    deviation = sqrt(1 / 2) / sqrt(DAYS)
    threshold = luckiest_sharpe(trials=trials, deviation=deviation)
    return probabilistic_sharpe(estimate, threshold=threshold)


def test_the_luckiest_of_100_trials_is_that_of_the_paper():
    ratio = luckiest_sharpe(trials=100, deviation=sqrt(1 / 2) / sqrt(DAYS))
    assert ratio == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    ("estimate", "trials", "confidence"),
    [
        pytest.param(discovery(), 100, 0.9004, id="100 trials"),
        pytest.param(discovery(), 46, 0.9505, id="46 trials"),
        pytest.param(discovery(skew=0.0, kurtosis=3.0), 88, 0.9505, id="88 trials, normal returns"),
    ],
)
def test_the_deflated_ratio_is_that_of_the_paper(estimate, trials, confidence):
    assert deflated(estimate, trials=trials) == pytest.approx(confidence, abs=5e-5)


@pytest.mark.parametrize(
    ("skew", "kurtosis", "confidence"),
    [
        pytest.param(0.0, 3.0, 0.982, id="as if normal"),
        pytest.param(-2.448, 10.164, 0.913, id="skewed with fat tails"),
    ],
)
def test_the_probabilistic_ratio_of_a_hedge_fund_is_that_of_the_paper(skew, kurtosis, confidence):
    # Two years of months; 0.458 a month is 1.585 a year.
    fund = SharpeEstimate(ratio=0.458, sessions=24, skew=skew, kurtosis=kurtosis)
    assert probabilistic_sharpe(fund) == pytest.approx(confidence, abs=5e-4)


@pytest.mark.parametrize(
    ("periods", "skew", "kurtosis", "years"),
    [
        pytest.param(252, 0.0, 3.0, 2.73, id="daily"),
        pytest.param(52, 0.0, 3.0, 2.83, id="weekly"),
        pytest.param(12, 0.0, 3.0, 3.24, id="monthly"),
        pytest.param(12, -0.72, 5.78, 4.99, id="monthly, a typical hedge fund"),
    ],
)
def test_the_record_needed_to_show_2_above_1_is_that_of_the_paper(periods, skew, kurtosis, years):
    shown = SharpeEstimate(ratio=2 / sqrt(periods), sessions=99, skew=skew, kurtosis=kurtosis)
    needed = sessions_needed(shown, threshold=1 / sqrt(periods))
    # Whole periods, rounded up.
    assert needed - 1 < (years + 0.005) * periods
    assert needed > (years - 0.005) * periods


def test_no_record_is_long_enough_for_a_ratio_that_is_not_above_the_threshold():
    assert sessions_needed(discovery(), threshold=2.5 / sqrt(DAYS)) is None


def test_a_record_of_the_length_needed_reaches_the_confidence():
    estimate = SharpeEstimate(ratio=0.05, sessions=2, skew=-0.5, kurtosis=6.0)
    needed = sessions_needed(estimate)

    def confidence(sessions):
        return probabilistic_sharpe(
            SharpeEstimate(ratio=0.05, sessions=sessions, skew=-0.5, kurtosis=6.0)
        )

    assert confidence(needed) >= 0.95 > confidence(needed - 1)


def test_an_estimate_takes_its_shape_from_the_returns():
    # Mean 0.25; deviations 0.75, -0.25, -0.25, -0.25: variance 0.1875, m3 0.09375, m4 0.08203125.
    estimate = sharpe_estimate(np.array([1.0, 0.0, 0.0, 0.0]))
    assert estimate.ratio == pytest.approx(0.25 / 0.5)
    assert estimate.skew == pytest.approx(0.09375 / 0.1875**1.5)
    assert estimate.kurtosis == pytest.approx(0.08203125 / 0.1875**2)


def test_figures_speak_in_annualised_ratios():
    returns = noise(2520, sharpe=1.0)
    trials = [metrics.sharpe(returns), 0.2, -0.4, None]
    figures = chance_figures(returns, trial_sharpes=trials)

    deviation = np.std(trials[:3], ddof=1)
    assert figures.trials == 4
    assert figures.luckiest_sharpe == pytest.approx(luckiest_sharpe(trials=4, deviation=deviation))
    assert 0.5 < figures.luckiest_sharpe < 1.0
    # Normal returns: the error of an annualised ratio is about 1 / sqrt(years).
    distance = (trials[0] - figures.luckiest_sharpe) * sqrt(10)
    assert figures.deflated_sharpe == pytest.approx(
        probabilistic_sharpe(SharpeEstimate(ratio=distance / 100, sessions=10_001)), abs=0.01
    )
    assert figures.probabilistic_sharpe > figures.deflated_sharpe


def test_one_trial_is_no_choice():
    returns = noise(500, sharpe=1.0)
    for trials in ([], [metrics.sharpe(returns)]):
        figures = chance_figures(returns, trial_sharpes=trials)
        assert figures.trials == 1
        assert figures.luckiest_sharpe == 0.0
        assert figures.deflated_sharpe == figures.probabilistic_sharpe


@pytest.mark.parametrize("returns", [[], [0.01], [0.001] * 9])
def test_without_a_ratio_there_is_nothing_to_judge(returns):
    figures = chance_figures(np.array(returns), trial_sharpes=[None, 1.0])
    assert figures.trials == 2
    assert figures.probabilistic_sharpe is None
    assert figures.deflated_sharpe is None
    assert figures.sessions_needed is None


def test_the_best_of_many_without_skill_is_not_taken_for_skill():
    # 200 searches of 50 tries each over two years. Judged alone the winners look certain.
    drawn = np.random.default_rng(11).normal(0.0, 0.01, (200, 50, 504))
    ratios = drawn.mean(axis=2) / drawn.std(axis=2, ddof=1) * sqrt(252)
    winners = [
        chance_figures(tries[row.argmax()], trial_sharpes=row.tolist())
        for tries, row in zip(drawn, ratios, strict=True)
    ]
    alone = np.array([figures.probabilistic_sharpe for figures in winners])
    fair = np.array([figures.deflated_sharpe for figures in winners])

    assert np.mean(alone > 0.95) > 0.9
    assert np.mean(fair > 0.95) < 0.05
    assert 0.35 < np.median(fair) < 0.65
    assert np.quantile(fair, 0.9) - np.quantile(fair, 0.1) > 0.3


def test_the_luckiest_ratio_is_what_the_best_of_many_draws_is_on_average():
    best = np.random.default_rng(5).normal(0.0, 0.3, (20_000, 30)).max(axis=1).mean()
    assert luckiest_sharpe(trials=30, deviation=0.3) == pytest.approx(best, rel=0.03)


@given(
    ratio=st.floats(-0.3, 0.3),
    sessions=st.integers(2, 5000),
    skew=st.floats(-2.0, 2.0),
    tail=st.floats(0.0, 20.0),
    trials=st.integers(1, 10_000),
    deviation=st.floats(0.0, 0.2),
)
def test_more_trials_never_raise_the_confidence(*, ratio, sessions, skew, tail, trials, deviation):
    # No distribution has a kurtosis below one plus its squared skew.
    estimate = SharpeEstimate(
        ratio=ratio, sessions=sessions, skew=skew, kurtosis=1.0 + skew**2 + tail
    )
    few = probabilistic_sharpe(
        estimate, threshold=luckiest_sharpe(trials=trials, deviation=deviation)
    )
    more = probabilistic_sharpe(
        estimate, threshold=luckiest_sharpe(trials=trials + 1, deviation=deviation)
    )
    assert 0.0 <= more <= few <= probabilistic_sharpe(estimate) <= 1.0
