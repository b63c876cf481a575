"""What `alpha-oracle up` keeps running: stores, Prefect, the always-on processes, flow runs.

What does not need one another starts side by side. It ends in order: the worker first, so that
nothing is sent any more, then all that uses the stores, then Prefect's server, the stores last.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.bootstrap.children import ChildBoard
from alpha_oracle.bootstrap.death_notices import DeathNotices
from alpha_oracle.bootstrap.deployments import (
    POOL,
    PROJECT,
    await_pool,
    prefect_command,
    register_deployments,
    require_answer,
)
from alpha_oracle.bootstrap.orchestration import API_VARIABLE, prefect_api
from alpha_oracle.bootstrap.ports import refuse_taken
from alpha_oracle.bootstrap.presence import ALWAYS_ON, WORKER, is_present
from alpha_oracle.bootstrap.server_upkeep import ServerUpkeep, servers_kept_running
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.bootstrap.supervisor import (
    being_the_supervisor,
    end,
    say_ready,
    session_members,
)
from alpha_oracle.bootstrap.upkeep import Command, Upkeep
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alpha_oracle.adapters.embedded.store import EmbeddedStore
    from alpha_oracle.config import Settings

FLOW_RUNS: Final = "flow-runs"
"""The process that waits for flow runs and starts them, as its log is called."""

PROCESSES_SECONDS: Final = 180.0
HOPELESS_DEATHS: Final = 2
POLL_SECONDS: Final = 0.2
LEAST_BYTES: Final = 200_000_000
"""Less free space than this is not worth a start: stores would fail in the middle of their work."""

log = structlog.get_logger(__name__)


@contextmanager
def supervised(settings: Settings) -> Iterator[None]:
    """Keep the installation running for the length of a block.

    Raises:
        ConfigurationError: it runs already, or a part cannot start; says what to mend.
        StoreUnavailable: a store cannot be reached.
    """
    home = settings.home
    with being_the_supervisor(home), ExitStack() as stack:
        refuse_taken(settings)
        _refuse_full_disk(home)
        is_ours = not os.environ.get(API_VARIABLE)
        store_stack = stack.enter_context(ExitStack())
        server_stack = stack.enter_context(ExitStack())
        crew = stack.enter_context(_crew(settings))
        with ThreadPoolExecutor(max_workers=2) as side_by_side:
            url = side_by_side.submit(_begin_prefect, settings, server_stack)
            stores = side_by_side.submit(store_stack.enter_context, opened_stores(settings))
            crew.notices.database = stores.result().database
            crew.start(*(_always_on_command(home, name, crew.environment) for name in ALWAYS_ON))
            crew.start(_flow_runs_command(home, url.result()))
        servers = [
            ServerUpkeep(
                store=one,
                changed=crew.board.put,
                ended=crew.notices.tell_end,
                looping=crew.notices.tell_loop,
            )
            for one in _embedded(settings, is_ours=is_ours)
        ]
        stack.enter_context(servers_kept_running(servers))
        record = home / "prefect" / "registered.json" if is_ours else None
        if register_deployments(url.result(), record=record):
            log.info("deployments_registered")
        await_pool(url.result())
        crew.await_present(ALWAYS_ON)
        say_ready(home)
        yield


@dataclass(slots=True, kw_only=True)
class _Crew:
    settings: Settings
    board: ChildBoard
    environment: Mapping[str, str]
    notices: DeathNotices
    upkeeps: list[Upkeep] = field(default_factory=list)

    def start(self, *commands: Command) -> None:
        for command in commands:
            upkeep = Upkeep(
                command=command,
                changed=self.board.put,
                ended=self.notices.tell_end,
                looping=self.notices.tell_loop,
            )
            self.upkeeps.append(upkeep)
            upkeep.start()

    def await_present(self, names: Sequence[str]) -> None:
        # One that does not come is started again and again; what runs is not held up for it.
        deadline = time.monotonic() + PROCESSES_SECONDS
        while not all(self._is_decided(name) for name in names) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def end(self) -> None:
        first = [one for one in self.upkeeps if one.command.name == WORKER]
        for phase in (first, self.upkeeps):
            for upkeep in phase:
                upkeep.ask_to_stop()
            for upkeep in phase:
                upkeep.stop()
        if os.getsid(0) == os.getpid():
            # Flow runs that their worker left.
            end(session_members(os.getpid()))

    def _is_decided(self, name: str) -> bool:
        deaths = max(one.restarts for one in self.upkeeps if one.command.name == name)
        return is_present(self.settings.home, name) or deaths >= HOPELESS_DEATHS


@contextmanager
def _crew(settings: Settings) -> Iterator[_Crew]:
    board = ChildBoard(settings.home)
    board.clear()
    notices = DeathNotices(clock_of(settings))
    crew = _Crew(settings=settings, board=board, notices=notices, environment=dict(os.environ))
    try:
        yield crew
    finally:
        notices.close()
        crew.end()
        board.clear()


def _begin_prefect(settings: Settings, stack: ExitStack) -> str:
    given = os.environ.get(API_VARIABLE)
    if given:
        require_answer(given)
    else:
        stack.callback(embedded_prefect(settings.home).detach)
    return stack.enter_context(prefect_api(settings.home))


def _refuse_full_disk(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < LEAST_BYTES:
        raise ConfigurationError(
            f"{free / 1e6:,.0f} MB are free where {LEAST_BYTES / 1e6:,.0f} MB at least are needed; "
            f"free space on the disk of {home}"
        )


def _embedded(settings: Settings, *, is_ours: bool) -> list[EmbeddedStore]:
    home = settings.home
    stores = {
        embedded_postgres: settings.database.url is None,
        embedded_redis: settings.redis.url is None,
        embedded_prefect: is_ours,
    }
    return [store(home) for store, is_embedded in stores.items() if is_embedded]


def _always_on_command(home: Path, name: str, environment: Mapping[str, str]) -> Command:
    return Command(
        name=name,
        arguments=[sys.executable, "-m", f"alpha_oracle.entrypoints.{name}"],
        # Where the settings were found, they are found again.
        cwd=Path.cwd(),
        log_path=home / "logs" / f"{name}.log",
        environment=environment,
    )


def _flow_runs_command(home: Path, url: str) -> Command:
    return Command(
        name=FLOW_RUNS,
        arguments=prefect_command("worker", "start", "--pool", POOL, "--type", "process"),
        cwd=PROJECT,
        log_path=home / "logs" / f"{FLOW_RUNS}.log",
        environment=dict(os.environ) | {API_VARIABLE: url},
    )
