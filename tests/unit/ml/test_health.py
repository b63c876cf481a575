from dataclasses import replace
from datetime import date

import pytest

from alpha_oracle.domain.models import FeatureDrift
from alpha_oracle.ml.health import WatchBounds, health_of, new_breaches
from alpha_oracle.ml.outcomes import OutcomeFigures

DAY = date(2020, 1, 2)
WELL = OutcomeFigures(
    outcomes=500, accuracy=0.5, baseline_accuracy=0.4, log_loss=1.0, calibration_error=0.02
)


def drift(name="rsi_14", *, psi=0.1, ks=0.1):
    return FeatureDrift(name=name, psi=psi, ks=ks, known_fraction=1.0)


def health(*features, outcomes=WELL, **bounds):
    return health_of(
        "model", DAY, features=features, outcomes=outcomes, bounds=WatchBounds(**bounds)
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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"accuracy": 0.39}, "accuracy: 0.390 below 0.400"),
        ({"calibration_error": 0.11}, "calibration: error 0.110 above 0.1"),
    ],
)
def test_forecasts_that_fare_badly_are_a_breach(changes, told):
    assert health(outcomes=replace(WELL, **changes)).breaches == (told,)


def test_a_margin_asks_for_more_than_the_baseline():
    assert health(min_accuracy_margin=0.1).breaches == ()
    assert health(min_accuracy_margin=0.11).breaches == ("accuracy: 0.500 below 0.510",)


def test_a_handful_of_outcomes_proves_nothing():
    bad = replace(WELL, accuracy=0.0, calibration_error=0.9, outcomes=499)
    assert health(outcomes=bad).breaches == ()
    assert len(health(outcomes=replace(bad, outcomes=500)).breaches) == 2


def test_only_what_was_within_its_bounds_before_is_new():
    before = health(drift(psi=0.3))
    now = health(drift(psi=0.4), drift("gap", psi=0.9))
    assert new_breaches(now, before) == ("gap: PSI 0.90 above 0.25",)
    assert new_breaches(now, None) == now.breaches
