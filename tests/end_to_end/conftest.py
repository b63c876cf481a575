"""A Prefect server and a stored history for flow runs."""

from contextlib import nullcontext

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    temporary_settings,
)

from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.sources import SOURCES
from alpha_oracle.config import load_settings
from alpha_oracle.telemetry import disable_dependency_telemetry
from tasks.bars import ingest_bars
from tests.conftest import (
    REDIS_DATABASES,
    one_at_a_time,
    own_database,
    shared_store,
    with_redis_database,
)
from tests.end_to_end.asked import AskedSource
from tests.end_to_end.trading_processes import opened_nursery
from tests.end_to_end.trading_world import Rehearsal
from tests.end_to_end.vendors import VendorWorlds, impatient_gateway, impatient_ibkr
from tests.end_to_end.worlds import World, make_history


@pytest.fixture(scope="session")
def prefect_url(run_folder):
    """The API of the Prefect server that the workers of this run share; runs of this process go
    there."""
    disable_dependency_telemetry()
    folder = run_folder / "orchestration"
    with shared_store(embedded_prefect(folder), folder) as url:
        settings = {
            PREFECT_API_URL: url,
            PREFECT_HOME: str(folder / "client"),
            # Its thread would hold up the end of every run for a second.
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        }
        with temporary_settings(updates=settings):
            yield url
            # What is still on its way would be tried for a minute once the server is gone.
            EventsWorker.drain_all()
            APILogWorker.drain_all()


@pytest.fixture(scope="session")
def deploying(run_folder):
    """A block in which no other worker changes the deployments of the server they share."""
    return lambda: one_at_a_time(run_folder / "deployments.lock")


@pytest.fixture(scope="session")
def flow_redis_url(redis_server_url, worker):
    """The URL of a Redis database for this worker's flow runs."""
    # The lower half of the databases belongs to the tests of a single store.
    half = REDIS_DATABASES // 2
    return with_redis_database(redis_server_url, half + worker % half)


@pytest.fixture(scope="session")
def database_with_history(postgres_url, run_name, worker, template):
    """A function that makes a database of its own, its history ending before the session."""
    names = f"{run_name}_{worker}_flows"
    with own_database(postgres_url, f"{names}_history", template=template) as url:
        make_history(url)
        history = url.rpartition("/")[2].partition("?")[0]
        yield lambda: own_database(postgres_url, names, template=history)


@pytest.fixture(scope="session")
def worlds(prefect_url, database_with_history, flow_redis_url):
    """A function that makes an installation of its own on the stored history."""

    def make(home, *, redis_url=flow_redis_url, **changes):
        database = database_with_history()
        return World(home=home, database=database, redis_url=redis_url, changes=changes)

    return make


@pytest.fixture(scope="session")
def vendor_databases(postgres_url, run_name, worker, template):
    """A function that makes a database of its own, with the newest schema and no rows."""
    return lambda: own_database(postgres_url, f"{run_name}_{worker}_vendors", template=template)


@pytest.fixture(scope="session")
def vendor_worlds(prefect_url, vendor_databases, flow_redis_url):
    """A function that makes an installation for bars of vendors, with bars stored before."""
    with pytest.MonkeyPatch.context() as patch:
        # Whatever proxy the machine uses, what is local is asked directly.
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1")
        yield VendorWorlds(vendor_databases, flow_redis_url)


@pytest.fixture
def impatient(monkeypatch):
    """Flow runs of this process wait for a gateway, and between tries, hardly at all."""
    quick = ingest_bars.with_options(retry_delay_seconds=0, retry_jitter_factor=0)
    monkeypatch.setattr("alpha_oracle.bootstrap.sources.open_gateway", impatient_gateway)
    monkeypatch.setitem(SOURCES, "ibkr", impatient_ibkr)
    monkeypatch.setattr("flows.daily_pipeline.ingest_bars", quick)


@pytest.fixture
def world(worlds, home):
    """An installation whose history ends before the session; nothing has run on it."""
    with worlds(home) as world:
        yield world


@pytest.fixture
def empty_world(database_url, flow_redis_url, home):
    """An installation of today with nothing in its stores, for bars from files."""
    today = {"DATA__SOURCE": "files", "CLOCK__START_AT": None}
    database = nullcontext(database_url)
    with World(home=home, database=database, redis_url=flow_redis_url, changes=today) as world:
        yield world


@pytest.fixture(scope="session")
def nursery():
    """Where workers and feeds start in a fraction of a second."""
    with opened_nursery() as nursery:
        yield nursery


@pytest.fixture
def source(world, monkeypatch):
    """The bar source of the test's world, which notes what it is asked for."""
    asked = AskedSource(SyntheticBarSource(load_settings().data.synthetic))
    monkeypatch.setitem(SOURCES, "synthetic", lambda *_: asked)
    return asked


@pytest.fixture
def operated(home, database_url, redis_url, monkeypatch):
    """An installation that operators ask in this process, at the real time."""
    made = Rehearsal(home=home, database_url=database_url, redis_url=redis_url)
    for name, value in made.environment.items():
        if "CLOCK" not in name:
            monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def trading_store(operated):
    """The record of its trading."""
    database = open_database(operated.database_url)
    store = PostgresTradingStore(database)
    yield store
    store.close()
    database.close()
