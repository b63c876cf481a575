"""What watchdogs tell, on record among all that is announced; and the runs they look at."""

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.outbox import RELAY_LOCK, PostgresOutbox, announce
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.watchdogs import PostgresWatchRecord
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.ports.watchdogs import SessionRun
from alpha_oracle.risk import watchdogs
from tests.contracts.trading_values import an_alert
from tests.fakes.event_bus import InMemoryEventBus
from tests.trading import NOW, TODAY

FEED, API = "feed", "api"
YESTERDAY = calendar.shift_session(TODAY, -1)


@pytest.fixture
def record(database):
    return PostgresWatchRecord(database)


def down(subject=FEED):
    away = timedelta(minutes=2)
    return watchdogs.absent_part(subject, away=away, now=NOW).alert


def over(subject=FEED):
    return watchdogs.over(subject, now=NOW)


def announced(database):
    bus = InMemoryEventBus()
    PostgresOutbox(database).relay(bus, at=NOW)
    return list(bus.announced.values())


def test_a_trouble_is_announced_once_whoever_finds_it_again(database, record):
    for _ in range(2):
        record.announce(FEED, "1", down(), at=NOW)
        PostgresWatchRecord(database).announce(FEED, "1", down(), at=NOW)
    (document,) = announced(database)
    assert '"type":"process_down"' in document
    assert '"subject":"feed"' in document


def test_what_is_open_is_what_was_told_last_and_is_not_over(record):
    assert record.open_occurrence(FEED) is None
    record.announce(FEED, "2016-06-02 13:30|1", down(), at=NOW)
    record.announce("feed of another kind", "2", down(), at=NOW)
    record.announce(API, "3", down(API), at=NOW)
    assert record.open_occurrence(FEED) == "2016-06-02 13:30|1"
    record.close(FEED, "2016-06-02 13:30|1", over(), at=NOW)
    assert record.open_occurrence(FEED) is None
    assert record.open_occurrence(API) == "3"
    record.announce(FEED, "4", down(), at=NOW)
    assert record.open_occurrence(FEED) == "4"


def test_two_watches_announce_a_trouble_once(database, database_url, record):
    with closing(open_database(database_url)) as other:
        record.announce(FEED, "1", down(), at=NOW)
        PostgresWatchRecord(other).announce(FEED, "1", down(), at=NOW)
        PostgresWatchRecord(other).close(FEED, "1", over(), at=NOW)
    record.close(FEED, "1", over(), at=NOW)
    assert len(announced(database)) == 2


def begin(database, session, *, symbols=None, at=NOW):
    PostgresRuns(database).begin(session, symbols, as_of=NOW, settings={}, at=at)


def test_a_session_without_a_run_has_no_status(database, record):
    assert record.session_run(TODAY) == SessionRun(
        session=TODAY, status=None, error=None, started_at=None, first_ever_at=None
    )
    begin(database, YESTERDAY)
    assert record.session_run(TODAY).first_ever_at == NOW


def test_a_run_of_some_symbols_is_not_the_sessions(database, record):
    begin(database, TODAY, symbols=(Symbol("AAA"),))
    assert record.session_run(TODAY).status is None


def test_a_run_has_its_status_its_error_and_its_times(database, record):
    begin(database, YESTERDAY, at=NOW - timedelta(days=1))
    begin(database, TODAY)
    later = NOW + timedelta(minutes=5)
    begin(database, TODAY, at=later)
    running = record.session_run(TODAY)
    assert (running.status, running.started_at) == (RunStatus.RUNNING, later)
    assert running.first_ever_at == NOW - timedelta(days=1)
    PostgresRuns(database).fail(TODAY, error="no bars", at=later)
    failed = record.session_run(TODAY)
    assert (failed.status, failed.error) == (RunStatus.FAILED, "no bars")
    PostgresRuns(database).finish(TODAY, summary={}, at=later)
    assert record.session_run(TODAY).status is RunStatus.DONE


def test_a_relay_that_does_not_wait_leaves_its_work_to_the_one_that_works(database):
    with database.begin() as connection:
        announce(connection, "change", [an_alert()], at=NOW)
    bus, outbox = InMemoryEventBus(), PostgresOutbox(database, waits=False)
    with database.begin() as another:
        another.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": RELAY_LOCK})
        assert outbox.relay(bus, at=NOW) == 0
    assert bus.calls == []
    assert outbox.relay(bus, at=NOW) == 1
