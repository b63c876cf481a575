"""Which always-on processes of an installation run: each holds a lock under home while it works."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.locks import FileLock, is_held
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.errors import LeaseTaken
from alpha_oracle.risk.autonomy import PAPER_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alpha_oracle.config import Settings

API: Final = "api"
FEED: Final = "feed"
WATCH: Final = "watch"
WORKER: Final = "worker"
SIMULATED: Final = "simulated"
IBKR: Final = "ibkr"


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
    # Of two at once the first is seen.
    lock.acquire_exclusive()
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
        yield
    finally:
        lock.release()


def is_present(home: Path, name: str) -> bool:
    """Whether a process of that name works."""
    return is_held(_lock_path(home, name))


def _lock_path(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.lock"
