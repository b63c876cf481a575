"""Training distributions by hand and beside numpy."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from alpha_oracle.ml.reference import reference_of, training_slices


def of(values, cells=None):
    matrix = np.array(values, np.float32).reshape(1, -1)
    return reference_of(
        "rsi_14", matrix, np.ones(matrix.shape, np.bool_) if cells is None else cells
    )


def test_deciles_hold_a_tenth_each_and_the_unknown_are_apart():
    told = of([*np.random.default_rng(1).permutation(1001), np.nan, np.nan])
    assert (told.rows, told.unknown) == (1003, 2)
    assert told.edges == tuple(float(edge) for edge in range(100, 1000, 100))
    assert told.counts == (101, *[100] * 9)
    assert told.known_fraction == pytest.approx(1001 / 1003)


def test_quantiles_run_from_the_smallest_to_the_largest():
    values = np.random.default_rng(2).normal(size=5000).astype(np.float32)
    told = of(values)
    assert len(told.quantiles) == 256
    assert (told.quantiles[0], told.quantiles[-1]) == (values.min(), values.max())
    expected = np.quantile(values, np.linspace(0, 1, 256), method="nearest")
    np.testing.assert_allclose(told.quantiles, expected, rtol=1e-6)


def test_a_value_that_is_common_has_one_bin():
    told = of([0.0] * 70 + list(range(1, 31)))
    assert told.edges == (0.0, 10.0, 20.0)
    assert told.counts == (70, 10, 10, 10)


def test_values_are_counted_as_the_training_values_were():
    values = np.random.default_rng(3).normal(size=200)
    values[:7] = np.nan
    told = of(values)
    assert told.counted(np.sort(np.array(values, np.float32))).tolist() == [*told.counts, 7]
    assert told.counted(np.array([-9.0, 9.0, np.nan], np.float32)).tolist() == [1, *[0] * 8, 1, 1]


def test_only_the_cells_count():
    cells = np.array([[True, False, True]])
    told = of([1.0, 2.0, np.nan], cells)
    assert (told.rows, told.unknown, told.quantiles[0], told.quantiles[-1]) == (2, 1, 1.0, 1.0)


def test_a_feature_that_nobody_has():
    told = of([np.nan, np.nan])
    assert (told.known_fraction, told.edges, told.counts, told.quantiles) == (0.0, (), (0,), ())


def test_quantiles_are_told_by_the_shortest_text_of_the_same_value():
    told = of([0.1, 0.2])
    assert (told.quantiles[0], told.quantiles[-1]) == (0.1, 0.2)
    assert np.float32(told.quantiles[0]) == np.float32(0.1)


def test_months_of_the_training_are_held_against_the_whole_of_it():
    # Sixty sessions lie low, then sixty high: two months each, and one of both.
    sessions, rng = 120, np.random.default_rng(4)
    level = np.where(np.arange(sessions) < 60, -1.0, 1.0)[:, None]
    moving = (level + rng.normal(size=(sessions, 40))).astype(np.float32)
    still = rng.normal(size=(sessions, 40)).astype(np.float32)
    cells = np.ones(moving.shape, np.bool_)
    slices = training_slices(cells)
    assert [len(month) for month in slices] == [21 * 40] * 5
    far, near = (reference_of("x", one, cells, slices=slices) for one in (moving, still))
    assert far.highest_ks == pytest.approx(
        max(ks_2samp(moving.ravel(), moving[at : at + 21].ravel()).statistic for at in (0, 84)),
        abs=1 / 256 + 1e-3,
    )
    assert far.highest_psi > 0.25
    assert near.highest_psi < 0.1 > near.highest_ks


def test_a_month_is_of_sessions_that_have_cells_and_of_two_thousand_of_them():
    cells = np.ones((60, 200), np.bool_)
    cells[10:20] = False
    first, second = training_slices(cells)
    assert len(first) == len(second) == 2_000
    assert set(first // 200) == {*range(10), *range(20, 31)}
    assert set(second // 200) == set(range(31, 52))
    np.testing.assert_array_equal(training_slices(cells)[1], second)
