"""The image's own build commands in an empty folder, and all that containers run of it."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alpha_oracle.adapters.embedded.postgres import client_programs
from alpha_oracle.bootstrap.presence import ALWAYS_ON
from alpha_oracle.config_values import PREFIX
from tests.conftest import execute, with_database
from tests.deployed import FOLDER, PROJECT, SECRETS, SERVICES, command_of, environment_of, of_word
from tests.end_to_end.trading_world import first
from tests.ports import a_free_port

pytestmark = pytest.mark.slow

BUILD = "uv sync"
SECONDS = 900
PREFECT_URL = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
PREFECT_PARTS = "PREFECT_SERVER_DATABASE_"
"""What a database is told by where it has an address of its own, which those of tests lack."""

HAS_TRIGRAMS = "SELECT name FROM pg_available_extensions WHERE name = 'pg_trgm'"

KEPT = (
    "HOME",
    "LANG",
    "TMPDIR",
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "SSL_CERT_FILE",
)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the image holds in /app: what is copied there, and what its build commands made."""
    folder = tmp_path_factory.mktemp("image") / "app"
    folder.mkdir()
    for name in (name for rest in of_word("COPY", 0) for name in rest.split()[:-1]):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    commands = [command for command in of_word("RUN", 0) if command.startswith(BUILD)]
    environment = {**machine(Path(sys.executable).parent), "UV_PYTHON": sys._base_executable}
    for command in commands:
        subprocess.run(command.split(), cwd=folder, env=environment, check=True)
    assert len(commands) == 2
    return folder


@pytest.fixture
def secrets(tmp_path, empty_database_url, redis_url):
    """The secrets of an installation on the stores of this test."""
    folder = tmp_path / "secrets"
    subprocess.run([FOLDER / "secrets.sh", folder], check=True, capture_output=True)
    for name, url in (("database_url", empty_database_url), ("redis_url", redis_url)):
        (folder / name).chmod(0o600)
        (folder / name).write_text(url)
    return folder


class Containers:
    """Services of the compose file, their commands run in what the image holds."""

    def __init__(self, image, secrets, home):
        self._image, self._secrets, self._home = image, secrets, home
        self.changes = {}
        self.ports = {}
        self.prefect = {"PREFECT_HOME": str(home / "client"), "DO_NOT_TRACK": "1"}

    def run(self, name, command=None):
        """Run a service's command, or another in its place, to its end; return what it gave."""
        return subprocess.run(
            self._here(command or command_of(name)),
            cwd=self._image,
            env=self._environment(name),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def is_well(self, name):
        """Whether its health check says so."""
        kind, *command = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, command).returncode == 0

    @contextmanager
    def running(self, name):
        """A service at work; told to end as a container is, and expected to do so."""
        log = self._home.parent / f"{name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                self._here(command_of(name)),
                cwd=self._image,
                env=self._environment(name),
                stdout=output,
                stderr=output,
            )
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                process.wait(SECONDS)
            finally:
                process.kill()
                process.wait()

    def _here(self, command):
        told = [word.replace(SECRETS, str(self._secrets)) for word in command]
        for usual, port in self.ports.items():
            told = [word.replace(usual, str(port)) for word in told]
        return told

    def _environment(self, name):
        told = environment_of(name, self._secrets)
        if PREFECT_URL in self.prefect:
            told = {key: value for key, value in told.items() if not key.startswith(PREFECT_PARTS)}
        if f"{PREFIX}CONFIG" in told:
            told |= {f"{PREFIX}{key}": str(value) for key, value in self.changes.items()}
            told[f"{PREFIX}HOME"] = str(self._home)
        return {**machine(self._image / ".venv/bin"), **told, **self.prefect}


def machine(programs):
    """An environment of this machine's with nothing of ours in it, but for programs."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture
def containers(image, secrets, home):
    return Containers(image, secrets, home)


def test_our_processes_work_in_the_image_and_end_as_containers_do(containers):
    port = a_free_port()
    containers.ports = {":8000/": f":{port}/"}
    containers.changes = {
        "API__PORT": port,
        "DATA__SOURCE": "synthetic",
        **{
            name: a_free_port()
            for name in ("EXECUTION__METRICS_PORT", "FEED__METRICS_PORT", "ALERTS__METRICS_PORT")
        },
    }
    early = containers.run("api")
    assert early.returncode == 2
    assert "run `alpha-oracle db upgrade`" in early.stderr

    schema = containers.run("schema")
    assert schema.returncode == 0, schema.stderr
    assert not any(containers.is_well(name) for name in ALWAYS_ON)
    with ExitStack() as stack:
        started = {name: stack.enter_context(containers.running(name)) for name in ALWAYS_ON}
        for name in ALWAYS_ON:
            first(lambda name=name: containers.is_well(name), seconds=SECONDS)
    assert {name: process.returncode for name, process in started.items()} == dict.fromkeys(
        ALWAYS_ON, 0
    )
    assert not any(containers.is_well(name) for name in ALWAYS_ON)


@pytest.fixture
def prefect_database(secrets, empty_database_url):
    """The URL of the database that the script makes for Prefect, which wants an extension there.

    The images have it, a Postgres from wheels has not: name a whole one by `TEST_DATABASE_URL`.
    """
    if not execute(empty_database_url, HAS_TRIGRAMS):
        pytest.skip("this Postgres has no pg_trgm, without which Prefect makes no schema")
    url = make_url(empty_database_url)
    host, port = url.host or url.query["host"], url.port or url.query.get("port", "5432")
    environment = {
        **machine(client_programs()),
        "SECRETS": str(secrets),
        "POSTGRES_USER": url.username,
        "POSTGRES_DB": url.database,
        "PGHOST": host,
        "PGPORT": str(port),
    }
    subprocess.run([FOLDER / "postgres/10-prefect.sh"], env=environment, check=True)
    password = (secrets / "prefect_password").read_text()
    yield f"postgresql+asyncpg://prefect:{password}@/prefect?host={host}&port={port}"
    execute(with_database(empty_database_url, "postgres"), "DROP DATABASE prefect WITH (FORCE)")
    execute(with_database(empty_database_url, "postgres"), "DROP ROLE prefect")


def test_prefect_keeps_its_runs_in_postgres_and_its_worker_takes_them(containers, prefect_database):
    server, worker = a_free_port(), a_free_port()
    containers.ports = {"4200": server, "8080": worker, "0.0.0.0": "127.0.0.1"}
    containers.prefect |= {
        PREFECT_URL: prefect_database,
        "PREFECT_API_URL": f"http://127.0.0.1:{server}/api",
        "PREFECT_WORKER_WEBSERVER_PORT": str(worker),
    }
    with containers.running("prefect"):
        first(lambda: containers.is_well("prefect"), seconds=SECONDS)
        registered = containers.run("deployments")
        assert registered.returncode == 0, registered.stderr
        with containers.running("flow-runs"):
            first(lambda: containers.is_well("flow-runs"), seconds=SECONDS)
        assert not containers.is_well("flow-runs")
    names = execute(
        prefect_database.replace("+asyncpg", ""), "SELECT name FROM deployment ORDER BY name"
    )
    assert ("daily",) in names
    assert len(names) >= 8
