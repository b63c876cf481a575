"""A child process kept running: restarted with growing pauses, ended with its keeper."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
STEADY_SECONDS: Final = 300.0
"""A child that lived this long is healthy: its next end starts with the first pause again."""

END_SECONDS: Final = 20.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What to run, and where its output goes."""

    command: Sequence[str]
    name: str
    log_path: Path
    cwd: Path

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the child running for the length of a block."""
        stopping = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(stopping,), name=self.name)
        keeper.start()
        try:
            yield
        finally:
            stopping.set()
            keeper.join()

    def _keep(self, stopping: threading.Event) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not stopping.is_set():
            started = time.monotonic()
            code = self._run_once(stopping)
            if stopping.is_set():
                return
            steady = time.monotonic() - started >= STEADY_SECONDS
            pause = FIRST_PAUSE_SECONDS if steady else min(2 * pause, LONGEST_PAUSE_SECONDS)
            log.warning("process_ended", name=self.name, code=code, restart_in_seconds=pause)
            stopping.wait(pause)

    def _run_once(self, stopping: threading.Event) -> int:
        with self.log_path.open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 - our own command.
                list(self.command),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        while child.poll() is None and not stopping.wait(0.2):
            pass
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        return child.wait()
