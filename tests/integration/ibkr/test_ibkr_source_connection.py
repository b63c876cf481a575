"""One connection a process: who holds the id, what a restart costs, how fast it asks."""

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alpha_oracle.adapters.ibkr.doctoring import check_gateway
from alpha_oracle.errors import ConfigurationError, LeaseTaken, SourceAway
from tests.fakes.requests import InMemoryLeases
from tests.integration.ibkr.sources import (
    DAYS,
    EVENING,
    IMPATIENT,
    LAST,
    a_source,
    broker_of,
    connected,
    fetch_last,
    source_of,
)
from tests.peers.tws import notices
from tests.peers.tws.faults import Close, Cut, Hang, LoseLink, Point, Refuse, Restart, Tell
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway

HISTORY = Point.HISTORICAL_DATA
SYMBOLS = tuple(f"S{number:02d}" for number in range(12))
LEASE = "ibkr 127.0.0.1:{port} client 2"
FETCH_ELSEWHERE = """
import sys
from types import SimpleNamespace
from tests.integration.ibkr.sources import a_source, fetch_last
gateway = SimpleNamespace(host="127.0.0.1", port=int(sys.argv[1]))
with a_source(gateway, taken_waits_seconds=(0.1,) * 100) as source:
    found = len(fetch_last(source, "S00", "S01").bars)
print(found)
"""


@pytest.fixture
def market():
    return market_of_closes({name: range(100, 140) for name in SYMBOLS}, DAYS)


@pytest.fixture
def gateway(market):
    with running_gateway(market, now=EVENING) as gateway:
        yield gateway


def asked(gateway):
    return [one.symbol for one in gateway.ledger.asked(HISTORY)]


def eventually(holds, *, seconds=2.0):
    """Whether something holds soon."""
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)
    return True


def unused_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Mid-batch


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Restart(0.2), id="the daily restart"),
        pytest.param(Close(), id="a closed socket"),
        pytest.param(Cut(), id="a socket closed within an answer"),
    ],
)
def test_a_lost_connection_costs_only_what_was_outstanding(gateway, fault):
    gateway.fault(HISTORY, fault, skip=5)
    with a_source(gateway, settings={"max_in_flight": 3}) as source:
        received = fetch_last(source, *SYMBOLS)
    assert received.bars.symbols == SYMBOLS
    assert received.absent == ()
    assert gateway.ledger.times_connected(2) == 2
    # Three were in flight at most; none of those answered was asked for again.
    assert len(SYMBOLS) < len(asked(gateway)) <= len(SYMBOLS) + 3


def test_a_gateway_that_does_not_come_back_is_away(gateway):
    gateway.fault(HISTORY, Restart(600), skip=5)
    with a_source(gateway, restart_waits_seconds=(0.02,) * 3) as source:
        with pytest.raises(SourceAway, match="nothing listens on"):
            fetch_last(source, *SYMBOLS)
        gateway.reopen()
        assert len(fetch_last(source, *SYMBOLS).bars) == len(SYMBOLS)


def test_a_request_that_ends_the_connection_each_time_is_given_up(gateway):
    gateway.fault(HISTORY, Close(), symbol="S03", times=None)
    with a_source(gateway) as source, pytest.raises(SourceAway, match="broke 4 times over one"):
        fetch_last(source, *SYMBOLS)


def test_an_outage_that_keeps_the_requests_is_waited_out(gateway):
    gateway.fault(HISTORY, LoseLink(0.3, data_lost=False), skip=4)
    with a_source(gateway) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert len(asked(gateway)) == len(SYMBOLS)
    assert gateway.ledger.times_connected(2) == 1


def test_an_outage_that_loses_the_requests_has_them_asked_again(gateway):
    gateway.fault(HISTORY, LoseLink(0.3, data_lost=True), skip=4)
    with a_source(gateway, settings={"max_in_flight": 3}) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert len(SYMBOLS) < len(asked(gateway)) <= len(SYMBOLS) + 3
    assert gateway.ledger.times_connected(2) == 1


def test_nothing_is_sent_during_an_outage(gateway):
    with connected(gateway) as connection, ThreadPoolExecutor(1) as threads:
        source = source_of(connection)
        fetch_last(source, "S00")
        gateway.lose_link()
        before = len(gateway.ledger.requests)
        fetching = threads.submit(fetch_last, source, "S01")
        time.sleep(0.3)
        during = len(gateway.ledger.requests)
        gateway.restore_link(data_lost=False)
        assert len(fetching.result().bars) == 1
    assert during == before


