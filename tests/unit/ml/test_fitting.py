"""Fitting: what is learnt, the same bytes each time, and nothing from after the window."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.features import engine, registry
from alpha_oracle.ml.calibration import CalibrationMethod
from alpha_oracle.ml.encoding import decode, encode, sha256_of
from alpha_oracle.ml.fitting import fit
from alpha_oracle.ml.labels import UNKNOWN
from alpha_oracle.ml.recipe import Recipe
from alpha_oracle.ml.scores import expected_calibration_error, log_loss
from alpha_oracle.ml.splits import sessions_needed
from tests.builders import a_panel
from tests.unit.ml.markets import a_market, a_recipe, known_outcomes

START, STOP = 20, 300
CHILD = """
import json, sys
from alpha_oracle.ml.encoding import sha256_of
from tests.unit.ml.test_fitting import files_of
sys.stdout.write(json.dumps(sha256_of(files_of(threads=2))))
"""


@cache
def a_fit(told=0.01):
    panel, values = a_market(told=told)
    return fit(a_recipe(values), panel, values, start=START, stop=STOP)


@cache
def usual_files():
    return files_of()


def files_of(panel=None, values=None, *, fitting=fit, rounds=8, **changes):
    market, told = a_market()
    values = told if values is None else values
    recipe = a_recipe(values, rounds=rounds, **changes)
    return encode(fitting(recipe, panel or market, values, start=START, stop=STOP).model)


def after_the_window(model, panel, values):
    """Forecasts after the window and what came, raw and calibrated."""
    mask = np.zeros(panel.close.shape, np.bool_)
    mask[STOP:] = known_outcomes(panel, model.recipe)[STOP:] != UNKNOWN
    classes = known_outcomes(panel, model.recipe)
    raw, told = (
        make(values, mask=mask).probabilities for make in (model.raw_forecast, model.forecast)
    )
    known = np.isfinite(told).all(axis=2)
    return raw[known], told[known], classes[known]


def test_a_planted_signal_is_learnt():
    panel, values = a_market()
    model = a_fit().model
    _, told, came = after_the_window(model, panel, values)
    baseline = np.tile(model.class_shares, (len(came), 1))
    assert log_loss(told, came) < 0.95 * log_loss(baseline, came)
    assert (told.argmax(axis=1) == came).mean() > max(model.class_shares) + 0.1


def test_where_there_is_no_signal_forecasts_are_no_better_than_knowing_the_shares():
    panel, values = a_market(told=0.0)
    model = a_fit(told=0.0).model
    _, told, came = after_the_window(model, panel, values)
    baseline = np.tile(model.class_shares, (len(came), 1))
    assert log_loss(told, came) > 0.99 * log_loss(baseline, came)


def test_calibration_errors_fall_on_what_comes_after_the_window():
    # Most returns are neutral: weights that make classes count alike bend the booster's scores.
    panel, values = a_market(told=0.002)
    recipe = a_recipe(values, up_threshold_fraction=0.03, down_threshold_fraction=-0.03)
    model = fit(recipe, panel, values, start=START, stop=STOP).model
    raw, told, came = after_the_window(model, panel, values)
    assert expected_calibration_error(told, came) < 0.5 * expected_calibration_error(raw, came)
    assert log_loss(told, came) < log_loss(raw, came)


def test_the_report_tells_how_the_fit_went():
    fitted = a_fit()
    report, model = fitted.report, fitted.model
    assert report.rounds == model.booster.num_boosted_rounds() > 1
    assert report.terms == model.recipe.booster
    # 280 sessions, 5 of horizon and 20 of gaps: 255 are cut 178, 38, 39.
    counts = (report.fit_samples, report.stopping_samples, report.calibration_samples)
    assert counts == (178 * 30, 38 * 30, 39 * 30)
    # A label is of five alike, but for those at the ends.
    assert (
        report.calibration_samples / 5 < report.effective_samples < report.calibration_samples / 4
    )
    assert report.method is CalibrationMethod.SIGMOID
    assert report.calibrated_log_loss < report.raw_log_loss


def test_the_method_follows_from_the_effective_samples():
    panel, values = a_market()
    recipe = a_recipe(values, isotonic_min_samples=200)
    report = fit(recipe, panel, values, start=START, stop=STOP).report
    assert report.method is CalibrationMethod.ISOTONIC


def test_a_model_tells_its_window_and_how_common_each_class_was():
    panel, _ = a_market()
    model = a_fit().model
    assert model.train_start == panel.sessions[START].item()
    assert model.train_end == panel.sessions[STOP - 1].item()
    classes = known_outcomes(panel.until(model.train_end), model.recipe)[START:STOP]
    rows = [*range(178), *range(188, 226), *range(236, 275)]
    expected = np.bincount(classes[rows].ravel(), minlength=3) / classes[rows].size
    np.testing.assert_allclose(model.class_shares, expected, atol=1e-3)


def test_drift_is_held_against_every_sample_of_the_window_and_its_months():
    _, values = a_market()
    rows = [*range(178), *range(188, 226), *range(236, 275)]
    for one in a_fit().model.reference:
        used = values[one.name][START:STOP][rows]
        assert (one.rows, one.unknown) == (used.size, np.isnan(used).sum())
        assert one.quantiles[-1] == pytest.approx(np.nanmax(used))
        assert one.highest_psi > 0.0
        assert 0.0 < one.highest_ks < 1.0


def test_the_same_data_give_the_same_bytes():
    assert files_of(threads=2) == files_of(threads=2)


def test_the_same_data_give_the_same_bytes_in_another_process():
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1", "PYTHONPATH": "."},
    )
    assert json.loads(child.stdout) == sha256_of(files_of(threads=2))


def test_another_seed_gives_another_booster():
    assert usual_files()["model.ubj"] != files_of(seed=8)["model.ubj"]


def assert_blind_to_what_follows(fitting):
    """Bytes are the same whatever the rows from STOP on say, and without them."""
    panel, values = a_market()
    usual = files_of(fitting=fitting)
    close, is_member = panel.close.copy(), panel.is_member.copy()
    close[STOP:] *= np.random.default_rng(1).uniform(0.5, 2.0, close[STOP:].shape)
    is_member[STOP:] = False
    other = {name: matrix.copy() for name, matrix in values.items()}
    for matrix in other.values():
        matrix[STOP:] = 9.0
    changed = replace(panel, close=close, is_member=is_member)
    assert files_of(changed, other, fitting=fitting) == usual, "what follows was seen"
    cut = panel.until(panel.sessions[STOP - 1].item())
    short = {name: matrix[:STOP] for name, matrix in values.items()}
    assert files_of(cut, short, fitting=fitting) == usual, "what follows was seen"


def test_nothing_after_the_window_has_a_say():
    assert_blind_to_what_follows(fit)


def labels_one_session_on(recipe, panel, values, *, start, stop):
    """Returns that are read a session later than they are over."""
    close = np.vstack([panel.close[1:], panel.close[-1:]])
    return fit(recipe, replace(panel, close=close), values, start=start, stop=stop)


def labels_past_the_window(recipe, panel, values, *, start, stop):
    """A window that takes the next session in."""
    return fit(recipe, panel, values, start=start, stop=min(stop + 1, len(panel.sessions)))


def features_of_the_next_session(recipe, panel, values, *, start, stop):
    """Features that are read a session early."""
    ahead = {name: np.vstack([matrix[1:], matrix[-1:]]) for name, matrix in values.items()}
    # The last sample is five sessions before the window's end: only a longer look reaches out.
    for _ in range(recipe.horizon_sessions):
        ahead = {name: np.vstack([matrix[1:], matrix[-1:]]) for name, matrix in ahead.items()}
    return fit(recipe, panel, ahead, start=start, stop=stop)


@pytest.mark.parametrize(
    "leaking",
    [labels_one_session_on, labels_past_the_window, features_of_the_next_session],
    ids=lambda leaking: leaking.__name__,
)
def test_a_fit_that_leaks_is_caught(leaking):
    with pytest.raises(AssertionError, match="what follows was seen"):
        assert_blind_to_what_follows(leaking)


def with_close(panel, row, factor):
    close = panel.close.copy()
    close[row] *= factor
    return replace(panel, close=close)


def test_the_last_session_of_the_window_is_the_last_that_teaches():
    panel, _ = a_market()
    lift = np.linspace(0.9, 1.1, len(panel.symbols))
    assert files_of(with_close(panel, STOP - 1, lift)) != usual_files()
    assert files_of(with_close(panel, STOP, lift)) == usual_files()


def test_the_booster_does_not_see_what_calibrates_it():
    panel, _ = a_market()
    # What stops the booster has labels up to row 230 of the window; 236 is the first to calibrate.
    later = slice(START + 231, None)
    lift = np.random.default_rng(2).uniform(0.9, 1.1, panel.close[later].shape)
    # So many rounds are allowed that it is the hold-out that ends them.
    usual = files_of(rounds=60)
    changed = files_of(with_close(panel, later, lift), rounds=60)
    assert changed["model.ubj"] == usual["model.ubj"]
    assert changed["calibrator.json"] != usual["calibrator.json"]


def test_a_feature_unknown_to_what_teaches_is_left_out():
    panel, values = a_market()
    first, second, *_ = values
    values[second][: START + 178] = np.nan
    model = fit(a_recipe(values), panel, values, start=START, stop=STOP).model
    assert [feature.name for feature in model.features] == [first, *list(values)[2:]]


def test_without_any_feature_nothing_is_learnt():
    panel, values = a_market()
    unknown = {name: np.full_like(matrix, np.nan) for name, matrix in values.items()}
    with pytest.raises(DataError, match=r"no return was DOWN or NEUTRAL or UP.*0 samples"):
        fit(a_recipe(values), panel, unknown, start=START, stop=STOP)


def test_a_window_without_a_class_is_refused():
    panel, values = a_market()
    recipe = a_recipe(values, up_threshold_fraction=9.0)
    with pytest.raises(DataError, match=r"no return was UP in the part .* teaches"):
        fit(recipe, panel, values, start=START, stop=STOP)


def test_a_window_that_is_too_short_is_refused():
    panel, values = a_market()
    with pytest.raises(DataError, match=f"at least {sessions_needed(5)}"):
        fit(a_recipe(values), panel, values, start=0, stop=sessions_needed(5) - 1)


def test_a_feature_that_is_not_registered_is_refused():
    panel, values = a_market()
    values["foresight"] = next(iter(values.values()))
    with pytest.raises(ConfigurationError, match="foresight"):
        fit(a_recipe(values), panel, values, start=START, stop=STOP)


def test_a_recipe_without_features_is_refused():
    panel, values = a_market()
    with pytest.raises(ConfigurationError, match="names no features"):
        fit(a_recipe({}), panel, values, start=START, stop=STOP)


def test_every_registered_feature_is_learnt_from():
    panel = a_panel(symbols=20, sessions=300)
    formulas = {feature.name: feature.formula for feature in registry.all()}
    values = engine.compute(formulas, panel, dtype=np.float32)
    recipe = Recipe(features=tuple(formulas), threads=1)
    model = decode(encode(fit(recipe, panel, values, start=20, stop=290).model))
    model.require_features(registry.all())
    known = {name for name, matrix in values.items() if np.isfinite(matrix[20:180]).any()}
    assert {feature.name for feature in model.features} <= known
    assert len(model.features) > 80
    mask = panel.is_member & np.isfinite(panel.close)
    told = model.forecast(values, mask=mask).probabilities
    assert np.isfinite(told[290:][mask[290:]]).all()
