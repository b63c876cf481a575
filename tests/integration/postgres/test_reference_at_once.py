"""Several that keep reference data at once, and some that are killed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psycopg2
import pytest

from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.short_interest import PostgresShortInterest
from alpha_oracle.domain.bars import StoreReport
from tests.contracts.reference_stores import (
    a_fact,
    a_level,
    a_position,
    assert_same_columns,
    assert_same_facts,
    day,
    told,
)
from tests.fakes.facts import InMemoryFacts
from tests.fakes.insiders import filing_columns
from tests.integration.postgres.keeping import RECEIVED_AT, many_facts, many_filings

ROOT = Path(__file__).parents[3]
LATE = RECEIVED_AT + timedelta(days=9999)
WAITS_FOR_A_LOCK = """
SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
FACT_TABLES = ("facts", "fact_origins", "fact_documents", "fact_figures")
FILING_TABLES = ("ownership_filings", "ownership_owners", "ownership_transactions")


@contextmanager
def a_keeper(url, what):
    command = [sys.executable, "-m", "tests.integration.postgres.keeping", url, what]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def begin(*keepers):
    for keeper in keepers:
        keeper.stdin.write("now\n")
        keeper.stdin.flush()


def answer(keeper):
    line, _ = keeper.communicate(timeout=600)
    assert keeper.returncode == 0
    return line.strip()


@pytest.mark.parametrize(
    ("what", "table", "tables"),
    [
        ("1", "facts", FACT_TABLES),
        ("filings", "ownership_transactions", FILING_TABLES),
    ],
    ids=["facts", "filings"],
)
def test_a_keeper_killed_in_the_middle_leaves_nothing(database_url, rows, what, table, tables):
    """It has filled all other tables when it waits for the last."""
    with closing(psycopg2.connect(database_url)) as blocker, a_keeper(database_url, what) as keeper:
        blocker.cursor().execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        begin(keeper)
        while not rows(WAITS_FOR_A_LOCK):
            pass
        keeper.kill()
        keeper.wait()

    assert [rows(f"SELECT count(*) FROM {name}") for name in tables] == [[(0,)]] * len(tables)


def test_what_another_process_kept_is_unchanged_when_it_comes_again(database, database_url, rows):
    with a_keeper(database_url, "1") as keeper:
        begin(keeper)
        answer(keeper)
    expected = InMemoryFacts()
    expected.store(many_facts(), source="edgar", received_at=RECEIVED_AT)

    again = PostgresFacts(database).store(many_facts(), source="edgar", received_at=LATE)

    assert again == StoreReport(inserted=0, unchanged=len(many_facts()), corrected=0)
    assert_same_facts(PostgresFacts(database).load(as_of=LATE), expected.load(as_of=LATE))


def test_two_that_keep_other_values_at_once_do_as_if_one_after_the_other(
    database, database_url, rows
):
    with a_keeper(database_url, "1") as one, a_keeper(database_url, "2") as other:
        begin(one, other)
        reports = {answer(one), answer(other)}

    count = len(many_facts())
    assert reports == {
        f"StoreReport(inserted={count}, unchanged=0, corrected=0)",
        f"StoreReport(inserted=0, unchanged=0, corrected={count})",
    }
    assert rows("SELECT count(*) FROM facts") == [(count,)]
    assert rows("SELECT revision, count(*) FROM fact_corrections GROUP BY 1") == [(1, count)]


def test_two_that_keep_the_same_filings_at_once_keep_each_once(database, database_url, rows):
    with a_keeper(database_url, "filings") as one, a_keeper(database_url, "filings") as other:
        begin(one, other)
        reports = {answer(one), answer(other)}

    assert "StoreReport(inserted=200, unchanged=0, corrected=0)" in reports
    known = PostgresInsiders(database).load(as_of=LATE)
    assert_same_columns(known, filing_columns(many_filings()))
    assert rows("SELECT count(*) FROM ownership_transactions") == [(600,)]


def store_all(database, value, *, at):
    """Keep one value in each store that keeps revisions."""
    PostgresFacts(database).store([a_fact(value)], source="edgar", received_at=at)
    PostgresShortInterest(database).store([a_position(value)], source="finra", received_at=at)
    PostgresLevels(database).store([a_level(value)], source="cboe", received_at=at)


def test_threads_that_correct_the_same_rows_add_each_correction_once(database, rows):
    values = [11.0, 12.0] * 8
    with ThreadPoolExecutor(max_workers=4) as threads:
        kept = [
            threads.submit(store_all, database, value, at=day(100 + number))
            for number, value in enumerate(values)
        ]
        for one in kept:
            one.result()

    for table in ("short_interest", "index_levels"):
        revisions = rows(f"SELECT revision FROM {table} ORDER BY 1")
        assert revisions == [(number,) for number in range(len(revisions))]
    known = [value for _, value in told(PostgresFacts(database).load(as_of=LATE))]
    assert all(before != after for before, after in pairwise(known))