def test_an_outage_longer_than_the_timeout_fails_no_request(gateway):
    gateway.fault(HISTORY, LoseLink(0.5, data_lost=False), skip=4)
    with a_source(gateway, settings={"timeout_seconds": 0.2}) as source:
        assert fetch_last(source, *SYMBOLS).absent == ()


def test_an_outage_without_end_is_away(gateway):
    gateway.fault(HISTORY, LoseLink(600, data_lost=False), skip=4)
    settings = {"timeout_seconds": 0.1}
    with (
        a_source(gateway, settings=settings, outage_seconds=0.2) as source,
        pytest.raises(SourceAway, match=r"no line to IBKR's servers for 0\.2 s"),
    ):
        fetch_last(source, *SYMBOLS)


@pytest.mark.parametrize(
    "notice",
    [notices.MARKET_FARM_BROKEN, notices.HISTORICAL_FARM_BROKEN, notices.SERVER_UNREACHABLE],
    ids=["2103", "2105", "2110"],
)
def test_a_farm_that_is_down_ends_nothing(gateway, notice):
    gateway.fault(HISTORY, Tell(notice), times=3)
    with a_source(gateway) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert gateway.ledger.times_connected(2) == 1


# The client id


def test_an_id_in_use_is_tried_again_until_it_is_free(gateway):
    with connected(gateway) as other, ThreadPoolExecutor(1) as threads:
        fetch_last(source_of(other), "S00")
        with a_source(gateway, taken_waits_seconds=(0.05,) * 40) as source:
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
            a_source(gateway, handshake_seconds=30.0) as source,
            pytest.raises(SourceAway) as away,
        ):
            fetch_last(source, "S00")
    assert str(away.value).startswith(
        f"client id 2 (broker.ibkr.client_id + 1) is in use at 127.0.0.1:{gateway.port} by another"
    )
    assert time.monotonic() - began < 5.0
    assert gateway.ledger.codes() == [326] * 3


def test_two_runs_of_ours_take_turns_at_the_id(gateway):
    leases = InMemoryLeases()
    with connected(gateway, leases=leases) as first, ThreadPoolExecutor(1) as threads:
        fetch_last(source_of(first), "S00")
        with a_source(gateway, leases=leases, lease_seconds=5.0) as second:
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
            time.sleep(0.1)
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
    with a_source(gateway, taken_waits_seconds=(0.1,) * 100) as source:
        assert len(fetch_last(source, "S00", "S01").bars) == 2
    printed, _ = elsewhere.communicate(timeout=30)
    assert printed.split()[-1] == b"2"


def test_a_run_that_was_killed_leaves_the_id_to_the_next(market):
    with running_gateway(market, now=EVENING, latency_seconds=0.2) as gateway:
        killed = subprocess.Popen([sys.executable, "-c", FETCH_ELSEWHERE, str(gateway.port)])
        assert eventually(lambda: len(asked(gateway)) > 0, seconds=20.0)
        killed.kill()
        killed.wait()
        with a_source(gateway) as source:
            assert len(fetch_last(source, "S00", "S01").bars) == 2


# Its life


def test_one_connection_serves_all_batches_of_all_threads(gateway):
    with a_source(gateway) as source, ThreadPoolExecutor(4) as threads:
        batches = [SYMBOLS[start : start + 3] for start in range(0, 12, 3)]
        found = list(threads.map(lambda batch: fetch_last(source, *batch), batches))
    assert [one.bars.symbols for one in found] == batches
    assert gateway.ledger.times_connected(2) == 1
    # One after another: a batch is never mixed with the next.
    order = asked(gateway)
    assert sorted(map(sorted, (order[at : at + 3] for at in range(0, 12, 3)))) == sorted(
        map(sorted, batches)
    )


def test_an_idle_connection_frees_the_id_and_the_lease_and_comes_back(gateway):
    leases = InMemoryLeases()
    with a_source(gateway, leases=leases, idle_seconds=0.05) as source:
        fetch_last(source, "S00")
        assert eventually(lambda: gateway.connected_ids == ())
        with leases.held(LEASE.format(port=gateway.port), wait_seconds=1):
            pass
        assert len(fetch_last(source, "S01").bars) == 1
    assert gateway.ledger.times_connected(2) == 2


def test_closing_frees_the_id_and_leaves_no_thread(gateway):
    before = set(threading.enumerate())
    with a_source(gateway) as source:
        fetch_last(source, "S00")
        assert gateway.connected_ids == (2,)
    assert eventually(lambda: gateway.connected_ids == ())
    assert set(threading.enumerate()) <= before


