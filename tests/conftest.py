"""What every test may ask for: stores, shared data, a home of its own.

The workers of one run share one embedded Postgres and one embedded Redis; each test gets a
Postgres database of its own, each worker a Redis database that is emptied before every test.
`TEST_DATABASE_URL` and `TEST_REDIS_URL` name servers to use instead;
there, too, Redis databases are emptied.
"""

import io
import logging
import os
import shutil
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
import redis
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from alpha_oracle.adapters.embedded.locks import FileLock
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.migrate import upgrade

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
DATABASE_VARIABLE = "TEST_DATABASE_URL"
REDIS_VARIABLE = "TEST_REDIS_URL"
REDIS_DATABASES = 16

# Test data is never worth a wait for the disk.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

numbers = count()

# How long an example takes, or the drawing of one, is for the machine to say.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture
def logged():
    """All that anything logs, by the standard library or by structlog, from debug on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    yield stream
    structlog.reset_defaults()
    root.setLevel(level)
    root.removeHandler(handler)


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
def worker(request):
    """The number of this worker, from 0."""
    name = getattr(request.config, "workerinput", {"workerid": "gw0"})["workerid"]
    return int(name.removeprefix("gw"))


@pytest.fixture(scope="session")
def run_name(request):
    """A name that the workers of this run share, and no other run."""
    given = getattr(request.config, "workerinput", {"testrunuid": uuid4().hex})["testrunuid"]
    return f"alpha_oracle_test_{given[:12]}"


@pytest.fixture(scope="session")
def run_folder(request, tmp_path_factory):
    """A folder that the workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def postgres_url(run_folder):
    """The URL of a Postgres server in which databases may be made."""
    if DATABASE_VARIABLE in os.environ:
        yield os.environ[DATABASE_VARIABLE]
        return
    folder = run_folder / "stores"
    with shared_store(embedded_postgres(folder, settings=NOT_DURABLE), folder) as url:
        yield url


@pytest.fixture(scope="session")
def template(postgres_url, run_folder, run_name):
    """The name of a database with the newest schema, made by the first worker to ask."""
    name = f"{run_name}_template"
    users = FileLock(run_folder / "template.users")
    with one_at_a_time(run_folder / "template.lock"):
        users.acquire_shared()
        if not exists(postgres_url, name):
            make_template(postgres_url, name)
    yield name
    with one_at_a_time(run_folder / "template.lock"):
        if users.acquire_exclusive():
            execute(postgres_url, f"DROP DATABASE {name}")
    users.release()


@pytest.fixture
def empty_database_url(postgres_url, worker, run_name):
    """The URL of a database of this test's own, without a schema."""
    with own_database(postgres_url, f"{run_name}_{worker}", template="template1") as url:
        yield url


@pytest.fixture
def database_url(postgres_url, worker, run_name, template):
    """The URL of a database of this test's own, with the newest schema and no rows."""
    with own_database(postgres_url, f"{run_name}_{worker}", template=template) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server_url(run_folder, worker):
    """The URL of a Redis server whose databases may be emptied.

    Each worker has its own: what is published is heard in every database of a server.
    """
    if REDIS_VARIABLE in os.environ:
        yield os.environ[REDIS_VARIABLE]
        return
    folder = run_folder / f"redis-{worker}"
    with shared_store(embedded_redis(folder), folder) as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url, worker):
    """The URL of an empty Redis database of this worker's own."""
    url = with_redis_database(redis_server_url, worker % REDIS_DATABASES)
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


@contextmanager
def shared_store(store, folder):
    """Use a store together with the other workers; the last one to leave removes its data."""
    folder.mkdir(exist_ok=True)
    with one_at_a_time(folder / "lock"):
        url = store.attach()
    yield url
    with one_at_a_time(folder / "lock"):
        store.detach()
        status = store.status()
        if not status.running:
            shutil.rmtree(folder / status.name)


def make_template(server_url, name):
    execute(server_url, f"CREATE DATABASE {name}")
    upgrade(with_database(server_url, name))
    # A template must have no connection: TimescaleDB's workers would stay, or come back.
    execute(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    backends = f"pg_stat_activity WHERE datname = '{name}'"
    execute(server_url, f"SELECT pg_terminate_backend(pid, 60000) FROM {backends}")


@contextmanager
def own_database(server_url, prefix, *, template):
    """Make a database for the length of a block; gives its URL."""
    name = f"{prefix}_{next(numbers)}"
    execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield with_database(server_url, name)
    finally:
        execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def with_database(url, name):
    """The URL of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def with_redis_database(url, number):
    """The URL of another database of the same server."""
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return make_url(url).set(database=str(number)).render_as_string(hide_password=False)


def exists(server_url, name):
    """Whether the server has a database of that name."""
    return bool(execute(server_url, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def execute(url, statement):
    """Run a statement outside a transaction; its rows, if it has any."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def one_at_a_time(path):
    """Let one worker at a time into the block; the others wait."""
    lock = FileLock(path)
    try:
        assert lock.acquire_exclusive(timeout_seconds=900.0), f"{path} stays locked"
        yield
    finally:
        lock.release()
