import signal
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.runs import RUN_LOCKS, PostgresRuns
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.errors import DataError, StoreUnavailable, TransientError
from tests.backends import CUT_OTHERS
from tests.integration.postgres.holding import holding

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
LATER = AT.replace(hour=22)
SESSION = date(2016, 6, 1)
SETTINGS = {"strategy": {"min_sharpe": 1.0, "weights": [0.3, 1e16]}, "capital_usd": 100000}

HOLD_THE_LOCK = """
import sys
from datetime import date
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.runs import PostgresRuns

with PostgresRuns(open_database(sys.argv[1])).only_run(date(2016, 6, 1)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def runs(database):
    return PostgresRuns(database)


@pytest.fixture
def other_process(database_url):
    """Another process that runs the session."""
    with holding(HOLD_THE_LOCK, database_url) as process:
        yield process


def begin(runs, symbols=None, **changes):
    ordinary = {"as_of": AT, "settings": SETTINGS, "at": AT}
    return runs.begin(SESSION, symbols, **ordinary | changes)


def test_a_session_never_run_has_no_record(runs):
    assert runs.record(SESSION) is None


def test_a_run_begun_is_on_record_with_its_inputs(runs):
    record = begin(runs)
    assert record == runs.record(SESSION)
    assert record.status is RunStatus.RUNNING
    assert (record.as_of, record.symbols) == (AT, None)


def test_a_run_for_some_symbols_is_kept_apart_from_the_universes(runs):
    begin(runs)
    begin(runs, ("A", "B"), as_of=LATER)
    runs.finish(SESSION, ("A", "B"), summary={}, at=LATER)
    assert runs.record(SESSION).status is RunStatus.RUNNING
    some = runs.record(SESSION, ("A", "B"))
    assert (some.status, some.as_of, some.symbols) == (RunStatus.DONE, LATER, ("A", "B"))
    assert runs.record(SESSION, ("A",)) is None


def test_settings_are_read_back_with_types_and_order(runs):
    settings = begin(runs).settings
    assert repr(settings) == repr(SETTINGS)


def test_a_rerun_keeps_what_the_first_run_decided_on(runs, rows):
    begin(runs)
    runs.fail(SESSION, error="Postgres went away", at=AT)
    again = begin(runs, as_of=LATER, settings={}, at=LATER)
    assert (again.as_of, again.settings) == (AT, SETTINGS)
    assert (again.status, again.error) == (RunStatus.RUNNING, None)
    assert rows("SELECT attempts, first_started_at, started_at, finished_at FROM runs") == [
        (2, AT, LATER, None)
    ]


def test_a_rerun_keeps_the_model_that_was_active_at_the_first_run(runs):
    assert begin(runs, model_id="2016-05-29-aaaaaaaa").model_id == "2016-05-29-aaaaaaaa"
    begin(runs, model_id="2016-06-05-bbbbbbbb", at=LATER)
    begin(runs, at=LATER)
    assert runs.record(SESSION).model_id == "2016-05-29-aaaaaaaa"


def test_a_first_run_without_a_model_stays_without_one(runs):
    begin(runs)
    assert begin(runs, model_id="2016-06-05-bbbbbbbb").model_id is None


def test_a_run_done_carries_its_summary(runs, rows):
    begin(runs)
    runs.finish(SESSION, summary={"signals": 3}, at=LATER)
    record = runs.record(SESSION)
    assert (record.status, record.summary, record.error) == (RunStatus.DONE, {"signals": 3}, None)
    assert rows("SELECT finished_at FROM runs") == [(LATER,)]


def test_a_run_failed_carries_its_error(runs):
    begin(runs)
    runs.fail(SESSION, error="cell \x00 unreadable", at=LATER)
    record = runs.record(SESSION)
    assert (record.status, record.error) == (RunStatus.FAILED, "cell \\x00 unreadable")


def test_a_run_never_begun_cannot_end(runs):
    with pytest.raises(DataError, match="no run of 2016-06-01 was begun"):
        runs.finish(SESSION, summary={}, at=AT)
    with pytest.raises(DataError, match="no run of 2016-06-01 was begun"):
        runs.fail(SESSION, error="x", at=AT)


def test_a_session_is_run_once_at_a_time(runs):
    with (
        runs.only_run(SESSION),
        pytest.raises(TransientError, match="another process runs session 2016-06-01"),
        runs.only_run(SESSION),
    ):
        raise AssertionError


def test_another_session_may_run_meanwhile(runs):
    with runs.only_run(SESSION), runs.only_run(date(2016, 6, 2)):
        pass


@pytest.mark.parametrize("error", [None, RuntimeError], ids=["done", "failed"])
def test_the_lock_ends_with_the_block(runs, error):
    try:
        with runs.only_run(SESSION):
            if error:
                raise error
    except RuntimeError:
        pass
    with runs.only_run(SESSION):
        pass


def test_a_second_process_is_kept_out_until_the_first_is_killed(runs, database, other_process):
    with pytest.raises(TransientError, match="another process"), runs.only_run(SESSION):
        raise AssertionError
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    wait_until_free(database)
    with runs.only_run(SESSION):
        pass


def test_a_lock_lost_on_the_way_does_not_undo_the_run(runs, database):
    with runs.only_run(SESSION):
        disconnect_others(database)
    with runs.only_run(SESSION):
        pass


def test_without_a_server_the_run_is_refused_as_passing():
    runs = PostgresRuns(open_database("postgresql://me:s3cret@127.0.0.1:1/x"))
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refusal:
        runs.only_run(SESSION).__enter__()
    assert "s3cret" not in str(refusal.value)


def wait_until_free(database):
    with database.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '120s'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, :ordinal)"),
            {"space": RUN_LOCKS, "ordinal": SESSION.toordinal()},
        )


def disconnect_others(database):
    with database.begin() as connection:
        connection.execute(text(CUT_OTHERS))


def test_the_latest_run_is_of_the_universe_and_of_the_latest_session(runs):
    assert runs.latest() is None
    inputs = {"as_of": AT, "settings": SETTINGS, "at": AT}
    for days in (0, -1):
        runs.begin(SESSION + timedelta(days=days), **inputs)
    runs.begin(SESSION + timedelta(days=1), ("A",), **inputs)
    assert runs.latest().session == SESSION
