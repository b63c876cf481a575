import os
import shutil

import pytest

from tests.integration.embedded.processes import STORES


@pytest.fixture(params=sorted(STORES))
def name(request):
    return request.param


@pytest.fixture(scope="session")
def used_home(tmp_path_factory):
    """A home in which stores have been made before: only their first start is slow."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_large_left(tmp_path):
    """A Postgres is large, and pytest keeps the folders of its last runs."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def store(name, used_home):
    store = STORES[name](used_home)
    yield store
    store.stop()


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("only root runs Postgres as another user")
