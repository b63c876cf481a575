"""Whether a recipe knows anything: a signal that is there is found, one that is not is not."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from alpha_oracle.ml.labels import classes_of, forward_returns
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.research.metrics import sharpe
from alpha_oracle.research.model_validation import persistence, validate
from alpha_oracle.research.windows import WindowMonths
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy
from tests.fakes.models import MemoryModelFiles
from tests.unit.research.forecasts import (
    MONTHS,
    TERMS,
    a_forecaster,
    a_market,
    a_plan,
    a_reverting_market,
    an_evaluator,
)

ML = MLSignalStrategy()
GATE = PromotionGate(max_calibration_error=0.06)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    forecasts: object
    traded: object
    other: object
    validation: object

    @property
    def figures(self):
        return self.validation.figures


def judged(market, *, months=MONTHS, files=None, **changes):
    evaluator = an_evaluator(a_forecaster(files, **changes))
    forecasts = evaluator.forecaster.over(market, a_plan(market, months))
    traded, other = (
        evaluator.evaluate(one, market, terms=TERMS, months=months, grid={})
        for one in (ML, MomentumStrategy())
    )
    validation = validate(
        forecasts, strategy=ML, traded=traded, others=[other], terms=TERMS, seed=1
    )
    return Judged(forecasts=forecasts, traded=traded, other=other, validation=validation)


@pytest.fixture(scope="module")
def learnt():
    """A recipe judged where last week's return turns around."""
    return judged(a_reverting_market())


@pytest.fixture(scope="module")
def guessed():
    """The same recipe judged where nothing tells anything."""
    return judged(a_market(drift=0.0))


def outcomes(one):
    """What came, and which cells of the tests can be judged, worked out apart."""
    market, windows = one.forecasts.market, one.forecasts.plan.windows
    classes = classes_of(forward_returns(market.close, horizon=5), up=0.01, down=-0.01)
    known = classes >= 0
    known[: windows[0].test_start] = False
    known[windows[-1].test_stop :] = False
    return classes, known


def second_test(one):
    """The session from which a strategy that lives by forecasts has seen some."""
    return one.forecasts.market.sessions[one.forecasts.plan.windows[1].test_start]


def test_a_signal_that_is_there_is_found_beyond_chance(learnt):
    figures = learnt.figures
    assert figures.log_loss_skill.low > 0.05
    assert figures.rank_correlation.low > 0.3
    assert figures.accuracy.low > figures.baseline_accuracy
    assert figures.sharpe.low > 2
    assert figures.sharpe.value > figures.baseline_sharpe
    assert figures.advantage.low > 0
    assert GATE.refusals(figures) == ()


def test_where_nothing_tells_anything_it_is_no_better_than_its_baseline_and_refused(guessed):
    figures = guessed.figures
    assert figures.log_loss_skill.low < 0
    assert figures.rank_correlation.low < 0 < figures.rank_correlation.high
    told = " ".join(GATE.refusals(figures))
    assert "log-loss skill over the class frequencies" in told
    assert "rank correlation with returns" in told
    assert figures.advantage.low < 0
    assert "yearly return over the persistence baseline" in told


def test_every_test_session_is_judged_once_by_its_newest_model(learnt):
    classes, known = outcomes(learnt)
    told = learnt.forecasts.newest().probabilities[known]
    figures = learnt.figures
    assert (figures.forecasts, figures.sessions) == (known.sum(), known.any(axis=1).sum())
    assert figures.windows == len(learnt.forecasts.plan.windows) == 4
    assert figures.accuracy.value == pytest.approx(
        accuracy_score(classes[known], told.argmax(axis=1))
    )
    assert figures.log_loss == pytest.approx(log_loss(classes[known], told), rel=1e-5)


def test_the_baseline_of_each_window_is_how_common_classes_were_in_its_training(learnt):
    classes, known = outcomes(learnt)
    windows = learnt.forecasts.plan.windows
    losses, right = [], []
    for window, stop in zip(windows, [one.test_start for one in windows[1:]] + [None], strict=True):
        rows = slice(window.test_start, stop)
        came = classes[rows][known[rows]]
        shares = np.array(
            learnt.forecasts.forecaster.model_of(learnt.forecasts.market, window).class_shares
        )
        losses.extend(-np.log(shares[came]))
        right.extend(came == shares.argmax())
    assert learnt.figures.baseline_log_loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert learnt.figures.baseline_accuracy == pytest.approx(np.mean(right))
    skill = 1 - learnt.figures.log_loss / learnt.figures.baseline_log_loss
    assert learnt.figures.log_loss_skill.value == pytest.approx(skill)


