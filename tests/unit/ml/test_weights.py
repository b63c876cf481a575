"""How samples count: by hand, and by the definition written out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alpha_oracle.ml.weights import average_uniqueness, class_factors, sample_weights


def by_definition(is_used, horizon):
    """Lopez de Prado's sections 4.3 and 4.4, label by label."""
    out = np.zeros(is_used.shape)
    for symbol in range(is_used.shape[1]):
        spans = {
            start: range(start + 1, start + horizon + 1)
            for start in np.flatnonzero(is_used[:, symbol])
        }
        for start, span in spans.items():
            shares = [1 / sum(at in other for other in spans.values()) for at in span]
            out[start, symbol] = np.mean(shares)
    return out


@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 3))), st.integers(1, 6))
def test_uniqueness_is_as_defined(is_used, horizon):
    np.testing.assert_allclose(
        average_uniqueness(is_used, horizon=horizon), by_definition(is_used, horizon)
    )


def test_a_label_alone_is_unique_and_amid_others_one_in_its_horizon():
    alone, amid = np.zeros((40, 1), np.bool_), np.ones((40, 1), np.bool_)
    alone[[3, 20]] = True
    assert average_uniqueness(alone, horizon=5)[[3, 20], 0].tolist() == [1.0, 1.0]
    np.testing.assert_allclose(average_uniqueness(amid, horizon=5)[10:30], 0.2)


def test_labels_of_other_symbols_do_not_overlap():
    is_used = np.eye(6, dtype=np.bool_)
    assert average_uniqueness(is_used, horizon=5).sum() == 6


def test_classes_count_alike_by_their_factors():
    classes = np.array([0, 0, 0, 1, 2, 2], np.int8)
    uniqueness = np.array([0.5, 0.5, 0.2, 1.0, 0.3, 0.3])
    weights = uniqueness * class_factors(classes, uniqueness)[classes]
    np.testing.assert_allclose(np.bincount(classes, weights), np.full(3, uniqueness.sum() / 3))


def test_a_class_that_never_was_has_no_factor():
    assert class_factors(np.array([0, 2], np.int8), np.ones(2)).tolist() == [1.0, 0.0, 1.0]


def test_weights_are_uniqueness_by_class_of_mean_one():
    classes = np.array([0, 1, 1], np.int8)
    weights = sample_weights(classes, np.array([1.0, 0.5, 0.5]), np.array([2.0, 4.0, 1.0]))
    np.testing.assert_allclose(weights, [1.0, 1.0, 1.0])
    weights = sample_weights(classes, np.array([1.0, 0.5, 0.25]), np.array([1.0, 2.0, 1.0]))
    np.testing.assert_allclose(weights, np.array([1.0, 1.0, 0.5]) / (2.5 / 3), rtol=1e-6)
