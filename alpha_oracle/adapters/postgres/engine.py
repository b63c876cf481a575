"""The way to Postgres: one engine a URL, and driver errors told by who must act."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from alpha_oracle.errors import AlphaOracleError, ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.
    from sqlalchemy import URL, Connection, Engine

CONNECT_TIMEOUT_SECONDS: Final = 5
POOL_SIZE: Final = 4
MAX_OVERFLOW: Final = 28

_ARGUMENTS: Final = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "application_name": "alpha-oracle",
}

_LOST: Final = frozenset({"08", "57"})
_IN_THE_WAY: Final = frozenset({"40001", "40P01", "55P03"})
_NO_SCHEMA: Final = frozenset({"42P01", "42703", "42883", "3F000"})
_DISK_FULL: Final = "53100"
_TOO_MANY_CONNECTIONS: Final = "53300"


@dataclass(frozen=True, slots=True)
class Database:
    """A Postgres database; safe to share between threads, not across a fork."""

    engine: Engine

    @property
    def name(self) -> str:
        """Where it is, without the password (which a URL may also hold in its query)."""
        url = self.engine.url
        host = url.host or url.query.get("host", "localhost")
        return f"{host}{f':{url.port}' if url.port else ''}, database {url.database}"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction: committed where the block ends, rolled back where it raises.

        Raises:
            StoreUnavailable: the server cannot be reached, or another writer was in the way.
            ConfigurationError: its disk is full, or the schema is not there.
        """
        with self.errors_told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """Give a connection on which each execution is a transaction of its own, in one round trip.

        Several statements of one text are one execution: they stand or fall together, and no lock
        they take outlives them, whatever becomes of this process.

        Raises:
            StoreUnavailable: the server cannot be reached, or another writer was in the way.
            ConfigurationError: its disk is full, or the schema is not there.
        """
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with self.errors_told(), engine.connect() as connection:
            yield connection

    @contextmanager
    def errors_told(self) -> Iterator[None]:
        """Tell the driver's errors in a block by who must act."""
        try:
            yield
        except PoolExhausted:
            raise StoreUnavailable(
                f"all connections of this process to Postgres at {self.name} are in use; repeat it"
            ) from None
        except (DBAPIError, psycopg2.Error) as error:
            told = told_error(error, where=self.name)
            if told is None:
                raise
            # The driver's own text may hold the password of a URL: it is not chained.
            raise told from None

    def ways_apart(self) -> list[dict[str, Any]]:
        """Return what the driver is told to connect beside the pool, for each host of the URL.

        It leaves a host that does not answer for the next one only where it waits itself.
        """
        url = self.engine.url
        _, options = self.engine.dialect.create_connect_args(url)
        whole = {**_arguments(url), **options}
        hosts = str(whole.get("host", "")).split(",")
        if len(hosts) == 1:
            return [whole]
        ports = str(whole.get("port", "")).split(",")
        ports = ports * len(hosts) if len(ports) == 1 else ports
        return [
            {**whole, "host": host, "port": port} for host, port in zip(hosts, ports, strict=True)
        ]

    def ping(self) -> None:
        """Ask for an answer.

        Raises:
            StoreUnavailable: none comes.
        """
        with self.at_once() as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Close the idle connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Return the database of a URL; nothing is connected yet.

    Sockets are reached as `postgresql:///name?host=/folder`.

    Raises:
        ConfigurationError: the URL cannot be read.
    """
    parsed = parse_url(url)
    engine = create_engine(
        parsed,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_arguments(parsed),
    )
    event.listen(engine, "connect", _speak_utc)
    return Database(engine)


def _arguments(url: URL) -> dict[str, Any]:
    return {key: value for key, value in _ARGUMENTS.items() if key not in url.query}


@contextmanager
def raw_cursor(connection: Connection) -> Iterator[Cursor]:
    """Give the driver's own cursor in a transaction: for COPY, and where time counts."""
    driver: psycopg2.extensions.connection = connection.connection.driver_connection  # type: ignore[assignment]  # Optional in name only.
    with driver.cursor() as cursor:
        yield cursor


def parse_url(url: str) -> URL:
    """Return a database URL, its driver filled in.

    Raises:
        ConfigurationError: it is no Postgres URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "database.url cannot be read; expected postgresql://user:password@host:5432/name"
        ) from None
    if parsed.drivername.split("+")[0] not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            f"database.url starts with {parsed.drivername}://; expected postgresql://"
        )
    if "@" in (parsed.host or ""):
        raise ConfigurationError(
            "database.url has an @ too many; expected postgresql://user:password@host:5432/name "
            "with any @ of the password written as %40"
        )
    return parsed.set(drivername="postgresql+psycopg2")


def told_error(error: DBAPIError | psycopg2.Error, *, where: str) -> AlphaOracleError | None:
    """Return what a driver error means for who reads it; None where it is a bug of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "pgcode", None) or ""
    text = (str(cause).strip().splitlines() or ["no reason given"])[0]
    if code == _DISK_FULL or "No space left on device" in text:
        return ConfigurationError(
            f"the disk of the database is full ({text}); free space on it, then repeat"
        )
    if code in _NO_SCHEMA:
        return ConfigurationError(
            f"the database lacks our schema ({text}); run `alpha-oracle db upgrade`"
        )
    if code in _IN_THE_WAY:
        return StoreUnavailable(f"another writer was in the way ({text}); repeat it")
    if _is_lost(cause, code):
        return StoreUnavailable(
            f"Postgres at {where} cannot be reached ({text}); "
            "check that it runs and that database.url is right"
        )
    return None


def _is_lost(cause: BaseException | None, code: str) -> bool:
    if code:
        return code[:2] in _LOST or code == _TOO_MANY_CONNECTIONS
    return isinstance(cause, (psycopg2.OperationalError, psycopg2.InterfaceError))


def _speak_utc(connection: psycopg2.extensions.connection, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