def test_calibration_brings_confidence_nearer_to_accuracy_out_of_sample(learnt):
    figures, validation = learnt.figures, learnt.validation
    assert figures.calibration_error < 0.5 * figures.raw_calibration_error
    for bins in (validation.raw_bins, validation.bins):
        assert sum(one.forecasts for one in bins) == figures.forecasts
    gaps = [
        sum(one.forecasts * abs(one.confidence - one.accuracy) for one in bins if one.forecasts)
        for bins in (validation.raw_bins, validation.bins)
    ]
    assert gaps[0] / figures.forecasts == pytest.approx(figures.raw_calibration_error)
    assert gaps[1] / figures.forecasts == pytest.approx(figures.calibration_error)


def test_sharpe_ratios_are_of_the_sessions_from_the_second_window_on(learnt):
    start = np.datetime64(learnt.traded.windows[0].test_start, "D")
    figures = learnt.figures
    for result, ratio in (
        (learnt.traded, figures.sharpe.value),
        (learnt.other, figures.other_sharpes["MomentumStrategy"]),
    ):
        record = result.record
        assert ratio == sharpe(record.returns[record.sessions >= start])
    assert figures.trades == len(learnt.traded.trades.symbol) > 50


def test_persistence_expects_the_last_horizon_again_and_is_sure_of_it(learnt):
    market, first = learnt.forecasts.market, learnt.forecasts.plan.windows[0].test_start
    told = persistence(learnt.forecasts).probabilities
    assert np.isnan(told[:first]).all()
    back = market.close[5:] / market.close[:-5] - 1
    expected = np.where(back >= 0.01, 2, np.where(back <= -0.01, 0, 1))
    np.testing.assert_array_equal(told[first:].argmax(axis=2), expected[first - 5 :])
    assert set(told[first:].ravel().tolist()) == {0.0, 1.0}


def test_where_what_was_comes_again_persistence_is_the_bar_to_beat():
    trending = judged(a_market(drift=0.008))
    assert trending.figures.baseline_sharpe > 5


def test_the_advantage_is_the_mean_return_a_year_over_what_persistence_earned(learnt):
    # Persistence buys nothing here, so its returns are those of cash.
    start = second_test(learnt)
    own = learnt.traded.record.returns[learnt.traded.record.sessions >= start]
    advantage = learnt.figures.advantage
    assert advantage.value == pytest.approx(252 * own.mean())
    error = 252 * own.std() / np.sqrt(len(own))
    assert advantage.low < advantage.value - error < advantage.value + error < advantage.high


def test_a_baseline_that_buys_nothing_is_a_bar_of_zero(learnt):
    # In a market that turns around its train months lose, so half Kelly buys nothing.
    assert learnt.figures.baseline_sharpe == 0.0


def test_one_window_has_forecasts_to_judge_and_nothing_traded():
    market = a_reverting_market()
    single = judged(market, months=WindowMonths(train=15, test=5, step=5))
    figures = single.figures
    assert (figures.windows, figures.trades) == (1, 0)
    assert figures.forecasts > 500
    assert (figures.sharpe.value, figures.baseline_sharpe) == (None, None)
    refusals = GATE.refusals(figures)
    assert "yearly return over the persistence baseline unknown" in refusals
    assert "0 trades, 30 at least required" in refusals


def test_a_history_without_a_window_shows_nothing_and_is_refused():
    market = a_reverting_market()
    short = judged(market.until(market.sessions[20].item()))
    figures = short.figures
    assert (figures.windows, figures.sessions, figures.forecasts) == (0, 0, 0)
    assert figures.accuracy.value is figures.log_loss is figures.calibration_error is None
    assert GATE.refusals(figures) != ()


def test_a_validation_is_the_same_each_time_and_needs_no_training_for_it():
    market, files = a_reverting_market(), MemoryModelFiles()
    first = judged(market, files=files).figures
    kept = dict(files.kept)
    assert judged(replace(market), files=files).figures == first
    assert files.kept == kept
