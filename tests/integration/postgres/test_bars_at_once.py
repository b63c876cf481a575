"""Several writers at once, and writers that are killed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import psycopg2
import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.domain.bars import StoreReport
from tests.builders import bars_of_closes, received
from tests.fakes.bar_store import FIELDS
from tests.integration.postgres.storing import (
    RECEIVED_AT,
    SESSIONS,
    SYMBOLS,
    big_load,
    store_big_load,
)

ROOT = Path(__file__).parents[3]
HALF = SYMBOLS * SESSIONS // 2
WAITS_FOR_A_ROW = """
SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid' AND datname = current_database()
"""
WAITS_TO_COMMIT = """
SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE 'COPY bars %'
AND datname = current_database()
"""
REFUSE_A_SYMBOL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.symbol_id = (SELECT symbol_id FROM symbols WHERE symbol = '{symbol}') THEN
        RAISE EXCEPTION 'refused';
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON bars FOR EACH ROW EXECUTE FUNCTION refuse();
"""
LATER = RECEIVED_AT + timedelta(days=1)


@contextmanager
def a_writer(url, *, first=0, close=10.0):
    command = [sys.executable, "-m", "tests.integration.postgres.storing", url]
    with subprocess.Popen(
        [*command, str(first), str(close)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def begin(*writers):
    for writer in writers:
        writer.stdin.write("store\n")
        writer.stdin.flush()


def answer(writer):
    return StoreReport(**dict(zip(StoreReport.__slots__, finished(writer), strict=True)))


def finished(writer):
    line, _ = writer.communicate(timeout=600)
    assert writer.returncode == 0
    return map(int, line.split())


def until(condition):
    while not condition():
        pass


def everything(database):
    return TimeSeriesStorage(database).load(
        start=date(2000, 1, 1), end=date(2030, 1, 1), as_of=LATER
    )


def assert_holds(database, load):
    stored = everything(database).bars
    assert stored.symbols == load.bars.symbols
    for name in ("symbol_index", "session", *FIELDS):
        np.testing.assert_array_equal(getattr(stored, name), getattr(load.bars, name))


def test_a_big_load_on_two_connections_comes_back_whole(database, database_url):
    report = store_big_load(database_url)

    assert report == StoreReport(inserted=2 * HALF, unchanged=0, corrected=0)
    assert_holds(database, big_load())


def test_two_processes_storing_overlapping_bars_both_succeed(database, database_url, rows):
    with a_writer(database_url) as one, a_writer(database_url, first=30) as other:
        begin(one, other)
        reports = [answer(one), answer(other)]

    assert sum(report.inserted for report in reports) == 3 * HALF
    assert sum(report.unchanged for report in reports) + sum(r.corrected for r in reports) == HALF
    assert rows("SELECT count(*), count(DISTINCT symbol_id) FROM bars") == [(3 * HALF, 90)]


def test_two_processes_correcting_the_same_bars_leave_one_newest(database, database_url, rows):
    store_big_load(database_url)
    with a_writer(database_url, close=11.0) as one, a_writer(database_url, close=12.0) as other:
        begin(one, other)
        reports = [answer(one), answer(other)]

    assert [report.corrected for report in reports] == [2 * HALF] * 2
    assert rows("SELECT revision, count(*) FROM bar_revisions GROUP BY 1 ORDER BY 1") == [
        (1, 2 * HALF),
        (2, 2 * HALF),
    ]
    assert len(set(everything(database).bars.close)) == 1


def test_threads_storing_the_same_bars_add_them_once(database, rows):
    store = TimeSeriesStorage(database)
    load = received(bars_of_closes({"A": [1, 2, 3], "B": [4, 5, 6]}))

    with ThreadPoolExecutor(max_workers=8) as threads:
        reports = list(threads.map(lambda _: store.store(load, received_at=LATER), range(24)))

    assert sorted(report.inserted for report in reports) == [0] * 23 + [6]
    assert rows("SELECT count(*) FROM bar_revisions") == [(0,)]


@pytest.mark.parametrize("blocked", ["S000", "S059"], ids=["first half", "second half"])
def test_a_load_killed_in_the_middle_is_completed_by_its_repetition(
    database, database_url, rows, blocked
):
    """One half waits for a row that another session has not committed, the other for that half."""
    with closing(psycopg2.connect(database_url)) as blocker, a_writer(database_url) as writer:
        hold_a_bar(blocker, blocked)
        begin(writer)
        until(lambda: rows(WAITS_FOR_A_ROW))
        until(lambda: rows(WAITS_TO_COMMIT))
        writer.kill()
        writer.wait()

    report = store_big_load(database_url)

    assert report == StoreReport(inserted=2 * HALF, unchanged=0, corrected=0)
    assert_holds(database, big_load())
    assert rows("SELECT count(*) FROM bar_revisions") == [(0,)]


def test_a_bar_committed_past_the_lock_is_met_on_a_second_look(database, database_url, rows):
    load = received(bars_of_closes({"S000": [1, 2]}, start=date(2005, 1, 3)))
    with (
        closing(psycopg2.connect(database_url)) as other,
        ThreadPoolExecutor(max_workers=1) as writer,
    ):
        hold_a_bar(other, "S000")
        storing = writer.submit(TimeSeriesStorage(database).store, load, received_at=LATER)
        until(lambda: rows(WAITS_FOR_A_ROW))
        other.commit()

        assert storing.result() == StoreReport(inserted=1, unchanged=0, corrected=1)


@pytest.mark.parametrize("symbol", ["S000", f"S{SYMBOLS - 1:03d}"], ids=["first", "second"])
def test_a_big_load_of_which_one_half_fails_leaves_nothing(database, rows, database_url, symbol):
    with database.begin() as connection:
        connection.execute(text(REFUSE_A_SYMBOL.format(symbol=symbol)))
    with pytest.raises(psycopg2.errors.RaiseException, match="refused"):
        store_big_load(database_url)
    assert rows("SELECT count(*) FROM bars") == [(0,)]


def hold_a_bar(blocker, symbol):
    with blocker.cursor() as cursor:
        cursor.execute(
            "INSERT INTO symbols (symbol) VALUES (%s) RETURNING symbol_id",
            (symbol,),
        )
        (symbol_id,) = cursor.fetchone()
        blocker.commit()
        session = big_load().bars.session[0].item()
        cursor.execute(
            "INSERT INTO bars VALUES (%s, %s, now(), 9, 9, 9, 9, 9, 0)", (symbol_id, session)
        )
