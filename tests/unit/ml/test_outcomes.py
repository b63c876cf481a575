from datetime import date, timedelta

import numpy as np
import pytest
from sklearn import metrics

from alpha_oracle.domain.models import Prediction, ReturnClass
from alpha_oracle.ml.outcomes import outcome_figures

DAYS = (date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6))
SYMBOLS = ("AAA", "BBB")
UNKNOWN = -1
CAME = np.array(
    [
        [ReturnClass.UP, ReturnClass.DOWN],
        [ReturnClass.UP, ReturnClass.NEUTRAL],
        [UNKNOWN, UNKNOWN],
    ],
    np.int8,
)


def forecast(session, symbol, down, neutral, up):
    return Prediction(
        session=session, symbol=symbol, model_id="m", down=down, neutral=neutral, up=up
    )


FORECASTS = [
    forecast(DAYS[0], "AAA", 0.1, 0.2, 0.7),
    forecast(DAYS[0], "BBB", 0.2, 0.2, 0.6),
    forecast(DAYS[1], "AAA", 0.3, 0.3, 0.4),
    forecast(DAYS[1], "BBB", 0.1, 0.8, 0.1),
    forecast(DAYS[2], "AAA", 0.1, 0.2, 0.7),
]


def figures_of(forecasts, came=CAME, *, class_shares=(0.3, 0.2, 0.5)):
    return outcome_figures(
        forecasts, came, sessions=DAYS, symbols=SYMBOLS, class_shares=class_shares, horizon=1
    )


def test_what_is_over_is_judged_as_scikit_learn_judges_it():
    figures = figures_of(FORECASTS)
    given = np.array([(one.down, one.neutral, one.up) for one in FORECASTS[:4]])
    truth = [2, 0, 2, 1]
    assert figures.outcomes == 4
    assert figures.accuracy == pytest.approx(metrics.accuracy_score(truth, given.argmax(axis=1)))
    assert figures.log_loss == pytest.approx(metrics.log_loss(truth, given))


def test_the_baseline_says_the_class_each_time_that_was_commonest_in_training():
    assert figures_of(FORECASTS).baseline_accuracy == 0.5
    assert figures_of(FORECASTS, class_shares=(0.5, 0.2, 0.3)).baseline_accuracy == 0.25


def test_the_calibration_error_is_the_gap_between_confidence_and_what_came():
    # Each forecast has a bin of its own: by hand |0.7-1|, |0.6-0|, |0.4-1|, |0.8-1| over four.
    assert figures_of(FORECASTS).calibration_error == pytest.approx(1.7 / 4)


def test_a_forecast_whose_horizon_is_not_over_is_not_judged():
    figures = figures_of(FORECASTS[4:])
    assert figures.outcomes == 0
    assert figures.accuracy is figures.log_loss is figures.calibration_error is None
    assert figures.baseline_accuracy is None


def test_a_symbol_or_session_the_market_no_longer_has_is_left_out():
    strange = [
        forecast(DAYS[0], "ZZZ", 0.1, 0.2, 0.7),
        forecast(date(2019, 1, 2), "AAA", 0.1, 0.2, 0.7),
    ]
    assert figures_of([*strange, *FORECASTS]) == figures_of(FORECASTS)


def test_the_error_of_the_difference_is_that_of_sessions_in_blocks_of_the_horizon():
    """Beside resampled histories: two sessions of a block fare alike, as they share returns."""
    rng = np.random.default_rng(5)
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(80)]
    classes = np.repeat(rng.integers(0, 3, (40, 1)), 2, axis=0).astype(np.int8)
    classes = np.repeat(classes, 5, axis=1)
    symbols = [f"S{number}" for number in range(5)]
    told = [forecast(day, symbol, 0.1, 0.2, 0.7) for day in days for symbol in symbols]
    shares = (0.2, 0.5, 0.3)
    whole = {"sessions": days, "symbols": symbols, "class_shares": shares}
    found = outcome_figures(told, classes, horizon=2, **whole)
    gain = (classes[::2, 0] == 2).astype(float) - (classes[::2, 0] == 1)
    means = rng.choice(gain, (4000, 40)).mean(axis=1)
    assert found.difference_error == pytest.approx(means.std(), rel=0.06)
    alone = outcome_figures(told, classes, horizon=1, **whole)
    assert alone.difference_error < 0.8 * found.difference_error


def test_the_error_of_the_difference_is_unknown_of_few_sessions():
    assert figures_of(FORECASTS).difference_error is None
