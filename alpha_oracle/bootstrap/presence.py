"""Which always-on processes of an installation run: each holds a lock under home while it works.

The worker also says, each time around, that it is not stuck.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.locks import FileLock, is_held
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.errors import LeaseTaken
from alpha_oracle.risk.autonomy import PAPER_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock

API: Final = "api"
FEED: Final = "feed"
WATCH: Final = "watch"
WORKER: Final = "worker"
SIMULATED: Final = "simulated"
IBKR: Final = "ibkr"


ASKED_SECONDS: Final = 0.2
BEAT_SECONDS: Final = 1.0

ALWAYS_ON: Final = (FEED, WORKER, API, WATCH)
"""The processes that an installation runs."""


def feed_source(settings: Settings) -> str:
    """Return who quotes: who executes does, unless another is set."""
    return settings.feed.source or settings.broker.provider


def traded_account(settings: Settings) -> str:
    """Return the account that the settings trade; empty while they name none."""
    return settings.broker.ibkr.account if trades_at_ibkr(settings) else PAPER_ACCOUNT


def trades_at_ibkr(settings: Settings) -> bool:
    """Whether orders go to Interactive Brokers: PAPER_ONLY never does, whatever the broker is."""
    is_paper = settings.risk.autonomy_mode is AutonomyMode.PAPER_ONLY
    return settings.broker.provider == IBKR and not is_paper


@contextmanager
def present(home: Path, name: str) -> Iterator[None]:
    """Let others see that a process of that name works, for the length of a block."""
    path = _lock_path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    # Of two at once the first is seen. Who only asks whether it is held, holds it for a moment.
    if lock.acquire_exclusive(timeout_seconds=ASKED_SECONDS):
        _sign(lock)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def only_one(home: Path, name: str) -> Iterator[None]:
    """Let others see that a process of that name works, and be the only one.

    Raises:
        LeaseTaken: another works already.
    """
    path = _lock_path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        # Long enough to outlast whoever only asks whether it is held.
        if not lock.acquire_exclusive(timeout_seconds=1.0):
            raise LeaseTaken(f"the {name} of this installation runs already; stop that one first")
        _sign(lock)
        yield
    finally:
        lock.release()


class Pulse:
    """The signs of life of a process that works in a loop, in a file under home."""

    def __init__(self, home: Path, name: str, clock: Clock) -> None:
        path = _pulse_path(home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._clock = clock
        self._beat_at = -BEAT_SECONDS

    def beat(self) -> None:
        """Give a sign of life, unless one was given within a second."""
        now = time.monotonic()
        if now - self._beat_at >= BEAT_SECONDS:
            self._beat_at = now
            # Always the same length: a reader sees the old one or the new one. A disk that is full
            # ends no trading.
            with suppress(OSError):
                os.pwrite(self._fd, _written(self._clock.now()), 0)

    def close(self) -> None:
        """Close the file; the last sign of life stays in it."""
        os.close(self._fd)


def last_beat(home: Path, name: str) -> datetime | None:
    """Return when a process last gave a sign of life, by its clock; None: it never did."""
    with suppress(OSError, ValueError):
        return datetime.fromisoformat(_pulse_path(home, name).read_text(encoding="ascii"))
    return None


def is_present(home: Path, name: str) -> bool:
    """Whether a process of that name works."""
    return is_held(_lock_path(home, name))


def process_present(home: Path, name: str) -> int | None:
    """Return the pid of the process of that name that works; None: none does."""
    with suppress(OSError, ValueError):
        if is_present(home, name):
            return int(_lock_path(home, name).read_text(encoding="ascii"))
    return None


def _sign(lock: FileLock) -> None:
    # Whoever holds the lock says who it is; a full disk ends no process.
    with suppress(OSError):
        os.ftruncate(lock.fileno(), 0)
        os.pwrite(lock.fileno(), str(os.getpid()).encode("ascii"), 0)


def _lock_path(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.lock"


def _pulse_path(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.pulse"


def _written(instant: datetime) -> bytes:
    return instant.isoformat(timespec="microseconds").encode("ascii")
