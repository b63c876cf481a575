"""Leases among processes; what holds in one is in the contract."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.leases import PostgresLeases
from alpha_oracle.errors import LeaseTaken, StoreUnavailable, TransientError
from tests.integration.postgres.holding import holding

HOLD_THE_LEASE = """
import sys
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.leases import PostgresLeases

with PostgresLeases(open_database(sys.argv[1])).held("client id 2", wait_seconds=0.0):
    print("held", flush=True)
    sys.stdin.read()
"""

WAITERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'alpha-oracle, process %'
"""


@pytest.fixture
def leases(database):
    return PostgresLeases(database)


@pytest.fixture
def other_process(database_url):
    """Another process that holds the lease."""
    with holding(HOLD_THE_LEASE, database_url) as process:
        yield process


def test_who_is_kept_out_learns_which_process_holds_the_lease(leases, other_process):
    with pytest.raises(LeaseTaken, match="stop it, then repeat") as refused:
        leases.held("client id 2", wait_seconds=0.0).__enter__()
    assert f"alpha-oracle, process {other_process.pid} on {os.uname().nodename}" in str(
        refused.value
    )
    assert isinstance(refused.value, TransientError)


def test_a_holder_killed_frees_the_lease(leases, other_process):
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    with leases.held("client id 2", wait_seconds=120.0):
        pass


def test_a_holder_stopped_keeps_the_lease(leases, other_process):
    other_process.send_signal(signal.SIGSTOP)
    with pytest.raises(LeaseTaken, match="client id 2"):
        leases.held("client id 2", wait_seconds=0.3).__enter__()
    other_process.send_signal(signal.SIGCONT)


def test_a_holder_that_ends_its_block_lets_the_next_in(leases, other_process):
    other_process.stdin.close()
    with leases.held("client id 2", wait_seconds=120.0):
        assert other_process.wait() == 0


def test_who_is_cut_off_while_waiting_is_told(leases, database_url, rows):
    with (
        closing(open_database(database_url)) as other,
        ThreadPoolExecutor(1) as thread,
        PostgresLeases(other).held("client id 2", wait_seconds=0.0),
    ):
        [(holder,)] = rows(WAITERS)
        waiting = thread.submit(leases.held("client id 2", wait_seconds=120.0).__enter__)
        while not (cut := rows(f"{WAITERS} AND pid <> :holder", holder=holder)):
            assert not waiting.done()
        rows("SELECT pg_terminate_backend(:pid, 60000)", pid=cut[0][0])
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            waiting.result(timeout=120.0)
