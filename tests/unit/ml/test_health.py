from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from alpha_oracle.domain.models import FeatureDrift
from alpha_oracle.ml.health import WatchBounds, health_of, new_breaches
from alpha_oracle.ml.outcomes import OutcomeFigures
from alpha_oracle.ml.reference import reference_of

DAY = date(2020, 1, 2)
VALUES = np.zeros((1, 3), np.float32)
WELL = OutcomeFigures(
    outcomes=500,
    accuracy=0.5,
    baseline_accuracy=0.4,
    difference_error=0.0,
    log_loss=1.0,
    calibration_error=0.02,
)


def drift(name="rsi_14", *, psi=0.1, ks=0.1):
    return FeatureDrift(name=name, psi=psi, ks=ks, known_fraction=1.0)


def training(name, **highest):
    return replace(reference_of(name, VALUES, np.ones_like(VALUES, np.bool_)), **highest)


def health(*features, reference=None, outcomes=WELL, **bounds):
    return health_of(
        "model",
        DAY,
        features=features,
        reference=reference or [training(one.name) for one in features],
        outcomes=outcomes,
        bounds=WatchBounds(**bounds),
    )


def test_a_model_within_its_bounds_has_no_breach():
    judged = health(drift(psi=0.25, ks=0.2), drift("gap", psi=None, ks=None))
    assert judged.breaches == ()
    assert (judged.accuracy, judged.outcomes) == (0.5, 500)


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        (drift(psi=0.26), "rsi_14: PSI 0.26 above 0.25"),
        (drift(ks=0.31), "rsi_14: KS 0.31 above 0.2"),
        (drift(psi=0.5, ks=0.31), "rsi_14: PSI 0.50 above 0.25, KS 0.31 above 0.2"),
        (drift(psi=0.5, ks=None), "rsi_14: PSI 0.50 above 0.25"),
    ],
)
def test_a_feature_that_moved_too_far_is_named_with_its_figures(feature, told):
    assert health(feature).breaches == (told,)


def test_a_feature_that_moves_as_it_did_in_training_has_not_drifted():
    # A level of the whole market: no month looks like all months.
    seen = [training("vix_level", highest_psi=3.0, highest_ks=0.8)]
    assert health(drift("vix_level", psi=3.0, ks=0.8), reference=seen).breaches == ()
    farther = health(drift("vix_level", psi=3.1, ks=0.9), reference=seen)
    assert farther.breaches == ("vix_level: PSI 3.10 above 3, KS 0.90 above 0.8",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"accuracy": 0.39}, "accuracy: 0.390 below 0.400, standard error 0.000"),
        ({"calibration_error": 0.11}, "calibration: error 0.110 above 0.1"),
    ],
)
def test_forecasts_that_fare_badly_are_a_breach(changes, told):
    assert health(outcomes=replace(WELL, **changes)).breaches == (told,)


def test_accuracy_below_the_baseline_by_chance_is_no_breach():
    unlucky = replace(WELL, accuracy=0.35, difference_error=0.026)
    assert health(outcomes=unlucky).breaches == ()
    bad = health(outcomes=replace(unlucky, difference_error=0.024))
    assert bad.breaches == ("accuracy: 0.350 below 0.400, standard error 0.024",)


def test_accuracy_over_too_few_sessions_to_know_its_error_is_not_judged():
    assert health(outcomes=replace(WELL, accuracy=0.0, difference_error=None)).breaches == ()


def test_a_margin_asks_for_more_than_the_baseline():
    assert health(min_accuracy_margin=0.1).breaches == ()
    assert health(min_accuracy_margin=0.11).breaches == (
        "accuracy: 0.500 below 0.510, standard error 0.000",
    )


def test_a_handful_of_outcomes_proves_nothing():
    bad = replace(WELL, accuracy=0.0, calibration_error=0.9, outcomes=499)
    assert health(outcomes=bad).breaches == ()
    assert len(health(outcomes=replace(bad, outcomes=500)).breaches) == 2


def test_only_what_was_within_its_bounds_before_is_new():
    before = health(drift(psi=0.3))
    now = health(drift(psi=0.4), drift("gap", psi=0.9))
    assert new_breaches(now, before) == ("gap: PSI 0.90 above 0.25",)
    assert new_breaches(now, None) == now.breaches
