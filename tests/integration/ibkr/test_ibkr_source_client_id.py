"""Who holds the client id, and who waits for it."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from alpha_oracle.errors import LeaseTaken, SourceAway
from tests.fakes.requests import InMemoryLeases
from tests.integration.ibkr.sources import (
    EVENING,
    LEASE,
    a_market,
    a_source,
    asked_for,
    connected,
    eventually,
    fetch_last,
    source_of,
)
from tests.peers.tws.running import running_gateway

FETCH_ELSEWHERE = """
import sys
from types import SimpleNamespace
from tests.integration.ibkr.sources import a_source, fetch_last
gateway = SimpleNamespace(host="127.0.0.1", port=int(sys.argv[1]))
with a_source(gateway, taken_waits_seconds=(0.1,) * 1000) as source:
    found = len(fetch_last(source, "S00", "S01").bars)
print(found)
"""


@pytest.fixture
def gateway():
    with running_gateway(a_market(), now=EVENING) as gateway:
        yield gateway


def test_an_id_in_use_is_tried_again_until_it_is_free(gateway):
    with connected(gateway) as other, ThreadPoolExecutor(1) as threads:
        fetch_last(source_of(other), "S00")
        with a_source(gateway, taken_waits_seconds=(0.05,) * 1000) as source:
            fetching = threads.submit(fetch_last, source, "S00")
            assert eventually(lambda: gateway.ledger.codes().count(326) >= 2)
            other.close()
            assert len(fetching.result().bars) == 1
    assert {one.client_id for one in gateway.ledger.requests} == {2}


def test_an_id_that_stays_in_use_is_named_with_place_and_setting_and_at_once(gateway):
    with connected(gateway) as other:
        fetch_last(source_of(other), "S00")
        began = time.monotonic()
        with (
            a_source(gateway, handshake_seconds=120.0) as source,
            pytest.raises(SourceAway) as away,
        ):
            fetch_last(source, "S00")
    assert str(away.value).startswith(
        f"client id 2 (broker.ibkr.client_id + 1) is in use at 127.0.0.1:{gateway.port} by another"
    )
    assert time.monotonic() - began < 60.0
    assert gateway.ledger.codes() == [326] * 3


def test_two_runs_of_ours_take_turns_at_the_id(gateway):
    leases = InMemoryLeases()
    with connected(gateway, leases=leases) as first, ThreadPoolExecutor(1) as threads:
        fetch_last(source_of(first), "S00")
        with a_source(gateway, leases=leases, lease_seconds=120.0) as second:
            fetching = threads.submit(fetch_last, second, "S01")
            time.sleep(0.1)
            assert not fetching.done()
            first.close()
            assert len(fetching.result().bars) == 1
    assert gateway.ledger.codes() == []


def test_a_run_that_waits_too_long_for_another_of_ours_says_so(gateway):
    leases = InMemoryLeases()
    with connected(gateway, leases=leases) as first:
        fetch_last(source_of(first), "S00")
        with (
            a_source(gateway, leases=leases) as second,
            pytest.raises(LeaseTaken, match=r"another run .* client id 2 .* did for 0.1 s"),
        ):
            fetch_last(second, "S00")
    assert gateway.ledger.times_connected(2) == 1


def test_a_run_that_waits_for_another_can_be_closed(gateway):
    leases = InMemoryLeases()
    with (
        leases.held(LEASE.format(port=gateway.port), wait_seconds=0),
        ThreadPoolExecutor(1) as threads,
    ):
        with connected(gateway, leases=leases, lease_seconds=600.0) as connection:
            fetching = threads.submit(fetch_last, source_of(connection), "S00")
            assert eventually(lambda: connection.place in str(threading.enumerate()))
        with pytest.raises(SourceAway, match="closed before it was done"):
            fetching.result()


def test_a_lease_lost_meanwhile_spoils_nothing(gateway):
    leases = InMemoryLeases()
    with a_source(gateway, leases=leases) as source:
        fetch_last(source, "S00")
        leases.lose()
        assert len(fetch_last(source, "S01").bars) == 1


def test_the_lease_is_free_again_after_a_connection_that_failed(gateway):
    leases = InMemoryLeases()
    gateway.shut()
    with a_source(gateway, leases=leases) as source:
        with pytest.raises(SourceAway):
            fetch_last(source, "S00")
        with leases.held(LEASE.format(port=gateway.port), wait_seconds=0):
            pass


def test_another_process_gets_its_turn(gateway):
    elsewhere = subprocess.Popen(
        [sys.executable, "-c", FETCH_ELSEWHERE, str(gateway.port)], stdout=subprocess.PIPE
    )
    with a_source(gateway, taken_waits_seconds=(0.1,) * 1000) as source:
        assert len(fetch_last(source, "S00", "S01").bars) == 2
    printed, _ = elsewhere.communicate(timeout=300)
    assert printed.split()[-1] == b"2"


def test_a_run_that_was_killed_leaves_the_id_to_the_next():
    with running_gateway(a_market(), now=EVENING, latency_seconds=0.2) as gateway:
        killed = subprocess.Popen([sys.executable, "-c", FETCH_ELSEWHERE, str(gateway.port)])
        assert eventually(lambda: len(asked_for(gateway)) > 0, seconds=120.0)
        killed.kill()
        killed.wait()
        with a_source(gateway) as source:
            assert len(fetch_last(source, "S00", "S01").bars) == 2
