"""What runs of an installation, part by part: asked, never started."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import psutil
import requests

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.bootstrap.children import ChildReport, ChildState, reports
from alpha_oracle.bootstrap.orchestration import API_VARIABLE
from alpha_oracle.bootstrap.ports import wanted_ports
from alpha_oracle.bootstrap.presence import ALWAYS_ON, is_present, process_present
from alpha_oracle.bootstrap.supervision import FLOW_RUNS
from alpha_oracle.bootstrap.supervisor import is_up, supervisor_pid
from alpha_oracle.config import load_settings
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from alpha_oracle.adapters.embedded.store import EmbeddedStore
    from alpha_oracle.config import Settings

RUNNING: Final = "running"
STARTING: Final = "starting"
DOWN: Final = "down"
LAST_BYTES: Final = 16_384
HEALTH_SECONDS: Final = 5.0
HEARD: Final = ("event", "error", "reason", "how")
"""What of a logged event tells a person why its process is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """One part of the installation.

    `since` is when its process began, `users` the processes attached to an embedded server,
    `last_log` the last line of its log where it is not well.
    """

    name: str
    healthy: bool
    state: str
    where: str
    pid: int | None = None
    since: datetime | None = None
    restarts: int = 0
    users: tuple[int, ...] = ()
    last_log: str | None = None


def component_states() -> list[ComponentState]:
    """Return the state of each part. Nothing is started.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    settings = load_settings()
    # What a supervisor noted counts while it runs.
    noted = reports(settings.home) if is_up(settings.home) else {}
    return [
        _postgres_state(settings, noted),
        _redis_state(settings, noted),
        _prefect_state(settings, noted),
        _supervisor_state(settings),
        *(_process_state(settings, name, noted.get(name)) for name in (*ALWAYS_ON, FLOW_RUNS)),
    ]


def last_log_line(path: Path) -> str | None:
    """Return the last line of a log, its event and reason where it is an event; None: no line."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        lines = file.read().decode(errors="replace").split("\n")
        return next((_told(line) for line in reversed(lines) if line.strip()), None)
    return None


def _told(line: str) -> str:
    with suppress(ValueError, AttributeError):
        event = json.loads(line)
        return ": ".join(str(event[key]) for key in HEARD if event.get(key))
    return line.strip()


def _postgres_state(settings: Settings, noted: Mapping[str, ChildReport]) -> ComponentState:
    if settings.database.url is None:
        return _embedded_state(embedded_postgres(settings.home), settings, noted)
    url = settings.database.url.get_secret_value()
    return _given_state("postgres", open_database(url).name, lambda: current_and_head(url))


def _redis_state(settings: Settings, noted: Mapping[str, ChildReport]) -> ComponentState:
    if settings.redis.url is None:
        return _embedded_state(embedded_redis(settings.home), settings, noted)
    connection = RedisConnection(settings.redis.url.get_secret_value())
    return _given_state("redis", connection.place, connection.ping)


def _prefect_state(settings: Settings, noted: Mapping[str, ChildReport]) -> ComponentState:
    given = os.environ.get(API_VARIABLE)
    if given:
        return _given_state("prefect", given, lambda: _require_health(given))
    return _embedded_state(embedded_prefect(settings.home), settings, noted)


def _embedded_state(
    store: EmbeddedStore, settings: Settings, noted: Mapping[str, ChildReport]
) -> ComponentState:
    status = store.status()
    report = noted.get(status.name)
    healthy = status.running and (report is None or report.is_well)
    url = status.url.removesuffix("/api")
    return ComponentState(
        name=status.name,
        healthy=healthy,
        state=_state(report, is_running=status.running),
        where=f"UI at {url}" if url != status.url else url,
        pid=status.pid,
        since=_born(status.pid),
        restarts=report.restarts if report else 0,
        users=status.users,
        last_log=None if healthy else last_log_line(_log(settings, status.name)),
    )


def _given_state(name: str, where: str, ask: Callable[[], object]) -> ComponentState:
    try:
        ask()
    except (AlphaOracleError, requests.RequestException) as error:
        told = str(error) if isinstance(error, AlphaOracleError) else type(error).__name__
        return ComponentState(name=name, healthy=False, state=DOWN, where=where, last_log=told)
    return ComponentState(name=name, healthy=True, state=RUNNING, where=where)


def _require_health(url: str) -> None:
    requests.get(f"{url}/health", timeout=HEALTH_SECONDS).raise_for_status()


def _supervisor_state(settings: Settings) -> ComponentState:
    healthy = is_up(settings.home)
    log = _log(settings, "supervisor")
    pid = supervisor_pid(settings.home)
    return ComponentState(
        name="supervisor",
        healthy=healthy,
        state=RUNNING if healthy else DOWN,
        where=f"log {log}",
        pid=pid,
        since=_born(pid),
        last_log=None if healthy else last_log_line(log),
    )


def _process_state(settings: Settings, name: str, report: ChildReport | None) -> ComponentState:
    is_there = (
        report is not None and report.is_well
        if name == FLOW_RUNS
        else _is_there(settings, name, report)
    )
    pid = report.pid if report and report.pid else process_present(settings.home, name)
    log = _log(settings, name)
    addresses = [f"{one.host}:{one.port}" for one in wanted_ports(settings) if one.process == name]
    return ComponentState(
        name=name,
        healthy=is_there,
        state=_state(report, is_running=is_there),
        where=", ".join([*addresses, f"log {log}"]),
        pid=pid,
        since=_born(pid),
        restarts=report.restarts if report else 0,
        last_log=None if is_there else last_log_line(log),
    )


def _is_there(settings: Settings, name: str, report: ChildReport | None) -> bool:
    is_looping = report is not None and report.state is ChildState.CRASH_LOOP
    return is_present(settings.home, name) and not is_looping


def _state(report: ChildReport | None, *, is_running: bool) -> str:
    if report is not None and report.state is not ChildState.RUNNING:
        ending = f" ({report.last_exit})" if report.last_exit else ""
        return f"{report.state.value}{ending}"
    if is_running:
        return RUNNING
    return STARTING if report is not None else DOWN


def _born(pid: int | None) -> datetime | None:
    with suppress(psutil.Error):
        return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC) if pid else None
    return None


def _log(settings: Settings, name: str) -> Path:
    return settings.home / "logs" / f"{name}.log"
