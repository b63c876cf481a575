"""Scores of probabilities by hand and beside scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from alpha_oracle.ml.scores import expected_calibration_error, log_loss, reliability

SURE = np.array([[0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.8, 0.1, 0.1], [0.3, 0.65, 0.05]])
CAME = np.array([2, 1, 1, 0], np.int8)


def some_forecasts(samples=500):
    random = np.random.default_rng(5)
    return random.dirichlet(np.ones(3), samples), random.integers(0, 3, samples).astype(np.int8)


def test_log_loss_is_scikit_learns():
    probabilities, classes = some_forecasts()
    weights = np.random.default_rng(6).random(len(classes))
    assert log_loss(probabilities, classes) == pytest.approx(
        metrics.log_loss(classes, probabilities)
    )
    assert log_loss(probabilities, classes, weights) == pytest.approx(
        metrics.log_loss(classes, probabilities, sample_weight=weights)
    )


def test_what_was_called_impossible_costs_much_and_not_everything():
    impossible = log_loss(np.array([[0.0, 0.0, 1.0]]), np.array([0], np.int8))
    assert impossible == pytest.approx(-np.log(2.0**-23))


def test_the_calibration_error_by_hand():
    # One forecast of 0.6, right; three of 0.75 on average, one right.
    expected = (abs(0.6 - 1.0) + 3 * abs(0.75 - 1 / 3)) / 4
    assert expected_calibration_error(SURE, CAME, bins=5) == pytest.approx(expected)


def test_reliability_tells_each_bin_its_confidence_and_accuracy():
    bins = reliability(SURE, CAME, bins=5)
    assert [row.forecasts for row in bins] == [0, 0, 1, 3, 0]
    assert (bins[0].confidence, bins[0].accuracy) == (None, None)
    assert (bins[3].low, bins[3].high) == pytest.approx((0.6, 0.8))
    assert (bins[3].confidence, bins[3].accuracy) == pytest.approx((0.75, 1 / 3))


def test_certainty_belongs_to_the_last_bin():
    certain = np.array([[1.0, 0.0, 0.0]])
    assert reliability(certain, np.array([0], np.int8), bins=4)[-1].forecasts == 1


def test_of_equally_likely_classes_the_lower_is_predicted():
    even = np.full((1, 3), 1 / 3)
    [told] = [row for row in reliability(even, np.array([0], np.int8), bins=5) if row.forecasts]
    assert told.accuracy == 1.0


def test_nothing_has_no_score():
    nothing, none = np.empty((0, 3)), np.empty(0, np.int8)
    assert log_loss(nothing, none) is None
    assert expected_calibration_error(nothing, none) is None
    assert sum(row.forecasts for row in reliability(nothing, none)) == 0
