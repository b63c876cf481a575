"""A daily run on bars from Alpha Vantage, killed on its way and taken up again."""

import signal

import pytest

from tests.end_to_end.killed import begin_in_new_process, outcome, run_in_new_process
from tests.end_to_end.vendors import (
    a_market,
    alpha_vantage_process,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    symbols_of,
    vendor_table,
    wait_until,
)
from tests.end_to_end.worlds import SESSION

SYMBOLS = symbols_of(500)
BATCHES = 10
# So many sessions that strategies have something to say.
MARKET = a_market(SYMBOLS, sessions=260)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory):
    """An Alpha Vantage that outlives who asks it."""
    folder = tmp_path_factory.mktemp("vendor")
    with alpha_vantage_process(vendor_table(MARKET), folder=folder) as vendor:
        yield vendor


@pytest.fixture(scope="module")
def installation(vendor, vendor_worlds):
    """A function that makes an installation that had all its bars from Alpha Vantage."""
    before = as_given_by("alpha_vantage", before_the_session(MARKET))
    return lambda home: vendor_worlds(home, before, **by_alpha_vantage(vendor.url))


@pytest.fixture(scope="module")
def undisturbed(vendor, installation, prefect_url, tmp_path_factory):
    """What a run leaves that nobody killed, and what it asked for."""
    with installation(tmp_path_factory.mktemp("home")) as world:
        code, digest = run_in_new_process(world.environment, prefect_url)
        assert code == 0
        return outcome(world, digest), vendor.asked(), spent(world)


def spent(world):
    """The requests that the ledger counted."""
    [(count,)] = world.rows("SELECT count(*) FROM request_log")
    return count


def kept(world):
    """The symbols with an answer on record."""
    return {request.split()[1] for (request,) in world.rows("SELECT request FROM vendor_answers")}


def await_the_killed(vendor, world):
    """Wait until all that a killed run had under way has arrived, at the vendor and on record."""
    wait_until(lambda: not vendor.is_asked())
    world.await_the_killed()


@pytest.mark.slow
def test_a_day_of_500_symbols_asks_for_each_once(undisturbed):
    left, asked, counted = undisturbed
    assert left.status == "done"
    assert left.done == set(SYMBOLS)
    assert {row[0] for row in left.bars if row[1] == SESSION} == set(SYMBOLS)
    assert left.signals
    assert sorted(symbol for _, symbol in asked) == list(SYMBOLS)
    assert {function for function, _ in asked} == {"TIME_SERIES_DAILY_ADJUSTED"}
    assert counted == len(SYMBOLS)


@pytest.mark.slow
def test_a_day_killed_twice_pays_again_only_for_what_was_on_its_way(
    undisturbed, vendor, installation, prefect_url, tmp_path
):
    with installation(tmp_path / "home") as world:
        first = len(vendor.asked())
        run = begin_in_new_process(world.environment, prefect_url)
        wait_until(lambda: len(vendor.asked()) >= first + 200)
        assert run.kill() == -signal.SIGKILL
        await_the_killed(vendor, world)
        second, kept_first = len(vendor.asked()), kept(world)
        place = "between storing a batch and telling Redis"
        code, _ = run_in_new_process(world.environment, prefect_url, place=place)
        assert code == -signal.SIGKILL
        await_the_killed(vendor, world)
        third, kept_second = len(vendor.asked()), kept(world)
        assert world.run_record()[0] == "running"
        assert set(world.stored_symbols()) > world.done_set()
        code, digest = run_in_new_process(world.environment, prefect_url)
        assert code == 0
        assert outcome(world, digest) == undisturbed[0]
        asked = vendor.symbols()
        counted = spent(world)
    runs = asked[first:second], asked[second:third], asked[third:]
    lost = (set(runs[0]) - kept_first) | (set(runs[1]) - kept_second)
    assert 200 <= len(runs[0]) < len(SYMBOLS)
    # Each batch has one request on its way at most.
    assert len(lost) <= 2 * BATCHES
    assert kept_first.isdisjoint(runs[1])
    assert sorted(runs[2]) == sorted(set(SYMBOLS) - kept_second)
    assert len(asked) - first == len(SYMBOLS) + len(lost)
    # Counted before they are sent: a kill between the two leaves one more than were sent.
    assert 0 <= counted - (len(asked) - first) <= 2 * BATCHES
