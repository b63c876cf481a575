"""A daily run on bars from IBKR, killed on its way and taken up again."""

import signal

import pytest

from tests.end_to_end.killed import begin_in_new_process, outcome, run_in_new_process
from tests.end_to_end.vendors import (
    DATA_CLIENT,
    a_market,
    as_given_by,
    before_the_session,
    by_ibkr,
    symbols_of,
    vendor_table,
    wait_until,
)
from tests.end_to_end.worlds import NOW, SESSION
from tests.peers.tws.faults import Point
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.process import gateway_process

SYMBOLS = symbols_of(500)
BATCH = 50
MOST_IN_FLIGHT = 20
# So many sessions that strategies have something to say.
MARKET = a_market(SYMBOLS, sessions=260)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A gateway that outlives who asks it."""
    folder = tmp_path_factory.mktemp("gateway")
    bars = folder / "bars.csv"
    vendor_table(MARKET).to_csv(bars, index=False)
    # How it takes too many messages is shown elsewhere; here the machine may be busy.
    with gateway_process(bars, folder=folder, now=NOW, messages_per_second=1000) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def installation(gateway, vendor_worlds):
    """A function that makes an installation that had all its bars from IBKR."""
    before = as_given_by("ibkr", before_the_session(MARKET))
    return lambda home: vendor_worlds(home, before, **by_ibkr(gateway.port))


@pytest.fixture(scope="module")
def undisturbed(gateway, installation, prefect_url, tmp_path_factory):
    """What a run leaves that nobody killed, and what it asked for."""
    with installation(tmp_path_factory.mktemp("home")) as world:
        code, digest = run_in_new_process(world.environment, prefect_url)
        assert code == 0
        return outcome(world, digest), gateway.ledger


def asked(ledger, point):
    """The symbols of a kind of request, in order of arrival."""
    return [request.symbol for request in ledger.asked(point)]


def connections(ledger):
    """What became of connections with the client id of data, in order."""
    events = (ConnectionEvent.NAMED, ConnectionEvent.CLOSED)
    return [
        one.event
        for one in ledger.connections
        if one.client_id == DATA_CLIENT and one.event in events
    ]


def one_after_the_other(count):
    """So many connections, none of which began before the last one ended."""
    return [ConnectionEvent.NAMED, ConnectionEvent.CLOSED] * count


@pytest.mark.slow
def test_a_day_of_500_symbols_asks_for_each_once_over_one_connection(undisturbed, gateway):
    left, ledger = undisturbed
    assert left.status == "done"
    assert left.done == set(SYMBOLS)
    assert {row[0] for row in left.bars if row[1] == SESSION} == set(SYMBOLS)
    assert left.signals
    assert sorted(asked(ledger, Point.CONTRACT_DETAILS)) == list(SYMBOLS)
    assert sorted(asked(ledger, Point.HISTORICAL_DATA)) == list(SYMBOLS)
    assert connections(ledger) == one_after_the_other(1)
    assert ledger.refusals == []
    assert gateway.remote.ledger.most_in_flight[Point.HISTORICAL_DATA] <= MOST_IN_FLIGHT


@pytest.mark.slow
def test_a_day_killed_twice_asks_only_for_what_is_missing(
    undisturbed, gateway, installation, prefect_url, tmp_path
):
    before = gateway.ledger
    marks = [len(before.asked(Point.HISTORICAL_DATA))]
    contracts = [len(before.asked(Point.CONTRACT_DETAILS))]
    missing = []

    def mark(world):
        # What the killed run had sent has arrived once its connection ended at the gateway.
        wait_until(lambda: connections(gateway.ledger)[-1] is ConnectionEvent.CLOSED)
        world.await_the_killed()
        ledger = gateway.ledger
        marks.append(len(ledger.asked(Point.HISTORICAL_DATA)))
        contracts.append(len(ledger.asked(Point.CONTRACT_DETAILS)))
        missing.append(set(SYMBOLS) - set(world.stored_symbols()))

    with installation(tmp_path / "home") as world:
        run = begin_in_new_process(world.environment, prefect_url)
        wait_until(lambda: len(gateway.ledger.asked(Point.HISTORICAL_DATA)) >= marks[0] + 120)
        assert run.kill() == -signal.SIGKILL
        mark(world)
        place = "between storing a batch and telling Redis"
        code, _ = run_in_new_process(world.environment, prefect_url, place=place)
        assert code == -signal.SIGKILL
        assert set(world.stored_symbols()) > world.done_set()
        mark(world)
        code, digest = run_in_new_process(world.environment, prefect_url)
        assert code == 0
        assert outcome(world, digest) == undisturbed[0]
    ledger = gateway.ledger
    history, details = asked(ledger, Point.HISTORICAL_DATA), asked(ledger, Point.CONTRACT_DETAILS)
    assert sorted(history[marks[2] :]) == sorted(missing[1])
    assert sorted(details[contracts[2] :]) == sorted(missing[1])
    assert set(history[marks[1] : marks[2]]) <= missing[0]
    # Batches go one after the other: a kill loses no more than one, and none that was stored.
    assert len(history) - marks[0] <= len(SYMBOLS) + 2 * BATCH
    assert connections(ledger) == one_after_the_other(4)
    assert ledger.refusals == []
    assert gateway.remote.ledger.most_in_flight[Point.HISTORICAL_DATA] <= MOST_IN_FLIGHT
