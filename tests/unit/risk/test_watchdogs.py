"""What watchdogs find, by the clock of New York."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.ports.watchdogs import RunningFlow, SessionRun
from alpha_oracle.risk import watchdogs

SESSION = date(2016, 6, 2)
EVE = date(2016, 6, 1)
OPEN = calendar.session_open(SESSION)
DEADLINE = datetime(2016, 6, 2, 22, 30, tzinfo=UTC)
LONG_AGO = datetime(2016, 1, 4, tzinfo=UTC)


def utc(told):
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "session"),
    [
        ("2016-06-02T22:29:59", date(2016, 6, 1)),
        ("2016-06-02T22:30:00", date(2016, 6, 2)),
        ("2016-06-03T03:00:00", date(2016, 6, 2)),
        ("2016-03-11T23:29:59", date(2016, 3, 10)),
        ("2016-03-11T23:30:00", date(2016, 3, 11)),
        ("2016-03-14T22:29:59", date(2016, 3, 11)),
        ("2016-03-14T22:30:00", date(2016, 3, 14)),
        ("2016-11-04T22:30:00", date(2016, 11, 4)),
        ("2016-11-07T22:30:00", date(2016, 11, 4)),
        ("2016-11-07T23:30:00", date(2016, 11, 7)),
        ("2016-06-05T12:00:00", date(2016, 6, 3)),
        ("2016-07-04T23:59:00", date(2016, 7, 1)),
        ("2016-07-05T22:29:59", date(2016, 7, 1)),
        ("2016-07-05T22:30:00", date(2016, 7, 5)),
        ("2016-11-24T23:59:00", date(2016, 11, 23)),
        ("2016-11-25T18:30:00", date(2016, 11, 23)),
        ("2016-11-25T23:30:00", date(2016, 11, 25)),
        ("2025-01-09T23:59:00", date(2025, 1, 8)),
    ],
    ids=[
        "a second before",
        "to the second",
        "the evening, tomorrow in UTC",
        "winter time, a second before",
        "winter time, to the second",
        "summer time, a second before",
        "summer time, to the second",
        "the last of summer time",
        "winter time again, an hour too soon",
        "winter time again",
        "a Sunday",
        "a holiday",
        "after a holiday, a second before",
        "after a holiday",
        "Thanksgiving",
        "half past one on a half day",
        "a half day",
        "a day of mourning",
    ],
)
def test_the_session_that_is_due_changes_at_half_past_six_in_new_york(now, session):
    assert watchdogs.due_session(utc(now)) == session


def a_run(**changes):
    ordinary = SessionRun(
        session=SESSION, status=None, error=None, started_at=OPEN, first_ever_at=LONG_AGO
    )
    return replace(ordinary, **changes)


def judged(run, *, now=DEADLINE, watching_since=LONG_AGO):
    return watchdogs.missed_pipeline(run, now=now, watching_since=watching_since)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (a_run(), "no run was begun"),
        (a_run(status=RunStatus.RUNNING), "still going on"),
        (a_run(status=RunStatus.FAILED, error="the source is away"), "the source is away"),
    ],
    ids=["never begun", "running", "failed"],
)
def test_a_session_that_is_not_committed_is_told_with_its_state(run, words):
    trouble = judged(run)
    assert (trouble.subject, trouble.occurrence) == ("pipeline", "2016-06-02")
    assert (trouble.alert.type, trouble.alert.severity) == ("pipeline_missed", Severity.HIGH)
    assert words in trouble.alert.message
    assert "no pipeline of 2016-06-02 is committed at 18:30" in trouble.alert.message


def test_a_committed_session_is_no_trouble():
    assert judged(a_run(status=RunStatus.DONE)) is None


@pytest.mark.parametrize(
    ("first_ever_at", "watching_since", "is_told"),
    [
        (DEADLINE + timedelta(hours=1), DEADLINE + timedelta(hours=2), False),
        (None, DEADLINE + timedelta(hours=2), False),
        (None, DEADLINE - timedelta(hours=2), True),
        (LONG_AGO, DEADLINE + timedelta(hours=2), True),
    ],
    ids=[
        "installed since, with an older session run by hand",
        "installed since",
        "installed before, never run",
        "the watch was down at the deadline",
    ],
)
def test_a_session_before_the_installation_is_nobodys_miss(first_ever_at, watching_since, is_told):
    run = a_run(first_ever_at=first_ever_at)
    now = DEADLINE + timedelta(hours=3)
    assert (judged(run, now=now, watching_since=watching_since) is not None) is is_told


def silence(beat, *, now, watching_since=LONG_AGO):
    return watchdogs.silent_worker(beat, now=now, watching_since=watching_since)


@pytest.mark.parametrize(
    ("now", "seconds", "is_told"),
    [
        ("2016-06-02T15:00:00", 59, False),
        ("2016-06-02T15:00:00", 60, True),
        ("2016-06-02T13:30:00", 60, True),
        ("2016-06-02T13:29:59", 60, False),
        ("2016-06-02T19:59:59", 60, True),
        ("2016-06-02T20:00:00", 60, False),
        ("2016-06-02T20:00:00", 600, True),
        ("2016-06-04T15:00:00", 599, False),
        ("2016-06-04T15:00:00", 600, True),
        ("2016-11-25T17:59:00", 60, True),
        ("2016-11-25T18:30:00", 60, False),
        ("2016-12-15T14:00:00", 60, False),
        ("2016-12-15T14:30:00", 60, True),
    ],
    ids=[
        "a second too few",
        "a minute",
        "at the open",
        "before the open",
        "before the close",
        "at the close",
        "ten minutes after the close",
        "a Saturday, not yet",
        "a Saturday",
        "a half day, open",
        "a half day, closed",
        "winter, before the open",
        "winter, open",
    ],
)
def test_a_worker_may_be_silent_for_a_minute_of_an_open_market(now, seconds, is_told):
    moment = utc(now)
    beat = moment - timedelta(seconds=seconds)
    assert (silence(beat, now=moment) is not None) is is_told


def test_a_silent_worker_is_told_with_how_long_and_since_when():
    trouble = silence(OPEN, now=OPEN + timedelta(seconds=75))
    assert (trouble.alert.value, trouble.alert.threshold) == (Decimal(75), Decimal(60))
    assert "the last came at 2016-06-02T13:30:00+00:00" in trouble.alert.message


def test_a_watch_that_has_just_begun_gives_the_worker_its_minute():
    beat, started = OPEN - timedelta(hours=3), OPEN + timedelta(hours=1)
    just = started + timedelta(seconds=59)
    assert silence(beat, now=just, watching_since=started) is None
    assert silence(None, now=just, watching_since=started) is None
    later = just + timedelta(seconds=1)
    assert silence(beat, now=later, watching_since=started) is not None
    assert "never seen" in silence(None, now=later, watching_since=started).alert.message


def test_a_silence_is_the_same_all_session_and_another_on_the_next_one():
    first = silence(OPEN, now=OPEN + timedelta(minutes=2)).occurrence
    assert silence(OPEN, now=OPEN + timedelta(hours=2)).occurrence == first
    night = silence(OPEN, now=OPEN + timedelta(hours=12)).occurrence
    following = silence(OPEN, now=OPEN + timedelta(days=1)).occurrence
    again = silence(OPEN + timedelta(hours=1), now=OPEN + timedelta(hours=2)).occurrence
    assert len({first, night, following, again}) == 4


def test_a_pulse_of_a_rehearsal_that_is_over_counts_for_nothing():
    now = OPEN + timedelta(hours=1)
    assert silence(now + timedelta(days=400), now=now) is not None
    assert silence(now + timedelta(seconds=1), now=now) is None


def test_a_part_is_missed_after_a_minute():
    told = [
        watchdogs.absent_part("feed", away=timedelta(seconds=away), now=OPEN) for away in (59, 60)
    ]
    assert told[0] is None
    assert (told[1].subject, told[1].alert.type) == ("feed", "process_down")
    assert told[1].occurrence == ""


def test_a_store_is_missed_after_half_a_minute():
    told = [
        watchdogs.absent_store("Redis", "bus_away", away=timedelta(seconds=away), now=OPEN)
        for away in (29, 30)
    ]
    assert told[0] is None
    assert (told[1].subject, told[1].alert.type, told[1].alert.value) == ("Redis", "bus_away", 30)


@pytest.mark.parametrize(
    ("rhythm", "silence", "is_told"),
    [
        (30, 89, False),
        (30, 90, True),
        (180, 539, False),
        (180, 540, True),
        (1, 89, False),
        (None, 539, False),
        (None, 540, True),
    ],
)
def test_a_flow_run_may_miss_three_heartbeats_of_its_own_rhythm(rhythm, silence, is_told):
    run = RunningFlow(
        flow_run_id="1-2",
        name="able-ape",
        flow="daily-pipeline",
        silence=timedelta(seconds=silence),
        rhythm=None if rhythm is None else timedelta(seconds=rhythm),
    )
    trouble = watchdogs.dead_flow_run(run, now=OPEN)
    assert (trouble is not None) is is_told
    if trouble is not None:
        assert trouble.subject == "flow run 1-2"
        assert "able-ape of daily-pipeline" in trouble.alert.message


def test_that_a_trouble_is_over_only_warns():
    told = watchdogs.over("feed", now=OPEN)
    assert (told.type, told.subject, told.severity) == ("well_again", "feed", Severity.WARNING)
