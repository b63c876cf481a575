"""The stores a process uses: the ones the settings name, else the embedded ones under home."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.adapters.clock import SystemClock, pinned_clock
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import Database, open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head, known_versions, upgrade
from alpha_oracle.adapters.redis.connection import PATIENCE_SECONDS, RedisConnection
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from alpha_oracle.adapters.embedded.store import EmbeddedStore
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Open stores."""

    database: Database
    redis: RedisConnection


@contextmanager
def opened_stores(
    settings: Settings, *, redis_patience_seconds: float = PATIENCE_SECONDS
) -> Iterator[Stores]:
    """Open the stores for the length of a block; embedded ones start where they do not run.

    Raises:
        ConfigurationError: a store cannot start, or its schema is not the one this version needs.
        StoreUnavailable: a store cannot be reached.
    """
    with ExitStack() as stack:
        database = stack.enter_context(opened_database(settings))
        redis = opened_redis(settings, patience_seconds=redis_patience_seconds)
        connection = stack.enter_context(redis)
        # Said at once, rather than by the first step that needs it, after its retries.
        connection.ping()
        yield Stores(database=database, redis=connection)


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """Open Postgres alone for the length of a block.

    The embedded one is brought to the newest schema; a given one is its owner's to upgrade.

    Raises:
        ConfigurationError: it cannot start, or its schema is not the one this version needs.
        StoreUnavailable: it cannot be reached.
    """
    with ExitStack() as stack:
        url = database_url(stack, settings)
        if settings.database.url is None:
            upgrade(url)
        else:
            _refuse_other_schema(url)
        database = open_database(url)
        stack.callback(database.close)
        yield database


@contextmanager
def opened_redis(
    settings: Settings, *, patience_seconds: float = PATIENCE_SECONDS
) -> Iterator[RedisConnection]:
    """Open Redis alone for the length of a block; whether a given one answers is not asked.

    Raises:
        ConfigurationError: the embedded one cannot start.
    """
    with ExitStack() as stack:
        url = _url(stack, settings.redis.url, embedded_redis(settings.home))
        connection = RedisConnection(url, patience_seconds=patience_seconds)
        stack.callback(connection.close)
        yield connection


def database_url(stack: ExitStack, settings: Settings) -> str:
    """Return the URL of Postgres, reachable until the stack closes."""
    return _url(stack, settings.database.url, embedded_postgres(settings.home))


def clock_of(settings: Settings) -> Clock:
    """Return the time: the machine's, or the rehearsal's."""
    if settings.clock.start_at is None:
        return SystemClock()
    return pinned_clock(settings.home, start_at=settings.clock.start_at)


def _url(stack: ExitStack, given: SecretStr | None, embedded: EmbeddedStore) -> str:
    if given is not None:
        return given.get_secret_value()
    return stack.enter_context(embedded.attached())


def _refuse_other_schema(url: str) -> None:
    current, head = current_and_head(url)
    if current == head:
        return
    is_older = current is None or current in known_versions()
    mend = "run `alpha-oracle db upgrade`" if is_older else "install the newest alpha-oracle"
    raise ConfigurationError(
        f"the database has schema {current or 'none'}, this version needs {head}; {mend}"
    )
