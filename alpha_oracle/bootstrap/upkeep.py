"""A child process kept running: restarted with growing pauses, ended with its keeper."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.embedded.log_file import LogFile
from alpha_oracle.bootstrap.children import ChildReport, ChildState, told_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

POLL_SECONDS: Final = 0.2
END_SECONDS: Final = 20.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a process that dies is started again.

    The pause doubles with every death, from the first to the longest. `quick_deaths` lives in a
    row that were shorter than `steady_seconds` are a crash loop: it is told, and tried on at the
    longest pause. A life that is longer makes all well again.
    """

    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0
    steady_seconds: float = 120.0
    quick_deaths: int = 5

    def pause_seconds(self, deaths: int) -> float:
        """Return how long to wait after that many quick deaths in a row."""
        if deaths >= self.quick_deaths:
            return self.longest_pause_seconds
        doubled = self.first_pause_seconds * 2.0 ** max(deaths - 1, 0)
        return min(doubled, self.longest_pause_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, where, with which variables of its own, and where its output goes."""

    name: str
    arguments: Sequence[str]
    cwd: Path
    log_path: Path
    environment: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """One process, kept running from `start` to `stop`.

    `changed` hears each change of how it fares, `ended` each death but those of a crash loop,
    `looping` that it is in one.
    """

    command: Command
    changed: Callable[[ChildReport], None]
    ended: Callable[[ChildReport], None]
    looping: Callable[[ChildReport], None]
    patience: Patience = field(default_factory=Patience)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _keeper: threading.Thread | None = field(default=None, init=False)
    _report: ChildReport = field(init=False)

    def __post_init__(self) -> None:
        self._report = ChildReport(name=self.command.name, since=_now())

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self._report.restarts

    def start(self) -> None:
        """Begin to keep it running."""
        self._keeper = threading.Thread(target=self._keep, name=self.command.name)
        self._keeper.start()

    def ask_to_stop(self) -> None:
        """Let it end; `stop` waits for it."""
        self._stopping.set()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.ask_to_stop()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        deaths = 0
        while not self._stopping.is_set():
            born = time.monotonic()
            told = self._live_once(is_looping=deaths >= self.patience.quick_deaths)
            if self._stopping.is_set():
                break
            is_quick = time.monotonic() - born < self.patience.steady_seconds
            deaths = deaths + 1 if is_quick else 1
            self._rest(deaths, told)
        self._note(ChildState.ENDED)

    def _rest(self, deaths: int, told: str) -> None:
        pause = self.patience.pause_seconds(deaths)
        is_looping = deaths >= self.patience.quick_deaths
        state = ChildState.CRASH_LOOP if is_looping else ChildState.RESTARTING
        self._note(state, last_exit=told, restarts=self._report.restarts + 1)
        log.warning("process_ended", name=self.command.name, how=told, restart_in_seconds=pause)
        if not is_looping:
            self.ended(self._report)
        if deaths == self.patience.quick_deaths:
            log.error("process_in_crash_loop", name=self.command.name, deaths=deaths, how=told)
            self.looping(self._report)
        self._stopping.wait(pause)

    def _live_once(self, *, is_looping: bool) -> str:
        output = LogFile(self.command.log_path)
        try:
            with output.opened() as sink:
                child = self._started(sink)
        except OSError as error:
            return f"cannot be started: {error}"
        self._note(ChildState.CRASH_LOOP if is_looping else ChildState.RUNNING, pid=child.pid)
        code = self._awaited(child, is_looping=is_looping)
        output.await_last_words()
        output.close()
        return told_exit(code)

    def _started(self, sink: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command.
            list(self.command.arguments),
            cwd=self.command.cwd,
            env=dict(self.command.environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )

    def _awaited(self, child: subprocess.Popen[bytes], *, is_looping: bool) -> int:
        steady_at = time.monotonic() + self.patience.steady_seconds
        while child.poll() is None and not self._stopping.wait(POLL_SECONDS):
            if is_looping and time.monotonic() >= steady_at:
                is_looping = False
                self._note(ChildState.RUNNING, pid=child.pid)
        if child.poll() is None:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                return child.wait(END_SECONDS)
            child.kill()
        return child.wait()

    def _note(
        self,
        state: ChildState,
        *,
        pid: int | None = None,
        last_exit: str | None = None,
        restarts: int | None = None,
    ) -> None:
        self._report = replace(
            self._report,
            state=state,
            since=_now(),
            pid=pid,
            last_exit=self._report.last_exit if last_exit is None else last_exit,
            restarts=self._report.restarts if restarts is None else restarts,
        )
        self.changed(self._report)


def _now() -> datetime:
    return datetime.now(UTC)
