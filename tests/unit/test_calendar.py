from datetime import UTC, date, datetime

import pytest

from alpha_oracle import calendar
from alpha_oracle.errors import ConfigurationError


def test_a_weekend_and_a_holiday_are_no_sessions():
    assert not calendar.is_session(date(2016, 7, 2))
    assert not calendar.is_session(date(2016, 7, 4))
    assert calendar.is_session(date(2016, 7, 5))


def test_a_half_day_closes_at_one():
    assert calendar.session_close(date(2016, 11, 25)) == datetime(2016, 11, 25, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("session", "hour_utc"),
    [
        pytest.param(date(2016, 1, 4), 22, id="winter time"),
        pytest.param(date(2016, 7, 5), 21, id="summer time"),
    ],
)
def test_the_decision_is_taken_at_five_in_new_york(session, hour_utc):
    expected = datetime(session.year, session.month, session.day, hour_utc, tzinfo=UTC)

    assert calendar.decision_instant(session) == expected


def test_a_session_counts_as_decided_from_five_in_new_york():
    before = datetime(2016, 7, 5, 20, 59, tzinfo=UTC)
    after = datetime(2016, 7, 5, 21, 0, tzinfo=UTC)

    assert calendar.latest_decided_session(before) == date(2016, 7, 1)
    assert calendar.latest_decided_session(after) == date(2016, 7, 5)


def test_sessions_are_counted_over_holidays():
    assert calendar.shift_session(date(2016, 7, 1), 1) == date(2016, 7, 5)
    assert calendar.shift_session(date(2016, 7, 5), -1) == date(2016, 7, 1)
    assert calendar.next_session_after(date(2016, 7, 2)) == date(2016, 7, 5)
    assert calendar.latest_session_on_or_before(date(2016, 7, 4)) == date(2016, 7, 1)


def test_a_range_includes_both_its_ends():
    assert calendar.sessions_between(date(2016, 7, 1), date(2016, 7, 6)) == (
        date(2016, 7, 1),
        date(2016, 7, 5),
        date(2016, 7, 6),
    )


def test_the_window_ends_before_the_close_of_a_half_day():
    window = calendar.ExecutionWindow(start_after_open_minutes=5, stop_before_close_minutes=15)

    assert window.end(date(2016, 11, 25)) == datetime(2016, 11, 25, 17, 45, tzinfo=UTC)


def test_a_day_beyond_the_calendar_is_refused():
    with pytest.raises(ConfigurationError, match="the exchange calendar reaches from"):
        calendar.is_session(date(1901, 1, 2))


def test_a_shift_from_no_session_is_refused():
    with pytest.raises(ConfigurationError, match="2016-07-04 is not a session"):
        calendar.shift_session(date(2016, 7, 4), 1)