def test_a_half_dead_gateway_does_not_keep_us_from_closing(gateway):
    gateway.fault(HISTORY, Hang())
    with ThreadPoolExecutor(1) as threads:
        with a_source(gateway, settings={"timeout_seconds": 60.0}) as source:
            fetching = threads.submit(fetch_last, source, "S00")
            assert eventually(lambda: asked(gateway) == ["S00"])
        with pytest.raises(SourceAway, match="closed before it was done"):
            fetching.result()


def test_no_connection_is_made_before_it_is_used(gateway):
    with a_source(gateway) as source:
        source.fetch([], start=LAST, end=LAST)
    assert gateway.ledger.connections == []


def test_requests_in_flight_are_bounded(market):
    with (
        running_gateway(market, now=EVENING, latency_seconds=0.1) as gateway,
        a_source(gateway, settings={"max_in_flight": 4}) as source,
    ):
        fetch_last(source, *SYMBOLS)
        assert gateway.ledger.most_in_flight[HISTORY] == 4


def test_requests_keep_to_their_rate(gateway):
    with a_source(gateway, settings={"requests_per_second": 20.0}) as source:
        fetch_last(source, *SYMBOLS)
    at = [one.at for one in gateway.ledger.requests if one.symbol]
    assert len(at) == 2 * len(SYMBOLS)
    # As the gateway sees them: never more than the rate in any second, but for one on its edge.
    assert all(later - earlier > 0.45 for earlier, later in zip(at, at[10:], strict=False))


# What a person is told


def test_a_gateway_in_order_is_reported(gateway):
    found = check_gateway(broker_of(gateway), client_id=2, leases=InMemoryLeases())
    assert found == (
        f"the gateway at 127.0.0.1:{gateway.port} answers client id 2 (broker.ibkr.client_id + 1)"
    )
    assert eventually(lambda: gateway.connected_ids == ())


def test_a_closed_gateway_is_named_with_its_settings(gateway):
    broker = broker_of(gateway).model_copy(update={"port": unused_port()})
    with pytest.raises(SourceAway) as away:
        check_gateway(broker, client_id=2, leases=InMemoryLeases(), patience=IMPATIENT)
    assert str(away.value).startswith(f"nothing listens on 127.0.0.1:{broker.port} (")
    assert "broker.ibkr.host and broker.ibkr.port" in str(away.value)


def test_an_id_taken_is_named_with_its_setting(gateway):
    with connected(gateway) as other:
        fetch_last(source_of(other), "S00")
        with pytest.raises(SourceAway, match=r"client id 2 \(broker.ibkr.client_id \+ 1\) is in u"):
            check_gateway(
                broker_of(gateway), client_id=2, leases=InMemoryLeases(), patience=IMPATIENT
            )


def test_an_id_used_by_a_run_of_ours_is_no_trouble(gateway):
    leases = InMemoryLeases()
    with connected(gateway, leases=leases) as other:
        fetch_last(source_of(other), "S00")
        found = check_gateway(broker_of(gateway), client_id=2, leases=leases)
    assert "is in use by another run of this installation" in found


def test_an_account_that_is_not_managed_is_named_by_its_setting_alone(gateway):
    broker = broker_of(gateway, account="DU7654321")
    with pytest.raises(
        ConfigurationError, match=r"manages 1 account\(s\).*broker.ibkr.account"
    ) as e:
        check_gateway(broker, client_id=2, leases=InMemoryLeases(), patience=IMPATIENT)
    assert "DU" not in str(e.value)


def test_an_account_that_is_managed_is_let_in(gateway):
    broker = broker_of(gateway, account="DU1234567")
    assert "answers" in check_gateway(broker, client_id=2, leases=InMemoryLeases())


@pytest.mark.parametrize(
    ("point", "effect", "told"),
    [
        pytest.param(Point.ACCEPT, Hang(), "does not answer", id="deaf from the start"),
        pytest.param(Point.HANDSHAKE, Hang(), "does not answer", id="deaf in the handshake"),
        pytest.param(Point.START_API, Hang(), "does not answer", id="no account ever told"),
        pytest.param(Point.CURRENT_TIME, Hang(), "answers no request", id="deaf afterwards"),
        pytest.param(Point.HANDSHAKE, Close(), "hung up during the handshake", id="hung up"),
        pytest.param(Point.START_API, Close(), "hung up during the handshake", id="hung up late"),
        pytest.param(
            Point.START_API, Refuse(notices.ID_IN_USE, then_close=True), "is in use", id="326"
        ),
    ],
)
def test_a_gateway_in_trouble_is_told_apart(gateway, point, effect, told):
    gateway.fault(point, effect, times=None)
    with pytest.raises(SourceAway, match=told):
        check_gateway(broker_of(gateway), client_id=2, leases=InMemoryLeases(), patience=IMPATIENT)
