"""The embedded servers of an installation kept running: one that was killed is started anew."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.bootstrap.children import ChildReport, ChildState
from alpha_oracle.bootstrap.upkeep import Patience
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alpha_oracle.adapters.embedded.store import EmbeddedStore

POLL_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class ServerUpkeep:
    """One server that this process is attached to; `changed` hears how it fares.

    `ended` hears of each death but those of a crash loop, `looping` that it is in one.
    """

    store: EmbeddedStore
    changed: Callable[[ChildReport], None]
    ended: Callable[[ChildReport], None]
    looping: Callable[[ChildReport], None]
    patience: Patience = field(default_factory=Patience)
    poll_seconds: float = POLL_SECONDS
    _deaths: int = field(default=0, init=False)
    _steady_polls: int = field(default=0, init=False)
    _report: ChildReport = field(init=False)

    def __post_init__(self) -> None:
        self._report = ChildReport(name=self.store.name, since=_now())

    def keep(self, ending: threading.Event) -> None:
        """Look after it until told to end."""
        self._note(ChildState.RUNNING)
        while not ending.wait(self.poll_seconds):
            if self.store.is_running:
                self._count_steady()
            else:
                self._revive(ending)

    def _count_steady(self) -> None:
        self._steady_polls += 1
        is_steady = self._steady_polls * self.poll_seconds >= self.patience.steady_seconds
        if is_steady and self._deaths:
            self._deaths = 0
            self._note(ChildState.RUNNING)

    def _revive(self, ending: threading.Event) -> None:
        self._deaths += 1
        self._steady_polls = 0
        is_looping = self._deaths >= self.patience.quick_deaths
        state = ChildState.CRASH_LOOP if is_looping else ChildState.RESTARTING
        self._note(state, restarts=self._report.restarts + 1)
        log.warning("server_ended", name=self.store.name, deaths=self._deaths)
        if not is_looping:
            self.ended(self._report)
        if self._deaths == self.patience.quick_deaths:
            log.error("process_in_crash_loop", name=self.store.name, deaths=self._deaths)
            self.looping(self._report)
        if self._deaths > 1 and ending.wait(self.patience.pause_seconds(self._deaths - 1)):
            return
        self._start(is_looping=is_looping)

    def _start(self, *, is_looping: bool) -> None:
        try:
            with self.store.attached():
                pass
        except AlphaOracleError as error:
            self._note(self._report.state, last_exit=str(error))
            log.warning("server_not_restarted", name=self.store.name, error=str(error))
            return
        if not is_looping:
            self._note(ChildState.RUNNING)

    def _note(self, state: ChildState, *, restarts: int | None = None, last_exit: str = "") -> None:
        self._report = replace(
            self._report,
            state=state,
            since=_now(),
            restarts=self._report.restarts if restarts is None else restarts,
            last_exit=last_exit or self._report.last_exit,
        )
        self.changed(self._report)


@contextmanager
def servers_kept_running(upkeeps: Sequence[ServerUpkeep]) -> Iterator[None]:
    """Look after servers, side by side, for the length of a block."""
    ending = threading.Event()
    threads = [
        threading.Thread(target=one.keep, args=(ending,), name=one.store.name) for one in upkeeps
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _now() -> datetime:
    return datetime.now(UTC)
