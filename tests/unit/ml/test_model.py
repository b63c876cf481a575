"""What a model forecasts, why, and which features it insists on."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import xgboost

from alpha_oracle.errors import ModelRefused
from alpha_oracle.features import registry
from alpha_oracle.ml import samples
from alpha_oracle.ml.fitting import fit
from tests.unit.ml.markets import a_market, a_recipe


@cache
def a_model():
    panel, values = a_market()
    return fit(a_recipe(values, rounds=15), panel, values, start=0, stop=260).model


def rows_of(values, cells):
    return np.stack([matrix[cells] for matrix in values.values()], axis=1)


def test_a_forecast_is_the_boosters_calibrated_cell_by_cell():
    panel, values = a_market()
    cells = np.random.default_rng(1).random(panel.close.shape) < 0.2
    told = a_model().forecast(values, mask=cells).probabilities
    matrix = xgboost.DMatrix(rows_of(values, cells), feature_names=list(values))
    expected = a_model().calibrator.calibrate(a_model().booster.predict(matrix))
    np.testing.assert_allclose(told[cells], expected, rtol=1e-6)
    assert np.isnan(told[~cells]).all()


def test_a_raw_forecast_is_the_boosters_own():
    panel, values = a_market()
    everywhere = np.ones(panel.close.shape, np.bool_)
    raw = a_model().raw_forecast(values, mask=everywhere).probabilities
    matrix = xgboost.DMatrix(rows_of(values, everywhere), feature_names=list(values))
    np.testing.assert_array_equal(raw[everywhere], a_model().booster.predict(matrix))


def test_a_forecast_over_many_blocks_is_that_of_each_session():
    sessions = 3 * samples.BLOCK_CELLS // 512
    random = np.random.default_rng(2)
    values = {
        feature.name: random.normal(size=(sessions, 512)).astype(np.float32)
        for feature in a_model().features
    }
    mask = random.random((sessions, 512)) < 0.9
    whole = a_model().forecast(values, mask=mask).probabilities
    for row in (0, sessions // 2, sessions - 1):
        one = {name: matrix[row : row + 1] for name, matrix in values.items()}
        alone = a_model().forecast(one, mask=mask[row : row + 1]).probabilities
        np.testing.assert_array_equal(alone[0], whole[row])


def test_nothing_is_forecast_where_no_feature_is_known():
    panel, values = a_market()
    for matrix in values.values():
        matrix[300, 4] = np.nan
    told = a_model().forecast(values, mask=np.ones(panel.close.shape, np.bool_)).probabilities
    assert np.argwhere(np.isnan(told).any(axis=2)).tolist() == [[300, 4]]


def test_a_forecast_of_no_session_is_none():
    _, values = a_market()
    none = {name: matrix[:0] for name, matrix in values.items()}
    assert a_model().forecast(none, mask=np.ones((0, 30), np.bool_)).probabilities.shape == (
        0,
        30,
        3,
    )


def test_a_feature_that_is_not_given_is_named():
    panel, values = a_market()
    first, *others = values
    mask = np.ones(panel.close.shape, np.bool_)
    with pytest.raises(ModelRefused, match=f"not given: {first}$"):
        a_model().forecast({name: values[name] for name in others}, mask=mask)


def test_contributions_add_up_to_the_score_of_the_predicted_class():
    _, values = a_market()
    cells = [(320, 3), (321, 4), (322, 5)]
    told = a_model().contributions(values, cells=cells, top=4)
    at = tuple(np.array(cells).T)
    matrix = xgboost.DMatrix(rows_of(values, at), feature_names=list(values))
    margins = a_model().booster.predict(matrix, output_margin=True)
    bias = a_model().booster.predict(matrix, pred_contribs=True)[:, :, -1]
    predicted = a_model().calibrator.calibrate(a_model().booster.predict(matrix)).argmax(axis=1)
    for row, parts in enumerate(told):
        total = sum(part.contribution for part in parts) + bias[row, predicted[row]]
        assert total == pytest.approx(margins[row, predicted[row]], abs=1e-4)


def test_contributions_are_the_largest_first_with_the_values_they_are_of():
    _, values = a_market()
    signal, *_ = values
    [parts] = a_model().contributions(values, cells=[(330, 7)], top=2)
    sizes = [abs(part.contribution) for part in parts]
    assert len(parts) == 2
    assert sizes == sorted(sizes, reverse=True)
    assert all(part.value == pytest.approx(values[part.feature][330, 7]) for part in parts)
    every = a_model().contributions(values, cells=[(row, 7) for row in range(300, 340)], top=1)
    assert sum(part.feature == signal for [part] in every) > 20


def test_an_unknown_value_is_told_as_such():
    _, values = a_market()
    signal, *_ = values
    values[signal][330, 7] = np.nan
    [parts] = a_model().contributions(values, cells=[(330, 7)], top=4)
    assert [part.value for part in parts if part.feature == signal] == [None]


def test_of_no_cell_there_are_no_contributions():
    _, values = a_market()
    assert a_model().contributions(values, cells=[]) == []


def test_features_that_are_as_they_were_are_accepted():
    a_model().require_features(registry.all())
    a_model().require_features(a_model().features)


def test_features_that_changed_or_are_gone_are_named():
    first, second, *others = a_model().features
    changed = replace(second, definition_hash="another")
    with pytest.raises(ModelRefused, match=f"changed: {second.name}; gone: {first.name}"):
        a_model().require_features([changed, *others])


def test_a_feature_known_to_most_in_training_and_to_nearly_none_now_is_missing():
    _, values = a_market(symbols=200)
    row = {name: matrix[-1].copy() for name, matrix in values.items()}
    everyone = np.ones(200, np.bool_)
    first, second, third, _ = row
    row[first][:182] = np.nan
    row[second][:] = np.nan
    row[third][:160] = np.nan
    assert a_model().missing_features(row, everyone) == (first, second)
    del row[third]
    assert a_model().missing_features(row, everyone) == (first, second, third)


def test_only_the_cells_asked_for_count_as_missing():
    _, values = a_market()
    signal, *_ = values
    row = {name: np.ones(30, np.float32) for name in values}
    row[signal][:15] = np.nan
    half = np.arange(30) < 15
    assert a_model().missing_features(row, half) == (signal,)
    assert a_model().missing_features(row, ~half) == ()
    assert a_model().missing_features(row, np.zeros(30, np.bool_)) == ()


def test_a_feature_that_few_had_in_training_is_never_missing():
    model = a_model()
    rare = replace(
        model, features=tuple(replace(one, known_fraction=0.49) for one in model.features)
    )
    assert rare.missing_features({}, np.ones(30, np.bool_)) == ()
