"""Labels by hand, and that none is made before its horizon is over."""

import numpy as np
import pytest

from alpha_oracle.domain.models import ReturnClass
from alpha_oracle.ml.labels import UNKNOWN, classes_of, forward_returns

CLOSE = np.array([[100.0, 50.0], [110.0, 50.0], [121.0, np.nan], [90.0, 60.0], [99.0, 45.0]])


def test_a_return_is_that_of_the_sessions_after_its_own():
    returns = forward_returns(CLOSE, horizon=2)
    expected = [[0.21, np.nan], [90 / 110 - 1, 0.2], [99 / 121 - 1, np.nan]]
    np.testing.assert_allclose(returns[:3], expected)


def test_a_return_whose_horizon_is_not_over_is_unknown():
    assert np.isnan(forward_returns(CLOSE, horizon=2)[3:]).all()
    assert np.isfinite(forward_returns(CLOSE, horizon=2)[2, 0])


@pytest.mark.parametrize("sessions", [0, 1, 5], ids=lambda count: f"{count} sessions")
def test_a_history_no_longer_than_the_horizon_has_no_returns(sessions):
    returns = forward_returns(CLOSE[:sessions], horizon=5)
    assert returns.shape == (sessions, 2)
    assert np.isnan(returns).all()


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_return_is_the_same_when_later_rows_are_cut_off_or_unknown(cut):
    whole, short = forward_returns(CLOSE, horizon=2), forward_returns(CLOSE[:cut], horizon=2)
    known = max(cut - 2, 0)
    np.testing.assert_array_equal(short[:known], whole[:known])
    assert np.isnan(short[known:]).all()


def test_a_return_on_a_threshold_is_up_or_down():
    returns = np.array([[0.01, -0.01, 0.0099, -0.0099, np.nan, 0.5, -0.5]])
    down, neutral, up = ReturnClass
    np.testing.assert_array_equal(
        classes_of(returns, up=0.01, down=-0.01), [[up, down, neutral, neutral, UNKNOWN, up, down]]
    )
