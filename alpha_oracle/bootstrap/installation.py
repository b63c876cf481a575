"""The installation of this machine: what runs of it, and how it ends."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alpha_oracle.adapters.clock import clear_pin
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head, upgrade
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.bootstrap.presence import ALWAYS_ON, API, is_present
from alpha_oracle.bootstrap.stores import database_url
from alpha_oracle.bootstrap.supervision import is_up, stop_detached, supervisor_pid
from alpha_oracle.config import load_settings
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.embedded.store import EmbeddedStore
    from alpha_oracle.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """One part of the installation; `users` are the processes attached to an embedded one."""

    name: str
    healthy: bool
    where: str
    pid: int | None = None
    users: tuple[int, ...] = ()


def component_states() -> list[ComponentState]:
    """Return the state of each part. Nothing is started.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    settings = load_settings()
    return [
        _postgres_state(settings),
        _redis_state(settings),
        _prefect_state(settings),
        _supervisor_state(settings),
        *(_process_state(settings, name) for name in ALWAYS_ON),
    ]


def stop_embedded() -> list[str]:
    """Stop everything of this installation, and clear a rehearsal's clock; return what ran.

    Raises:
        StoreUnavailable: one does not stop.
    """
    home = load_settings().home
    servers = {
        "prefect": embedded_prefect(home),
        "redis": embedded_redis(home),
        "postgres": embedded_postgres(home),
    }
    stopped = ["supervisor"] if stop_detached(home) else []
    clear_pin(home)
    return stopped + [name for name, server in servers.items() if server.stop()]


def upgrade_schema() -> str:
    """Bring the schema to the newest version and return it.

    Raises:
        StoreUnavailable: Postgres cannot be reached.
    """
    with ExitStack() as stack:
        return upgrade(database_url(stack, load_settings()))


def _embedded_state(store: EmbeddedStore) -> ComponentState:
    status = store.status()
    return ComponentState(
        name=status.name,
        healthy=status.running,
        where=status.url,
        pid=status.pid,
        users=status.users,
    )


def _prefect_state(settings: Settings) -> ComponentState:
    state = _embedded_state(embedded_prefect(settings.home))
    return replace(state, where=f"UI at {state.where.removesuffix('/api')}")


def _supervisor_state(settings: Settings) -> ComponentState:
    return ComponentState(
        name="supervisor",
        healthy=is_up(settings.home),
        where="flow-run worker and schedules",
        pid=supervisor_pid(settings.home),
    )


def _process_state(settings: Settings, name: str) -> ComponentState:
    log = f"logs at {settings.home / 'logs' / name}.log"
    address = f"at {settings.api.host}:{settings.api.port}, " if name == API else ""
    return ComponentState(
        name=name, healthy=is_present(settings.home, name), where=f"{address}{log}"
    )


def _postgres_state(settings: Settings) -> ComponentState:
    if settings.database.url is None:
        return _embedded_state(embedded_postgres(settings.home))
    url = settings.database.url.get_secret_value()
    return ComponentState(
        name="postgres",
        healthy=_answers(lambda: current_and_head(url)),
        where=open_database(url).name,
    )


def _redis_state(settings: Settings) -> ComponentState:
    if settings.redis.url is None:
        return _embedded_state(embedded_redis(settings.home))
    connection = RedisConnection(settings.redis.url.get_secret_value())
    return ComponentState(name="redis", healthy=_answers(connection.ping), where=connection.place)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except AlphaOracleError:
        return False
    return True
