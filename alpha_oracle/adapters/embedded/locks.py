"""Locks the kernel keeps: each ends with the last process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

POLL_SECONDS: Final = 0.02


class FileLock:
    """An flock on a file that stays, through an open file of its own.

    The descriptor is closed on exec. A forked child drops it at once, so that it neither keeps a
    lock alive nor shares one whose strength its parent changes; one opened with `rejoins` is
    taken anew, shared, by the child: each process counts for itself.
    """

    def __init__(self, path: Path, *, rejoins: bool = False) -> None:
        self.path = path
        self.rejoins = rejoins
        self._fd: int | None = None
        self._open()

    def fileno(self) -> int:
        """The descriptor, for handing it to a child.

        Raises:
            ValueError: the lock is closed.
        """
        if self._fd is None:
            raise ValueError(f"{self.path} is closed")
        return self._fd

    def acquire_exclusive(self, *, timeout_seconds: float = 0.0) -> bool:
        """Be the only holder; a shared lock becomes exclusive. Return whether it succeeded."""
        return self._acquire(fcntl.LOCK_EX, timeout_seconds)

    def acquire_shared(self, *, timeout_seconds: float = 0.0) -> bool:
        """Be one of the holders. Return whether it succeeded."""
        return self._acquire(fcntl.LOCK_SH, timeout_seconds)

    def release(self) -> None:
        """Unlock and close."""
        if self._fd is not None:
            # Closing alone would leave the lock with a child forked in this very moment.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self.hand_over()

    def hand_over(self) -> None:
        """Close, leaving the lock to the processes that inherited the descriptor."""
        fd, self._fd = self._fd, None
        _open_locks.discard(self)
        if fd is not None:
            os.close(fd)

    def _acquire(self, operation: int, timeout_seconds: float) -> bool:
        deadline = time.monotonic() + timeout_seconds
        while not self._try(operation):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.fileno(), operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _leave_to_parent(self) -> None:
        self.hand_over()
        if self.rejoins:
            self._open()
            self.acquire_shared()

    def _open(self) -> None:
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        _open_locks.add(self)


def is_held(path: Path) -> bool:
    """Whether any process holds the lock exclusively."""
    if not path.exists():
        return False
    probe = FileLock(path)
    try:
        return not probe.acquire_shared()
    finally:
        probe.release()


_open_locks: Final[set[FileLock]] = set()


def _after_fork_in_child() -> None:
    for lock in tuple(_open_locks):
        lock._leave_to_parent()  # noqa: SLF001 - the same module's class.


os.register_at_fork(after_in_child=_after_fork_in_child)
