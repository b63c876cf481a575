"""Which cells are samples, and that their rows reach XGBoost as they are."""

from dataclasses import replace

import numpy as np
import pytest
import xgboost

from alpha_oracle.ml.samples import SampleIterator, feature_blocks, samples_of
from alpha_oracle.ml.splits import split_window
from tests.unit.ml.markets import a_market, a_recipe

WINDOW = slice(10, 110)
SPLIT = split_window(0, 100, horizon=5)


def some_samples(panel=None, values=None):
    market, told = a_market(symbols=6, sessions=130)
    values = told if values is None else values
    recipe = a_recipe(values)
    return samples_of(recipe, panel or market, values, split=SPLIT, window=WINDOW)


def changed(panel, field, cell, value):
    matrix = getattr(panel, field).copy()
    matrix[cell] = value
    return replace(panel, **{field: matrix})


def test_samples_lie_in_the_parts_alone():
    is_used = some_samples().is_used
    rows = np.flatnonzero(is_used.any(axis=1))
    parts = (SPLIT.fit, SPLIT.stopping, SPLIT.calibration)
    assert rows.tolist() == [row for part in parts for row in range(part.start, part.stop)]


@pytest.mark.parametrize(
    ("field", "at", "value", "gone"),
    [
        ("is_member", 30, False, [20]),
        ("close", 30, np.nan, [15, 20]),
        ("close", 109, np.nan, [94]),
        ("close", 110, np.nan, []),
    ],
    ids=["no member", "no price", "no price at the horizon", "no price after the window"],
)
def test_a_cell_that_is_no_sample(field, at, value, gone):
    panel, _ = a_market(symbols=6, sessions=130)
    usual = some_samples().is_used
    is_used = some_samples(changed(panel, field, (at, 2), value)).is_used
    assert np.argwhere(usual & ~is_used).tolist() == [[row, 2] for row in gone]


def test_a_cell_without_any_feature_is_no_sample():
    _, values = a_market(symbols=6, sessions=130)
    usual = some_samples().is_used
    for matrix in values.values():
        matrix[30, 2] = np.nan
    is_used = some_samples(values=values).is_used
    assert np.argwhere(usual & ~is_used).tolist() == [[20, 2]]


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 16])
def test_blocks_are_the_cells_by_session_and_symbol(block):
    random = np.random.default_rng(1)
    values = random.normal(size=(3, 40, 6)).astype(np.float32)
    cells = random.random((40, 6)) < 0.3
    cells[10:20] = False
    blocks = [rows for _, rows in feature_blocks(list(values), cells, block_cells=block)]
    np.testing.assert_array_equal(np.concatenate(blocks), values[:, cells].T)


def test_xgboost_receives_the_rows_labels_and_weights():
    some = some_samples()
    weights = np.arange(some.is_used.sum(), dtype=np.float32) + 1
    received = xgboost.QuantileDMatrix(SampleIterator(some, weights, block_cells=64), max_bin=64)
    assert received.feature_names == list(some.values)
    np.testing.assert_array_equal(received.get_label(), some.used_classes)
    np.testing.assert_array_equal(received.get_weight(), weights)
    rows = np.stack([matrix[some.is_used] for matrix in some.values.values()], axis=1)
    assert received.num_nonmissing() == np.isfinite(rows).sum()
    whole = xgboost.QuantileDMatrix(
        rows, some.used_classes, weight=weights, max_bin=64, feature_names=list(some.values)
    )
    for ours, peers in zip(received.get_quantile_cut(), whole.get_quantile_cut(), strict=True):
        np.testing.assert_array_equal(ours, peers)
