"""Locks the kernel keeps: each ends with the last process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLL_SECONDS: Final = 0.02

_open_locks: Final[set[FileLock]] = set()


class FileLock:
    """An flock on a file that stays, through an open file of its own.

    The descriptor is closed on exec. A forked child drops it at once, so that it neither keeps a
    lock alive nor shares one whose strength its parent changes. Of one that `forks` the child gets
    a shared lock of its own, taken before the fork: each process counts for itself, without a gap.
    """

    def __init__(self, path: Path, *, forks: bool = False) -> None:
        self.path = path
        self._forks = forks
        self._fd: int | None = _open(path)
        self._for_child: int | None = None
        _open_locks.add(self)

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

    def before_fork(self) -> None:
        """Take the child's own lock, if it gets one."""
        if self._forks and self._fd is not None:
            with suppress(OSError):
                self._for_child = _open(self.path)
                # Refused where another thread is just leaving: then there is nothing to share.
                _try(self._for_child, fcntl.LOCK_SH)

    def after_fork_in_parent(self) -> None:
        """Leave the child's lock to the child."""
        fd, self._for_child = self._for_child, None
        if fd is not None:
            os.close(fd)

    def after_fork_in_child(self) -> None:
        """Leave the parent's lock to the parent."""
        fd, self._for_child = self._for_child, None
        self.hand_over()
        if fd is not None:
            self._fd = fd
            _open_locks.add(self)

    def _acquire(self, operation: int, timeout_seconds: float) -> bool:
        deadline = time.monotonic() + timeout_seconds
        while not _try(self.fileno(), operation):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def is_held(path: Path) -> bool:
    """Whether any process holds the lock exclusively; asks without writing."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try(fd, fcntl.LOCK_SH)
    finally:
        _try(fd, fcntl.LOCK_UN)
        os.close(fd)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try(fd: int, operation: int) -> bool:
    try:
        fcntl.flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _each(act: Callable[[FileLock], None]) -> None:
    for lock in tuple(_open_locks):
        act(lock)


os.register_at_fork(
    before=lambda: _each(FileLock.before_fork),
    after_in_parent=lambda: _each(FileLock.after_fork_in_parent),
    after_in_child=lambda: _each(FileLock.after_fork_in_child),
)
