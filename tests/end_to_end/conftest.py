"""A Prefect server and a stored history for flow runs."""

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.telemetry import disable_dependency_telemetry
from tests.conftest import REDIS_DATABASES, own_database, shared_store, with_redis_database
from tests.end_to_end.worlds import World, make_history


@pytest.fixture(scope="session")
def prefect_url(run_folder):
    """The API of the Prefect server that the workers of this run share; runs of this process go
    there."""
    disable_dependency_telemetry()
    folder = run_folder / "orchestration"
    with shared_store(embedded_prefect(folder), folder) as url:
        settings = {PREFECT_API_URL: url, PREFECT_HOME: str(folder / "client")}
        with temporary_settings(updates=settings):
            yield url
            # What is still on its way would be tried for a minute once the server is gone.
            EventsWorker.drain_all()
            APILogWorker.drain_all()


@pytest.fixture(scope="session")
def history(postgres_url, run_name, worker, template, tmp_path_factory):
    """The name of a database that holds the small market up to the session before."""
    prefix = f"{run_name}_{worker}_history"
    with own_database(postgres_url, prefix, template=template) as url:
        make_history(url, home=tmp_path_factory.mktemp("history"))
        yield url.rpartition("/")[2].partition("?")[0]


@pytest.fixture(scope="session")
def database_with_history(postgres_url, run_name, worker, history):
    """A function that makes a database of its own with the stored history."""
    return lambda: own_database(postgres_url, f"{run_name}_{worker}_world", template=history)


@pytest.fixture(scope="session")
def worlds(prefect_url, redis_server_url, worker, database_with_history):
    """A function that makes an installation of its own on the stored history."""
    # The lower half of the databases belongs to the tests of a single store.
    half = REDIS_DATABASES // 2
    redis_url = with_redis_database(redis_server_url, half + worker % half)

    def make(home, **changes):
        return World(
            home=home, database=database_with_history(), redis_url=redis_url, changes=changes
        )

    return make


@pytest.fixture
def world(worlds, home):
    """An installation whose history ends before the session; nothing has run on it."""
    with worlds(home) as world:
        yield world
