"""Vendors of the contract suite are at this machine, whatever proxy it uses for others."""

import pytest

from tests.conftest import own_database
from tests.contracts import reference_stores


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="session")
def reference_database_url(postgres_url, worker, run_name, template):
    """A database for all tests of reference data: to make one takes longer than most of them."""
    with own_database(postgres_url, f"{run_name}_{worker}_reference", template=template) as url:
        yield url


@pytest.fixture(scope="session")
def simulated_database_url(postgres_url, worker, run_name, template):
    """A database for all tests of the simulated broker, each of which opens an account in it."""
    with own_database(postgres_url, f"{run_name}_{worker}_simulated", template=template) as url:
        yield url


@pytest.fixture(scope="session")
def trading_database_url(postgres_url, worker, run_name, template):
    """A database for all tests of the trading stores, each of which empties it first."""
    with own_database(postgres_url, f"{run_name}_{worker}_trading", template=template) as url:
        yield url


@pytest.fixture(params=["postgres", "memory"])
def stores(request):
    """The stores of what is known beside bars, empty."""
    if request.param == "memory":
        made = reference_stores.in_memory()
    else:
        made = reference_stores.on_postgres(request.getfixturevalue("reference_database_url"))
    with made as stores:
        yield stores
