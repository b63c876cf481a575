"""One connection a process: when it comes, how fast it asks, when it goes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from alpha_oracle.errors import SourceAway
from tests.fakes.requests import InMemoryLeases
from tests.integration.ibkr.sources import (
    EVENING,
    LAST,
    LEASE,
    SYMBOLS,
    a_market,
    a_source,
    asked_for,
    eventually,
    fetch_last,
)
from tests.peers.tws.faults import Hang, Held, Point
from tests.peers.tws.running import running_gateway


@pytest.fixture
def gateway():
    with running_gateway(a_market(), now=EVENING) as gateway:
        yield gateway


def test_one_connection_serves_all_batches_of_all_threads(gateway):
    with a_source(gateway) as source, ThreadPoolExecutor(4) as threads:
        batches = [SYMBOLS[start : start + 3] for start in range(0, 12, 3)]
        found = list(threads.map(lambda batch: fetch_last(source, *batch), batches))
    assert [one.bars.symbols for one in found] == batches
    assert gateway.ledger.times_connected(2) == 1
    # One after another: a batch is never mixed with the next.
    order = asked_for(gateway)
    assert sorted(map(sorted, (order[at : at + 3] for at in range(0, 12, 3)))) == sorted(
        map(sorted, batches)
    )


def test_an_idle_connection_frees_the_id_and_the_lease_and_comes_back(gateway):
    leases = InMemoryLeases()
    with a_source(gateway, leases=leases, idle_seconds=0.05) as source:
        fetch_last(source, "S00")
        assert eventually(lambda: gateway.connected_ids == ())
        with leases.held(LEASE.format(port=gateway.port), wait_seconds=60):
            pass
        assert len(fetch_last(source, "S01").bars) == 1
    assert gateway.ledger.times_connected(2) == 2


def test_batches_behind_one_that_found_the_gateway_closed_fail_at_once(gateway):
    gateway.shut()
    with a_source(gateway, rest_seconds=3.0) as source:
        for _ in range(3):
            with pytest.raises(SourceAway, match="nothing listens on"):
                fetch_last(source)
        gateway.reopen()
        with pytest.raises(SourceAway, match="nothing listens on"):
            fetch_last(source)
        assert gateway.ledger.times_connected(2) == 0
        assert eventually(lambda: _answers(source))


def _answers(source):
    try:
        return len(fetch_last(source, "S00").bars) == 1
    except SourceAway:
        return False


def test_closing_frees_the_id_and_leaves_no_thread(gateway):
    before = set(threading.enumerate())
    with a_source(gateway) as source:
        fetch_last(source, "S00")
        assert gateway.connected_ids == (2,)
    assert eventually(lambda: gateway.connected_ids == ())
    assert set(threading.enumerate()) <= before


def test_a_half_dead_gateway_does_not_keep_us_from_closing(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Hang())
    with ThreadPoolExecutor(1) as threads:
        with a_source(gateway, settings={"timeout_seconds": 60.0}) as source:
            fetching = threads.submit(fetch_last, source, "S00")
            assert eventually(lambda: asked_for(gateway) == ["S00"])
        with pytest.raises(SourceAway, match="closed before it was done"):
            fetching.result()


def test_no_connection_is_made_before_it_is_used(gateway):
    with a_source(gateway) as source:
        source.fetch([], start=LAST, end=LAST)
    assert gateway.ledger.connections == []


def test_requests_in_flight_are_bounded(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Held(), times=None)
    with (
        a_source(gateway, settings={"max_in_flight": 4}) as source,
        ThreadPoolExecutor(1) as threads,
    ):
        fetching = threads.submit(fetch_last, source, *SYMBOLS)
        assert eventually(lambda: gateway.ledger.in_flight[Point.HISTORICAL_DATA] == 4)
        assert not eventually(lambda: len(asked_for(gateway)) > 4, seconds=0.3)
        gateway.let_go()
        assert fetching.result().bars.symbols == SYMBOLS
    assert gateway.ledger.most_in_flight[Point.HISTORICAL_DATA] == 4


def test_requests_keep_to_their_rate(gateway):
    with a_source(gateway, settings={"requests_per_second": 20.0}) as source:
        fetch_last(source, *SYMBOLS[:1])
        began = time.monotonic()
        fetch_last(source, *SYMBOLS[1:])
    # Of the last eleven contracts and histories, at most one contract each 25 ms and one history
    # each 50 ms; when they arrive is for the machine to say.
    assert time.monotonic() - began > 0.75
    assert len([one for one in gateway.ledger.requests if one.symbol]) == 2 * len(SYMBOLS)
