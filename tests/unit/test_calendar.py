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


MONDAY, FRIDAY_BEFORE = date(2024, 1, 8), date(2024, 1, 5)
WEDNESDAY, HALF_DAY = date(2023, 11, 22), date(2023, 11, 24)


@pytest.mark.parametrize(
    ("now", "opened", "finished"),
    [
        pytest.param("2024-01-08T14:29", FRIDAY_BEFORE, FRIDAY_BEFORE, id="before the open"),
        pytest.param("2024-01-08T14:30", MONDAY, FRIDAY_BEFORE, id="at the open"),
        pytest.param("2024-01-08T21:04", MONDAY, FRIDAY_BEFORE, id="just after the close"),
        pytest.param("2024-01-08T21:05", MONDAY, MONDAY, id="five minutes after the close"),
        pytest.param("2024-01-09T03:00", MONDAY, MONDAY, id="past midnight in UTC"),
        pytest.param("2024-01-09T05:02", MONDAY, MONDAY, id="past midnight in New York"),
        pytest.param("2024-01-07T12:00", FRIDAY_BEFORE, FRIDAY_BEFORE, id="on a Sunday"),
        pytest.param("2023-11-24T18:04", HALF_DAY, WEDNESDAY, id="a half day, closing"),
        pytest.param("2023-11-24T18:05", HALF_DAY, HALF_DAY, id="a half day, closed"),
    ],
)
def test_a_session_opens_by_the_exchange_and_is_finished_five_minutes_after_its_close(
    now, opened, finished
):
    instant = datetime.fromisoformat(f"{now}+00:00")

    assert calendar.latest_opened_session(instant) == opened
    assert calendar.latest_finished_session(instant) == finished


def test_a_session_has_closed_from_its_very_close():
    assert calendar.latest_closed_session(datetime(2024, 1, 8, 20, 59, tzinfo=UTC)) == FRIDAY_BEFORE
    assert calendar.latest_closed_session(datetime(2024, 1, 8, 21, 0, tzinfo=UTC)) == MONDAY


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


def test_the_window_lies_within_a_half_day():
    window = calendar.ExecutionWindow(start_after_open_minutes=5, stop_before_close_minutes=15)

    assert window.start(date(2016, 11, 25)) == datetime(2016, 11, 25, 14, 35, tzinfo=UTC)
    assert window.end(date(2016, 11, 25)) == datetime(2016, 11, 25, 17, 45, tzinfo=UTC)


def test_a_day_beyond_the_calendar_is_refused():
    with pytest.raises(ConfigurationError, match="the exchange calendar reaches from"):
        calendar.is_session(date(1901, 1, 2))


def test_a_shift_from_no_session_is_refused():
    with pytest.raises(ConfigurationError, match="2016-07-04 is not a session"):
        calendar.shift_session(date(2016, 7, 4), 1)
