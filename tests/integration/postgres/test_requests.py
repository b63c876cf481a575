"""The ledger among processes and threads, by the real clock; its rules are in the contract."""

import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.answers import PostgresAnswerSpool
from alpha_oracle.adapters.postgres.capabilities import PostgresCapabilities
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.leases import PostgresLeases
from alpha_oracle.adapters.postgres.listings import PostgresListings
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from alpha_oracle.domain.requests import RequestLimits
from alpha_oracle.errors import BudgetSpent, StoreUnavailable
from tests.integration.postgres.reserving import ACCOUNT

ROOT = Path(__file__).parents[3]
THREADS = 8
FREE = RequestLimits(per_minute=5, per_day=25)
AGO = """
INSERT INTO request_log (account, requested_at)
SELECT :account, clock_timestamp() - seconds * INTERVAL '1 second'
FROM unnest(CAST(:seconds AS float[])) AS ago (seconds)
"""


@pytest.fixture
def ledger(database):
    return PostgresRequestLedger(database)


def requested(database, *seconds_ago):
    """Put requests of the past on record."""
    with database.begin() as connection:
        connection.execute(text(AGO), {"account": ACCOUNT, "seconds": list(seconds_ago)})


def reserve_in_processes(url, *, processes=2, seconds, per_minute, per_day):
    """Let processes of eight threads each reserve at once; how many each was granted."""
    command = [sys.executable, "-m", "tests.integration.postgres.reserving", url, str(THREADS)]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(seconds), str(per_minute), str(per_day)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(processes)
        ]
        stack.callback(lambda: [process.kill() for process in started])
        assert [process.stdout.readline() for process in started] == ["ready\n"] * processes
        for process in started:
            process.stdin.write("begin\n")
            process.stdin.flush()
        return [int(process.communicate(timeout=600)[0]) for process in started]


def gaps(rows):
    """The seconds between requests, as recorded."""
    times = [at for (at,) in rows("SELECT requested_at FROM request_log ORDER BY requested_at")]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(times)]


def test_processes_together_keep_requests_apart(database_url, rows):
    granted = reserve_in_processes(database_url, seconds=120, per_minute=1200, per_day=31)
    assert rows("SELECT count(*) FROM request_log") == [(sum(granted),)]
    assert min(gaps(rows)) >= 0.05
    assert sum(granted) == 31


def test_processes_together_never_exceed_the_minute(database, database_url, rows):
    # Ten are left, and room for more comes in 58 seconds.
    requested(database, *(2 - number / 1000 for number in range(1190)))
    granted = reserve_in_processes(database_url, seconds=5, per_minute=1200, per_day=10_000)
    assert sum(granted) == 10
    assert rows("SELECT count(*) FROM request_log") == [(1200,)]


def test_processes_together_never_exceed_the_day(database_url, ledger):
    granted = reserve_in_processes(database_url, seconds=120, per_minute=60_000, per_day=40)
    assert sum(granted) == 40
    with pytest.raises(BudgetSpent, match="40 of 40"):
        ledger.reserve(ACCOUNT, RequestLimits(per_minute=60_000, per_day=40))


def test_as_many_as_ask_at_the_first_moment_get_one_request(database_url, rows):
    granted = reserve_in_processes(database_url, seconds=0.9, per_minute=5, per_day=25)
    assert sum(granted) >= 1
    # Another one is of another moment: a process may have begun a second later.
    assert min(gaps(rows), default=1.0) >= 1.0
    assert rows("SELECT count(*) FROM request_log") == [(sum(granted),)]


def test_requests_of_other_processes_are_waited_for(database, ledger):
    began = time.monotonic()
    requested(database, 50.0, 40.0, 30.0, 20.0, 10.0)
    waits = ledger.reserve(ACCOUNT, FREE)
    took = time.monotonic() - began
    assert 11.0 - took - 0.01 <= waits <= 11.0


def test_the_ledger_outlives_the_process(database_url, database, ledger):
    one_a_minute = RequestLimits(per_minute=1, per_day=25)
    ledger.reserve(ACCOUNT, one_a_minute)
    database.close()
    another = open_database(database_url)
    assert PostgresRequestLedger(another).reserve(ACCOUNT, one_a_minute) > 0.0
    another.close()


def test_requests_of_days_past_are_forgotten(database, ledger, rows):
    day = 86_400.0
    requested(database, 3 * day, 5 * day, 400 * day)
    ledger.reserve(ACCOUNT, FREE)
    assert rows("SELECT count(*) FROM request_log") == [(2,)]


def test_what_is_decided_holds_where_the_database_has_another_isolation(database_url, rows):
    options = f"{database_url}{'&' if '?' in database_url else '?'}options="
    strict = f"{options}-cdefault_transaction_isolation%3Dserializable"
    reserve_in_processes(strict, seconds=120, per_minute=1200, per_day=20)
    assert min(gaps(rows)) >= 0.05


@pytest.mark.parametrize(
    "ask",
    [
        lambda database: PostgresRequestLedger(database).reserve(ACCOUNT, FREE),
        lambda database: PostgresRequestLedger(database).spent_today(ACCOUNT),
        lambda database: PostgresRequestLedger(database).close_day(ACCOUNT),
        lambda database: PostgresRequestLedger(database).is_day_closed(ACCOUNT),
        lambda database: PostgresAnswerSpool(database).keep(ACCOUNT, "AAPL", b"{}"),
        lambda database: PostgresAnswerSpool(database).kept(ACCOUNT, ["AAPL"]),
        lambda database: PostgresCapabilities(database).found(ACCOUNT, "adjusted"),
        lambda database: PostgresCapabilities(database).record(ACCOUNT, "adjusted", allowed=True),
        lambda database: PostgresListings(database).listings("ibkr", ["AAPL"]),
        lambda database: PostgresListings(database).symbols_of("ibkr", ["13"]),
        lambda database: PostgresListings(database).record("ibkr", {}),
        lambda database: PostgresLeases(database).held("id 2", wait_seconds=0.0).__enter__(),
    ],
    ids=[
        "reserve", "spent_today", "close_day", "is_day_closed", "keep", "kept", "found",
        "record a trial", "listings", "symbols_of", "record listings", "held",
    ],
)  # fmt: skip
def test_without_a_server_each_says_so(ask):
    database = open_database("postgresql://me:s3cret@127.0.0.1:1/x")
    with pytest.raises(StoreUnavailable, match="cannot be reached") as told:
        ask(database)
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None
