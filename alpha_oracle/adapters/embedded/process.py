"""A server's own processes: started detached, found again by whoever comes later, stopped.

They hold a lock of their own, so that whether the server runs is the kernel's word: no pid left
behind by a killed server, or taken since by another program, is ever believed.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from alpha_oracle.adapters.embedded.addresses import (
    close_socket_folder,
    open_socket_folder,
    socket_folder,
)
from alpha_oracle.adapters.embedded.locks import POLL_SECONDS, FileLock, is_held
from alpha_oracle.adapters.embedded.log_file import DETACH, LogFile
from alpha_oracle.adapters.embedded.server import Launch, Server, ServerFailed
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

READY_SECONDS: Final = 300.0
"""How long a server may take to recover from a kill, or to begin on a machine that is busy."""

ASKING_SECONDS: Final = 2.0

ORPHANS_SECONDS: Final = 5.0
"""How long processes of a server whose main process was killed may take to end by themselves."""


class ServerProcess:
    """The server of one data folder. Whoever starts or stops it makes sure nobody else does."""

    def __init__(self, server: Server, *, data: Path, lock: Path, log: Path) -> None:
        self._server = server
        self._data = data
        self._lock = lock
        self._log = LogFile(log)

    @property
    def url(self) -> str:
        """The server's URL, whether or not it runs."""
        return self._server.url(self._folder)

    @property
    def is_running(self) -> bool:
        """Whether any process of the server lives."""
        return is_held(self._lock)

    @property
    def pid(self) -> int | None:
        """The pid of its main process; None where none lives."""
        try:
            pid = int((self._data / self._server.pid_name).read_text().split()[0])
            return pid if self._is_ours(psutil.Process(pid)) else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def ensure_ready(self) -> None:
        """Start the server unless it runs, and wait until it answers.

        Raises:
            ConfigurationError: it cannot start; says what to mend.
            StoreUnavailable: it takes too long.
        """
        self._log.begin()
        try:
            open_socket_folder(self._data, self._server.socket_name)
            self._bring_up()
        except ServerFailed:
            raise ConfigurationError(
                f"the embedded {self._server.name} did not start: "
                f"{self._log.explanation(self._data)}"
            ) from None
        finally:
            self._log.close()

    def stop(self) -> None:
        """Stop the server, the cleanest way it takes; nothing where none runs.

        Raises:
            StoreUnavailable: it does not stop.
        """
        for step in self._server.stop_steps:
            for pid in self._pids() if self.is_running else ():
                with suppress(ProcessLookupError):
                    os.kill(pid, step.signal)
            if self._is_stopped_within(step.patience_seconds):
                close_socket_folder(self._data, self._server.socket_name)
                self._server.clean_up(self._data)
                return
        raise StoreUnavailable(
            f"the embedded {self._server.name} (pid {self.pid or 'not visible here'}) does not "
            f"stop; look in {self._log.path}, then kill it"
        )

    @property
    def _folder(self) -> Path:
        return socket_folder(self._data, self._server.socket_name)

    def _start(self) -> None:
        with self._log.opened() as log_fd:
            launch = self._server.prepare(self._data, log=log_fd)
            lock = FileLock(self._lock)
            try:
                # Someone asking whether it runs may hold it for an instant.
                if not lock.acquire_exclusive(timeout_seconds=ASKING_SECONDS):
                    raise StoreUnavailable(f"{self._lock} is held by another process; try again")
                self._launch(launch, lock_fd=lock.fileno(), log_fd=log_fd)
            finally:
                lock.hand_over()

    def _launch(self, launch: Launch, *, lock_fd: int, log_fd: int) -> None:
        account = launch.account
        subprocess.run(
            [*DETACH, *launch.command],
            check=True,
            cwd=self._data,
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            pass_fds=[lock_fd],
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    def _bring_up(self) -> None:
        began = time.monotonic()
        started = False
        while not (self.is_running and self._server.is_ready(self._folder)):
            waited = time.monotonic() - began
            if not self.is_running:
                # One found dying as we came is started anew; one that we started has failed.
                if started:
                    raise ServerFailed
                self._start()
                started = True
            elif not started and self.pid is None and waited >= ORPHANS_SECONDS:
                self.stop()
            elif waited >= READY_SECONDS:
                raise self._not_ready()
            else:
                time.sleep(POLL_SECONDS)

    def _is_stopped_within(self, patience_seconds: float) -> bool:
        deadline = time.monotonic() + patience_seconds
        while self.is_running:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _not_ready(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"the embedded {self._server.name} is still not ready after {READY_SECONDS:.0f} s; "
            f"look in {self._log.path} and try again"
        )

    def _pids(self) -> list[int]:
        pid = self.pid
        if pid is not None:
            return [pid]
        # A killed postmaster leaves backends that end by themselves, but not always soon.
        return [process.pid for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            named = process.name() == self._server.program
            return named and process.cwd() == str(self._data.resolve())
        return False
