"""The installation of this machine: what runs, whether it is well, how to mend it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import clear_pin
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head, upgrade
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.bootstrap.sources import bar_source
from alpha_oracle.bootstrap.stores import clock_of, database_url, opened_stores
from alpha_oracle.bootstrap.supervision import is_up, stop_detached, supervisor_pid
from alpha_oracle.config import Settings, load_settings
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.embedded.store import EmbeddedStore

CALENDAR_REACH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """One part of the installation; `users` are the processes attached to an embedded one."""

    name: str
    healthy: bool
    where: str
    pid: int | None = None
    users: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found; where it is not ok, `text` says how to mend it."""

    check: str
    ok: bool
    text: str


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


def diagnose() -> list[Finding]:
    """Check settings, stores, calendar and bar source; return what was found."""
    try:
        settings = load_settings()
    except AlphaOracleError as error:
        return [Finding(check="settings", ok=False, text=str(error))]
    return [
        Finding(check="settings", ok=True, text=f"home is {settings.home}"),
        *(_checked(name, check, settings) for name, check in CHECKS.items()),
    ]


def _checked(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(check=name, ok=True, text=check(settings))
    except AlphaOracleError as error:
        return Finding(check=name, ok=False, text=str(error))


def _check_stores(settings: Settings) -> str:
    with opened_stores(settings) as stores:
        stores.redis.ping()
        return f"Postgres ({stores.database.name}) and Redis ({stores.redis.place}) answer"


def _check_calendar(settings: Settings) -> str:
    today = clock_of(settings).now().date()
    calendar.is_session(today + CALENDAR_REACH)
    return f"the exchange calendar reaches {calendar.last_session()}"


def _check_source(settings: Settings) -> str:
    source = bar_source(settings)
    session = calendar.latest_decided_session(clock_of(settings).now())
    offered = len(source.symbols(session))
    return f"{source.name} offers {offered} symbols for {session}"


CHECKS = {
    "stores": _check_stores,
    "calendar": _check_calendar,
    "bar source": _check_source,
}


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
