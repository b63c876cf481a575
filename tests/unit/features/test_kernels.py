"""The kernels compiled and uncompiled are one function, and windows are what they say."""

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.features import (
    asof,
    extremes,
    kernels,
    means,
    packing,
    ranks,
    ratios,
    series,
    words,
)
from alpha_oracle.features.technical import channels, oscillators, volatility, volume

RANDOM = np.random.default_rng(11)
VALUES = RANDOM.lognormal(3.0, 0.1, (50, 3))
OTHERS = RANDOM.lognormal(3.0, 0.1, (50, 3))
MEAN = pd.DataFrame(VALUES).rolling(7).mean().to_numpy()
VALID = RANDOM.random((50, 3)) < np.array([1.0, 0.8, 0.0])
GAPPY = np.array([1, 2])
WORDS = RANDOM.integers(0, 1 << 62, (2, 3)).astype(np.uint64)
ROWS = np.array([3, 3, 20, 0, 7, 49])
OFFSETS = np.array([0, 3, 6, 6])
GROUP = np.where(VALID, np.array([0, 1, 1]), -1).astype(np.int16)
STANDINGS = VALUES.round(0).astype(np.float32)
ENDS = np.zeros(2, dtype=np.int64)

RETURNING = [
    (kernels.rolling_sum, (VALUES, 7, 0.5)),
    (kernels.excess_over_mean, (VALUES, 7)),
    (kernels.rolling_variance, (VALUES, MEAN, 7)),
    (kernels.rolling_mean_distance, (VALUES, MEAN, 7)),
    (kernels.weighted_sum, (VALUES, np.array([0.5, 0.3, 0.2]))),
    (extremes.excess_over_extreme, (VALUES, OTHERS, 7, 1.0)),
    (extremes.excess_over_extreme, (VALUES, OTHERS, 7, -1.0)),
    (extremes.place_in_range, (VALUES + 1.0, VALUES - 1.0, VALUES, 7, 0)),
    (extremes.place_in_range, (VALUES + 1.0, VALUES - 1.0, VALUES, 7, 1)),
    (means._shares, (2, 3, 9, 0.2)),
    (means._shares, (11, 3, 9, 0.2)),
    (means._shares, (12, 3, 9, 0.2)),
    (means._true_range, (3.0, 1.0, 4.0)),
    (means.exponential_mean, (VALUES, 0.2, 9, 3)),
    (means.exponential_mean, (VALUES, 0.2, 60, 0)),
    (means.convergence, (VALUES, 4, 9)),
    (means.relative_strength, (VALUES, 7)),
    (means.average_range, (VALUES + 1.0, VALUES - 1.0, VALUES, 7)),
    (means.directional, (VALUES + 1.0, VALUES - 1.0, VALUES, 7)),
    (means.directional_index, (VALUES, OTHERS, 7)),
    (ratios.ratio, (VALUES, OTHERS, 1)),
    (ratios.excess, (VALUES, OTHERS, 5)),
    (ratios.product, (VALUES, OTHERS, 1)),
    (ratios.percent_of_both, (VALUES, OTHERS)),
    (ratios.mean_of_three, (VALUES, OTHERS, MEAN)),
    (ratios.noise_as_none, (VALUES * 1e-12, OTHERS)),
    (channels._percent_b, (VALUES, MEAN, OTHERS)),
    (oscillators._channel_index, (VALUES, MEAN, OTHERS)),
    (volatility._annualised, (VALUES, 0.5)),
    (volatility._annualised_deviation, (VALUES, OTHERS**2, 20)),
    (volatility._garman_klass, (VALUES, OTHERS)),
    (volatility._correlation_with_before, (VALUES, VALUES**2, OTHERS, 20)),
    (volume._money_flows, (VALUES, OTHERS)),
    (volume._signed_volume, (VALUES, OTHERS)),
    (volume._moves_per_million, (VALUES, OTHERS, VALUES, OTHERS)),
    (packing.pack, (VALUES, VALID, GAPPY)),
    (words._mixed, (WORDS[0, 0],)),
    (words._chain, (WORDS, WORDS[:, 0])),
    (words._block_words, (VALUES, VALUES.view(np.uint64), VALID, WORDS)),
    (words._code_words, (GROUP, WORDS[0], VALID, WORDS)),
    (words._next_bars, (OFFSETS, ROWS, VALID)),
    (words._newest_words, (OFFSETS, ROWS, WORDS.ravel(), WORDS, 50)),
    (words._first_of_owner, (OFFSETS, np.array([0, 2, 0, 2, 2, 1], np.int32), 3)),
    (words._record_words, (OFFSETS, ROWS, (WORDS.ravel(),), WORDS, 50)),
    (ranks._percentiles, (STANDINGS, GROUP, 1)),
    (ranks._excesses, (STANDINGS, GROUP, 1)),
    (ranks._place, (np.uint64(7 << 32 | 5),)),
    (ranks._sorted_by_group, (STANDINGS[0], GROUP[0], WORDS[0].copy(), WORDS[1].copy(), ENDS)),
    (ranks._gathered, (STANDINGS[0], GROUP[0], WORDS[0].copy())),
]
WRITING = [
    (kernels._sums_to_the_end, (VALUES, 4), (8, 3)),
    (extremes._extremes_to_the_end, (VALUES, 4, 1.0), (8, 3)),
    (ranks._rank, (np.arange(3, dtype=np.uint64),), (3,)),
]


