"""The kernels compiled and uncompiled are one function, and windows are what they say."""

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.features import digests, kernels, packing

RANDOM = np.random.default_rng(11)
VALUES = RANDOM.lognormal(3.0, 0.1, (50, 3))
OTHERS = RANDOM.lognormal(3.0, 0.1, (50, 3))
MEAN = pd.DataFrame(VALUES).rolling(7).mean().to_numpy()
VALID = RANDOM.random((50, 3)) < np.array([1.0, 0.8, 0.0])
GAPPY = np.array([1, 2])
WORDS = RANDOM.integers(0, 1 << 62, (2, 3)).astype(np.uint64)

RETURNING = [
    (kernels.rolling_sum, (VALUES, 7)),
    (kernels.rolling_max, (VALUES, 7)),
    (kernels.rolling_variance, (VALUES, MEAN, 7)),
    (kernels.rolling_mean_distance, (VALUES, MEAN, 7)),
    (kernels.weighted_sum, (VALUES, np.array([0.5, 0.3, 0.2]))),
    (kernels.exponential_mean, (VALUES, 0.2, 9, 3)),
    (kernels.exponential_mean, (VALUES, 0.2, 60, 0)),
    (kernels.directional_moves, (VALUES + 1.0, VALUES - 1.0, VALUES)),
    (kernels.growth, (VALUES, 5)),
    (kernels.log_ratio, (VALUES, OTHERS)),
    (packing.pack, (VALUES, VALID, GAPPY, 0)),
    (digests._row_words, (VALUES, VALUES.view(np.uint64), OTHERS, WORDS)),
]
WRITING = [
    (kernels._sums_to_the_end, (VALUES, 4), (8, 3)),
    (kernels._largest_to_the_end, (VALUES, 4), (8, 3)),
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
    packed = packing.pack(VALUES, VALID, GAPPY, 0)
    out = np.zeros((50, 4))
    unpack(packed, VALID, GAPPY, out, 1)
    np.testing.assert_array_equal(out[:, 1:], np.where(VALID, VALUES, np.nan))
    assert (out[:, 0] == 0.0).all()


@pytest.mark.parametrize("window", [1, 2, 7, 50, 51])
def test_windows_agree_with_pandas(window):
    rolling = pd.DataFrame(VALUES).rolling(window)
    np.testing.assert_allclose(kernels.rolling_sum(VALUES, window), rolling.sum(), rtol=1e-12)
    np.testing.assert_array_equal(kernels.rolling_max(VALUES, window), rolling.max())


def test_a_value_that_is_not_finite_spoils_only_the_windows_that_hold_it():
    spoilt = VALUES.copy()
    spoilt[20, 0] = np.inf
    sums = kernels.rolling_sum(spoilt, 7)
    assert not np.isfinite(sums[20:27, 0]).any()
    np.testing.assert_array_equal(sums[27:], kernels.rolling_sum(VALUES, 7)[27:])
