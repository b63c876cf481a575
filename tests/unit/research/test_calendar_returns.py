import numpy as np
import pytest

from alpha_oracle.research.calendar_returns import calendar_returns


def test_returns_compound_within_their_month_and_year():
    sessions = np.array(["2019-12-30", "2019-12-31", "2020-01-02"], "datetime64[D]")
    calendar = calendar_returns(sessions, np.array([0.1, 0.1, -0.5]))

    assert calendar.years == (2019, 2020)
    assert calendar.months_pct[0, 11] == pytest.approx(21.0)
    assert calendar.months_pct[1, 0] == pytest.approx(-50.0)
    assert np.isfinite(calendar.months_pct).sum() == 2
    assert calendar.years_pct == pytest.approx([21.0, -50.0])


def test_a_year_without_a_session_keeps_its_row_and_is_unknown():
    sessions = np.array(["2018-06-01", "2020-06-01"], "datetime64[D]")
    calendar = calendar_returns(sessions, np.array([0.1, 0.2]))

    assert calendar.years == (2018, 2019, 2020)
    assert np.isnan(calendar.months_pct[1]).all()
    assert np.isnan(calendar.years_pct[1])


def test_no_session_has_no_year():
    calendar = calendar_returns(np.empty(0, "datetime64[D]"), np.empty(0))

    assert calendar.years == ()
    assert calendar.months_pct.shape == (0, 12)
