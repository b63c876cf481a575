from math import log

import numpy as np
import pytest
from scipy.stats import ks_2samp

from alpha_oracle.ml.distances import largest_gap, stability_index
from alpha_oracle.ml.drift import feature_drift
from alpha_oracle.ml.reference import reference_of

CELLS = np.ones((100, 50), np.bool_)


def drawn(seed, *, shift=0.0, unknown=0.0):
    generator = np.random.default_rng(seed)
    values = (generator.normal(size=CELLS.shape) + shift).astype(np.float32)
    values[generator.random(CELLS.shape) < unknown] = np.nan
    return values


def drift_of(trained, now, cells=CELLS):
    [found] = feature_drift([reference_of("x", trained, CELLS)], {"x": now}, cells)
    return found


def test_the_index_is_the_one_worked_by_hand():
    # Shares 50/50 became 80/20: 0.3 ln 1.6 + (-0.3) ln 0.4.
    by_hand = 0.3 * log(1.6) - 0.3 * log(0.4)
    found = stability_index(np.array([5, 5]), np.array([80, 20]))
    assert found == pytest.approx(by_hand)


def test_a_bin_that_was_empty_is_far_but_not_infinitely_far():
    found = stability_index(np.array([10, 0]), np.array([0, 10]))
    assert found == pytest.approx(2 * (1 - 1e-4) * log(1e4), rel=1e-3)


def test_the_statistic_is_scipys():
    known = np.sort(drawn(2, shift=0.7).ravel())
    quantiles = reference_of("x", drawn(1), CELLS).quantiles
    exact = ks_2samp(np.array(quantiles, np.float32), known).statistic
    assert largest_gap(quantiles, known) == pytest.approx(exact, abs=1e-12)


def test_the_statistic_of_values_that_are_common_is_scipys():
    quantiles, known = (0.0, 0.0, 0.0, 1.0, 2.0), np.array([0.0, 1.0, 1.0, 5.0], np.float32)
    exact = ks_2samp(quantiles, known).statistic
    assert largest_gap(quantiles, known) == pytest.approx(exact, abs=1e-12)


def test_the_quantiles_stand_for_all_values_up_to_a_rank():
    trained, now = drawn(1).ravel(), np.sort(drawn(2, shift=0.7).ravel())
    quantiles = reference_of("x", drawn(1), CELLS).quantiles
    exact = ks_2samp(trained, now).statistic
    assert largest_gap(quantiles, now) == pytest.approx(exact, abs=1 / 256 + 1e-3)


def test_the_same_distribution_has_hardly_drifted():
    found = drift_of(drawn(1), drawn(2))
    assert found.psi < 0.02
    assert found.ks < 0.05
    assert found.known_fraction == 1.0


def test_a_shift_shows_in_both_figures():
    found = drift_of(drawn(1), drawn(2, shift=1.0))
    assert found.psi > 0.25
    assert found.ks > 0.3


def test_a_feature_that_is_lost_shows_in_the_index_alone():
    found = drift_of(drawn(1), drawn(1, unknown=0.5))
    assert found.psi > 0.25
    assert found.ks < 0.05
    assert found.known_fraction == pytest.approx(0.5, abs=0.05)


def test_a_feature_nobody_gives_any_more_is_unknown_everywhere():
    [found] = feature_drift([reference_of("x", drawn(1), CELLS)], {}, CELLS)
    assert found.known_fraction == 0.0
    assert found.psi > 5
    assert found.ks is None


def test_only_the_cells_of_the_mask_count():
    now = drawn(2)
    now[50:] = 99.0
    cells = CELLS.copy()
    cells[50:] = False
    assert drift_of(drawn(1), now, cells).psi < 0.05
    assert drift_of(drawn(1), now).psi > 0.25


def test_no_cells_are_no_drift():
    found = drift_of(drawn(1), drawn(1), np.zeros_like(CELLS))
    assert (found.psi, found.ks, found.known_fraction) == (None, None, 0.0)


def test_a_feature_of_few_values_keeps_its_bins():
    flags = (drawn(1) > 1.0).astype(np.float32)
    assert drift_of(flags, (drawn(2) > 1.0).astype(np.float32)).psi < 0.02
    assert drift_of(flags, (drawn(2) > 0.0).astype(np.float32)).psi > 0.25


def test_a_handful_of_values_is_not_judged():
    # Of ten values of the very same distribution the statistic is often above 0.2.
    few = np.full(CELLS.shape, np.nan, np.float32)
    few.flat[:99] = drawn(2).flat[:99]
    assert drift_of(drawn(1), few).ks is None
    few.flat[99] = 0.0
    assert drift_of(drawn(1), few).ks < 0.2
    cells = np.zeros_like(CELLS)
    cells.flat[:99] = True
    assert drift_of(drawn(1), drawn(2), cells).psi is None
