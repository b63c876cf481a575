from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.runs import RunRecord, RunStatus
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.marketdata.schedule import plan_session, stored_session

TUESDAY = date(2016, 7, 5)
NOW = datetime(2016, 7, 6, 12, tzinfo=UTC)
LATER = datetime(2016, 7, 6, 9, tzinfo=UTC)


def a_record(*, status=RunStatus.DONE, as_of=LATER):
    return RunRecord(session=TUESDAY, as_of=as_of, settings={}, symbols=None, status=status)


def plan(day=TUESDAY, record=None, *, now=NOW, **wishes):
    return plan_session(day, record, now=now, **wishes)


def test_a_first_run_decides_as_of_five_in_new_york():
    assert plan().as_of == calendar.decision_instant(TUESDAY)
    assert plan().skipped == ""


def test_a_rerun_decides_as_of_what_the_first_run_recorded():
    assert plan(record=a_record(status=RunStatus.FAILED)).as_of == LATER
    assert plan(record=a_record(), force=True).as_of == LATER


def test_a_done_session_is_not_run_again_unless_forced():
    assert plan(record=a_record()).skipped == "2016-07-05 is already done"
    assert plan(record=a_record(), force=True).skipped == ""


def test_another_instant_runs_a_done_session_again():
    asked = calendar.decision_instant(TUESDAY) + timedelta(hours=1)

    assert plan(record=a_record(), as_of=asked).as_of == asked
    assert plan(record=a_record(), as_of=asked).skipped == ""


@pytest.mark.parametrize(
    ("day", "name"),
    [
        pytest.param(date(2016, 7, 2), "Saturday", id="weekend"),
        pytest.param(date(2016, 7, 4), "Monday", id="holiday"),
    ],
)
def test_a_closed_day_is_no_session_and_names_the_next(day, name):
    assert plan(day).skipped == (
        f"no session: the exchange is closed on {name} {day}; the next is 2016-07-05"
    )


def test_a_session_that_is_not_over_is_refused():
    before_five = datetime(2016, 7, 5, 20, 59, tzinfo=UTC)

    with pytest.raises(ConfigurationError, match=r"2016-07-05 is not over.*is 2016-07-01"):
        plan(now=before_five)


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        pytest.param(datetime(2016, 7, 5, 19, tzinfo=UTC), "are not known", id="before the close"),
        pytest.param(datetime(2016, 7, 7, tzinfo=UTC), "lies ahead", id="ahead of now"),
    ],
)
def test_a_wrong_instant_is_refused(as_of, message):
    with pytest.raises(ConfigurationError, match=message):
        plan(as_of=as_of)


STORED = (date(2016, 6, 1), TUESDAY)


def test_a_ranking_looks_at_the_newest_session_stored_or_the_one_named():
    assert stored_session(None, STORED) == TUESDAY
    assert stored_session(date(2016, 6, 1), STORED) == date(2016, 6, 1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(date(2016, 7, 6), "name a session from 2016-06-01 to 2016-07-05", id="later"),
        pytest.param(date(2016, 5, 31), "no bars are stored of 2016-05-31", id="earlier"),
        pytest.param(date(2016, 7, 4), "2016-07-04 is not a session", id="holiday"),
    ],
)
def test_a_ranking_of_a_session_that_is_not_stored_is_refused(asked, message):
    with pytest.raises(ConfigurationError, match=message):
        stored_session(asked, STORED)