def a_name(part):
    # Workers that share the tests must see the same names: no address in them.
    return part.py_func.__name__ if hasattr(part, "py_func") else ""


@pytest.mark.parametrize(("kernel", "arguments"), RETURNING, ids=a_name)
def test_a_kernel_compiled_and_plain_returns_the_same(kernel, arguments):
    with np.errstate(over="ignore"):
        plain = kernel.py_func(*arguments)
    np.testing.assert_array_equal(kernel(*arguments), plain)


@pytest.mark.parametrize(("kernel", "arguments", "shape"), WRITING, ids=a_name)
def test_a_kernel_compiled_and_plain_writes_the_same(kernel, arguments, shape):
    compiled, plain = np.zeros(shape), np.zeros(shape)
    kernel(*arguments, compiled)
    kernel.py_func(*arguments, plain)
    np.testing.assert_array_equal(compiled, plain)


@pytest.mark.parametrize(
    "unpack", [packing.unpack, packing.unpack.py_func], ids=["compiled", "plain"]
)
def test_what_was_packed_is_unpacked_to_where_it_was(unpack):
    packed = packing.pack(VALUES, VALID, GAPPY)
    out = np.zeros((40, 4))
    unpack(packed, VALID, GAPPY, out, 1)
    np.testing.assert_array_equal(out[:, 1:], np.where(VALID, VALUES, np.nan)[10:])
    assert (out[:, 0] == 0.0).all()


@pytest.mark.parametrize("keep", [packing.keep, packing.keep.py_func], ids=["compiled", "plain"])
def test_what_stands_on_sessions_is_kept_where_there_is_a_bar(keep):
    values = VALUES.copy()
    values[45, 0] = np.inf
    out = np.zeros((40, 4))
    keep(values, VALID, out, 1)
    expected = np.where(VALID & np.isfinite(values), values, np.nan)
    np.testing.assert_array_equal(out[:, 1:], expected[10:])
    np.testing.assert_array_equal(out[:, 0], 0.0)


@pytest.mark.parametrize("carry", [asof._carry, asof._carry.py_func], ids=["compiled", "plain"])
def test_what_was_known_is_carried_to_the_sessions_after_it(carry):
    """Against pandas' own join, an entry at a time."""
    known = np.stack([ROWS, [0, 0, 0, 1, 1, 1]])[:, np.argsort(ROWS, kind="stable")]
    values = np.arange(6.0)
    expected = np.full((50, 3), np.nan)
    expected[known[0], known[1]] = values
    expected = np.where(VALID, pd.DataFrame(expected).ffill(), np.nan)
    out = np.zeros((40, 4))
    carry(known, values, VALID, out, 1)
    np.testing.assert_array_equal(out[:, 1:], expected[10:])


@pytest.mark.parametrize("window", [1, 2, 7, 50, 51])
def test_windows_agree_with_pandas(window):
    rolling = pd.DataFrame(VALUES).rolling(window)
    top = extremes.excess_over_extreme(VALUES, VALUES, window, 1.0)
    bottom = extremes.excess_over_extreme(VALUES, VALUES, window, -1.0)
    mean = kernels.excess_over_mean(VALUES, window)
    np.testing.assert_allclose(kernels.rolling_sum(VALUES, window, 1.0), rolling.sum(), rtol=1e-12)
    np.testing.assert_allclose(mean, VALUES / rolling.mean() - 1.0, atol=1e-14)
    np.testing.assert_array_equal(top, VALUES / rolling.max() - 1.0)
    np.testing.assert_array_equal(bottom, VALUES / rolling.min() - 1.0)


def test_a_value_that_is_not_finite_spoils_only_the_windows_that_hold_it():
    spoilt = VALUES.copy()
    spoilt[20, 0] = np.inf
    sums = kernels.rolling_sum(spoilt, 7, 1.0)
    assert not np.isfinite(sums[20:27, 0]).any()
    np.testing.assert_array_equal(sums[27:], kernels.rolling_sum(VALUES, 7, 1.0)[27:])


def test_a_logarithm_does_not_depend_on_how_many_follow_it():
    ratio = RANDOM.lognormal(0.0, 0.02, (40, 1))
    whole = series.log_ratio(ratio, np.ones_like(ratio))
    for rows in range(1, 40):
        cut = series.log_ratio(ratio[:rows], np.ones((rows, 1)))
        np.testing.assert_array_equal(cut, whole[:rows])
