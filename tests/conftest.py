"""What every test may ask for: stores, shared data, a home of its own.

The workers of one run share one embedded Postgres and one embedded Redis; each test gets a
database and an empty Redis database of its own. `ALPHA_ORACLE_TEST_DATABASE_URL` and
`ALPHA_ORACLE_TEST_REDIS_URL` name servers to use instead; the Redis databases are emptied there.
"""

import fcntl
import os
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg2
import pytest
import redis
from sqlalchemy import make_url

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.migrate import upgrade

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
DATABASE_VARIABLE = "ALPHA_ORACLE_TEST_DATABASE_URL"
REDIS_VARIABLE = "ALPHA_ORACLE_TEST_REDIS_URL"
TEMPLATE = "alpha_oracle_test_template"

# Test data is never worth a wait for the disk.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

numbers = count()


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real market files; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real market files in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def home(tmp_path):
    """An empty home."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory, worker_name):
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_name == "main" else base.parent


@pytest.fixture(scope="session")
def worker_name(request):
    """The name of this xdist worker; `main` without xdist."""
    return getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]


@pytest.fixture(scope="session")
def postgres_url(run_folder):
    """The URL of a Postgres server in which databases may be made."""
    given = os.environ.get(DATABASE_VARIABLE)
    if given:
        yield given
        return
    with embedded_postgres(run_folder / "stores", settings=NOT_DURABLE).attached() as url:
        yield url


@pytest.fixture(scope="session")
def template(postgres_url, run_folder):
    """The name of a database with the newest schema, made once a run."""
    with one_at_a_time(run_folder / "template.lock"):
        made = run_folder / "template.made"
        if not made.exists():
            execute(postgres_url, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
            execute(postgres_url, f"CREATE DATABASE {TEMPLATE}")
            upgrade(with_database(postgres_url, TEMPLATE))
            made.touch()
    return TEMPLATE


@pytest.fixture
def empty_database_url(postgres_url, worker_name):
    """The URL of a database of this test's own, without a schema."""
    with own_database(postgres_url, worker_name, template="template1") as url:
        yield url


@pytest.fixture
def database_url(postgres_url, worker_name, template):
    """The URL of a database of this test's own, with the newest schema and no rows."""
    with own_database(postgres_url, worker_name, template=template) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server_url(run_folder):
    """The URL of a Redis server whose databases may be emptied."""
    given = os.environ.get(REDIS_VARIABLE)
    if given:
        yield given
        return
    with embedded_redis(run_folder / "stores").attached() as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url, worker_name):
    """The URL of an empty Redis database of this worker's own."""
    number = int(worker_name.removeprefix("gw")) + 1 if worker_name != "main" else 1
    url = redis_server_url.split("?")[0] + f"?db={number % 16}"
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


@contextmanager
def own_database(server_url, worker_name, *, template):
    """Make a database for the length of a block; gives its URL."""
    name = f"alpha_oracle_test_{os.getpid()}_{worker_name}_{next(numbers)}"
    execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield with_database(server_url, name)
    finally:
        execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def with_database(url, name):
    """The URL of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def execute(url, statement):
    """Run a statement outside a transaction."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


@contextmanager
def one_at_a_time(path):
    """Let one worker at a time into the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
