"""Our calibrator is scikit-learn's, read out; errors of calibration by hand."""

import numpy as np
import pytest

from alpha_oracle.errors import DataError
from alpha_oracle.ml.calibration import (
    CalibrationMethod,
    Calibrator,
    IsotonicCurve,
    SigmoidCurve,
    fit_calibrator,
    fit_reference,
)

ODD_ROWS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [-1, 2, 0.5], [9, -9, 9], [1 / 3, 1 / 3, 1 / 3]],
    np.float32,
)


def a_hold_out(samples=2_000, seed=3):
    """Scores that are too sure of themselves, the classes that came, and uniqueness."""
    random = np.random.default_rng(seed)
    told = random.normal(size=(samples, 3))
    true = np.exp(told) / np.exp(told).sum(axis=1, keepdims=True)
    sure = np.exp(3 * told) / np.exp(3 * told).sum(axis=1, keepdims=True)
    classes = (true.cumsum(axis=1) < random.random((samples, 1))).sum(axis=1).clip(0, 2)
    return sure.astype(np.float32), classes.astype(np.int8), random.uniform(0.2, 1.0, samples)


@pytest.mark.parametrize("method", CalibrationMethod)
def test_it_gives_what_scikit_learn_gives_bit_by_bit(method):
    raw, classes, weights = a_hold_out()
    most = 0 if method is CalibrationMethod.ISOTONIC else np.inf
    ours = fit_calibrator(raw, classes, weights=weights, isotonic_min_samples=most)
    peer = fit_reference(raw, classes, weights=weights, method=method)
    assert ours.method is method
    others, _, _ = a_hold_out(seed=4)
    for scores in (raw, others, ODD_ROWS, others[:1]):
        expected = peer.predict_proba(scores.astype(np.float64))
        np.testing.assert_array_equal(ours.calibrate(scores), expected)


def test_no_rows_have_no_probabilities():
    raw, classes, weights = a_hold_out(300)
    ours = fit_calibrator(raw, classes, weights=weights, isotonic_min_samples=1)
    assert ours.calibrate(raw[:0]).shape == (0, 3)


def test_isotonic_takes_enough_effective_samples():
    raw, classes, weights = a_hold_out(300)
    enough = weights.sum()

    def method(least):
        return fit_calibrator(raw, classes, weights=weights, isotonic_min_samples=least).method

    assert method(enough) is CalibrationMethod.ISOTONIC
    assert method(enough + 1e-6) is CalibrationMethod.SIGMOID


def test_probabilities_are_between_zero_and_one_and_sum_to_one():
    raw, classes, weights = a_hold_out()
    for least in (0, np.inf):
        ours = fit_calibrator(raw, classes, weights=weights, isotonic_min_samples=least)
        told = ours.calibrate(np.vstack([raw, ODD_ROWS]))
        np.testing.assert_allclose(told.sum(axis=1), 1.0)
        assert ((told >= 0.0) & (told <= 1.0)).all()


def test_where_every_curve_says_never_all_classes_are_as_likely():
    never = IsotonicCurve(scores=(0.5, 1.0), probabilities=(0.0, 1.0))
    ours = Calibrator(method=CalibrationMethod.ISOTONIC, curves=(never,) * 3)
    np.testing.assert_allclose(ours.calibrate(np.full((1, 3), 0.2)), [[1 / 3] * 3])


def test_curves_by_hand():
    rising = IsotonicCurve(scores=(0.2, 0.6), probabilities=(0.1, 0.5))
    np.testing.assert_allclose(rising.of(np.array([0.0, 0.4, 0.9])), [0.1, 0.3, 0.5])
    platt = SigmoidCurve(slope=-2.0, intercept=1.0)
    np.testing.assert_allclose(platt.of(np.array([0.5, 1.0])), [0.5, 1 / (1 + np.exp(-1.0))])


def test_weights_decide_by_how_much_a_sample_counts():
    raw, classes, weights = a_hold_out(400)
    twice = np.concatenate([np.arange(400), np.arange(200)])
    heavier = np.where(np.arange(400) < 200, 2.0, 1.0) * weights
    by_weight = fit_calibrator(raw, classes, weights=heavier, isotonic_min_samples=0)
    by_number = fit_calibrator(
        raw[twice], classes[twice], weights=weights[twice], isotonic_min_samples=0
    )
    np.testing.assert_allclose(by_weight.calibrate(raw), by_number.calibrate(raw), atol=1e-12)


def test_a_hold_out_without_a_class_is_refused_by_name():
    raw, classes, weights = a_hold_out(100)
    known = classes != 2
    with pytest.raises(DataError, match=r"no return was UP in the part .* calibrates"):
        fit_calibrator(raw[known], classes[known], weights=weights[known], isotonic_min_samples=1)
