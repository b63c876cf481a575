"""One server shared by every process that needs it, started by the first, stopped by the last.

Who uses it is counted by the kernel: each user holds a shared lock on one file, which a killed
process loses like any other.
"""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil
import structlog

from alpha_oracle.adapters.embedded.locks import FileLock
from alpha_oracle.adapters.embedded.process import ServerProcess
from alpha_oracle.adapters.embedded.server import Server, StoreStatus
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGE_SECONDS: Final = 180.0
"""How long one process waits for another that is starting or stopping the server."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Membership:
    lock: FileLock
    count: int


class EmbeddedStore:
    """A server under home, shared by processes: attach to use it, detach when done.

    Attaching again in one process is counted. A forked child of a user is a user of its own for
    as long as it lives; like a killed one it may leave the server to the next user to stop.
    """

    def __init__(self, home: Path, server: Server) -> None:
        home = home.absolute()
        self._name = server.name
        self._home = home
        self._folders = (home, home / "run", home / "logs")
        self._lock = home / "run" / f"{server.name}.lock"
        self._users = home / "run" / f"{server.name}.users"
        self._process = ServerProcess(
            server,
            data=home / server.name,
            lock=home / "run" / f"{server.name}.server",
            log=home / "logs" / f"{server.name}.log",
        )

    @property
    def name(self) -> str:
        """The server's name."""
        return self._name

    @property
    def is_running(self) -> bool:
        """Whether any process of the server lives; asked cheaply."""
        return self._process.is_running

    def attach(self) -> str:
        """Use the store until `detach` or the end of the process; return its URL.

        Raises:
            ConfigurationError: it cannot start; says what to mend.
            StoreUnavailable: another process has been starting or stopping it for too long.
        """
        with self._said_plainly():
            for folder in self._folders:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._join()
        try:
            with self._alone():
                self._process.ensure_ready()
        except BaseException:
            self.detach()
            raise
        return self._process.url

    def detach(self) -> None:
        """Undo one `attach`; the last user of all stops the server.

        Raises:
            StoreUnavailable: the server does not stop.
        """
        with _memberships.guard:
            membership = _memberships.by_path.get(self._users)
            if membership is None:
                return
            membership.count -= 1
            if membership.count > 0:
                return
            del _memberships.by_path[self._users]
        atexit.unregister(self._leave_at_exit)
        self._leave(membership.lock)

    @contextmanager
    def attached(self) -> Iterator[str]:
        """Use the store for the length of a block; gives its URL."""
        url = self.attach()
        try:
            yield url
        finally:
            self.detach()

    def status(self) -> StoreStatus:
        """Say what runs and who uses it, without changing it.

        Raises:
            ConfigurationError: home cannot be read.
        """
        with self._said_plainly():
            return StoreStatus(
                name=self._name,
                running=self._process.is_running,
                pid=self._process.pid,
                url=self._process.url,
                users=_processes_with_open(self._users),
            )

    def stop(self) -> bool:
        """Stop the server, whoever uses it; return whether one ran.

        Raises:
            StoreUnavailable: the server does not stop.
            ConfigurationError: home cannot be used.
        """
        with self._said_plainly():
            if not self._process.is_running:
                return False
        with self._alone():
            self._process.stop()
        return True

    def _join(self) -> None:
        with _memberships.guard:
            membership = _memberships.by_path.get(self._users)
            if membership is None:
                membership = _Membership(lock=self._shared_lock(), count=0)
                _memberships.by_path[self._users] = membership
                atexit.register(self._leave_at_exit)
            membership.count += 1

    def _shared_lock(self) -> FileLock:
        lock = FileLock(self._users, forks=True)
        if not lock.acquire_shared(timeout_seconds=CHANGE_SECONDS):
            lock.release()
            raise self._busy()
        return lock

    def _leave(self, lock: FileLock) -> None:
        try:
            with self._alone():
                if lock.acquire_exclusive():
                    self._process.stop()
        finally:
            lock.release()

    def _leave_at_exit(self) -> None:
        with _memberships.guard:
            membership = _memberships.by_path.pop(self._users, None)
        if membership is None:
            return
        try:
            self._leave(membership.lock)
        except (StoreUnavailable, ConfigurationError) as error:
            log.warning("embedded_store_left_running", store=self._name, error=str(error))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._said_plainly():
            lock = FileLock(self._lock)
            try:
                if not lock.acquire_exclusive(timeout_seconds=CHANGE_SECONDS):
                    raise self._busy()
                yield
            finally:
                lock.release()

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"the embedded {self._name} cannot use {self._home}: {error}; make that folder "
                "writable, free space on its disk, or set ALPHA_ORACLE_HOME to another"
            ) from error

    def _busy(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"another process has been starting or stopping the embedded {self._name} for "
            f"{CHANGE_SECONDS:.0f} s; look in {self._home / 'logs'}, then try again"
        )


class _Memberships:
    """Which stores this process uses."""

    def __init__(self) -> None:
        self.by_path: dict[Path, _Membership] = {}
        self.guard = threading.RLock()

    def renew_guard(self) -> None:
        """Replace a lock that another thread of the parent may have held in a fork's moment."""
        self.guard = threading.RLock()


_memberships: Final = _Memberships()
os.register_at_fork(after_in_child=_memberships.renew_guard)


def _processes_with_open(path: Path) -> tuple[int, ...]:
    name = str(path.resolve())
    return tuple(
        process.pid for process in psutil.process_iter() if name in _names_of_open_files(process)
    )


def _names_of_open_files(process: psutil.Process) -> frozenset[str]:
    with suppress(psutil.Error, OSError):
        return frozenset(opened.path for opened in process.open_files())
    return frozenset()
