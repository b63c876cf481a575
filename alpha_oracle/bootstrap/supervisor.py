"""The supervisor as others see it: started detached, found again, ended with all it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from alpha_oracle.adapters.embedded.locks import FileLock, is_held
from alpha_oracle.adapters.embedded.log_file import LogFile
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = "alpha_oracle.entrypoints.supervisor"
FAILED: Final = "installation_failed"
"""The event of its log that says why it could not start, under `error`."""

READY_SECONDS: Final = 600.0
END_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.2
LAST_BYTES: Final = 65_536
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def being_the_supervisor(home: Path) -> Iterator[None]:
    """Be the one supervisor for the length of a block; what a killed one left is ended first.

    Raises:
        ConfigurationError: another runs already.
    """
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(_lock_path(home))
    try:
        # Long enough to outlast whoever only asks whether it is held.
        if not lock.acquire_exclusive(timeout_seconds=1.0):
            raise ConfigurationError("the installation is up already; see `alpha-oracle status`")
        os.ftruncate(lock.fileno(), 0)
        os.pwrite(lock.fileno(), str(os.getpid()).encode("ascii"), 0)
        end_what_is_left(home)
        born = psutil.Process().create_time()
        _pid_path(home).write_text(f"{os.getpid()} {born} {_this_boot()}")
        yield
    finally:
        _ready_path(home).unlink(missing_ok=True)
        lock.release()


def say_ready(home: Path) -> None:
    """Tell who waits that all is started."""
    _ready_path(home).write_text(str(os.getpid()))


def start_detached(home: Path) -> None:
    """Start the supervisor in a session of its own and wait until it is ready.

    Raises:
        ConfigurationError: it runs already, or cannot start; in its words.
    """
    if is_up(home):
        raise ConfigurationError("the installation is up already; see `alpha-oracle status`")
    output = LogFile(home / "logs" / "supervisor.log")
    output.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output.begin()
    with output.opened() as sink:
        process = subprocess.Popen(  # noqa: S603 - our own program.
            [sys.executable, "-m", PROGRAM],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(home, process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            output.await_last_words()
            raise ConfigurationError(f"the installation did not start: {_reason(output.path)}")
        time.sleep(POLL_SECONDS)
    output.close()


def stop_detached(home: Path) -> bool:
    """End the supervisor with what it started, or what a killed one left; return whether any ran.

    Raises:
        StoreUnavailable: it does not end.
    """
    pid = supervisor_pid(home)
    ran = is_up(home)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while is_up(home):
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"the supervisor (pid {pid}) does not end; kill it")
        time.sleep(POLL_SECONDS)
    return end_what_is_left(home) or ran


def is_up(home: Path) -> bool:
    """Whether a supervisor runs."""
    return is_held(_lock_path(home))


def is_ready(home: Path) -> bool:
    """Whether a supervisor runs, and has started all there is to start."""
    pid = supervisor_pid(home)
    return pid is not None and _is_ready(home, pid)


def supervisor_pid(home: Path) -> int | None:
    """The pid of the supervisor; None where none runs."""
    with suppress(OSError, ValueError):
        if is_up(home):
            # Whoever holds it signed it. What is recorded beside may be of the one before, and a
            # clock that was set since tells another birth.
            return int(_lock_path(home).read_text())
    return None


def end_what_is_left(home: Path) -> bool:
    """End what a supervisor that is gone left in its session; return whether there was anything."""
    pid = _recorded_pid(home)
    left = [] if pid is None else session_members(pid)
    end(left)
    _pid_path(home).unlink(missing_ok=True)
    return bool(left)


def session_members(leader: int) -> list[psutil.Process]:
    """Return the processes of a session, this one apart."""
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _session_of(process) == leader
    ]


def end(processes: list[psutil.Process]) -> None:
    """End processes, the clean way while they take it."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=END_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _recorded_pid(home: Path) -> int | None:
    with suppress(OSError, ValueError):
        pid, born, boot = _pid_path(home).read_text().split()
        is_gone = boot != _this_boot() or _is_another(int(pid), born=float(born))
        return None if is_gone else int(pid)
    return None


def _is_another(pid: int, *, born: float) -> bool:
    # The supervisor may be long dead and its pid a stranger's; its session is then not ours to end.
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).create_time() != born
    return False


def _this_boot() -> str:
    # Sessions are numbered anew by each boot: one of that number may be any daemon's.
    with suppress(OSError):
        return BOOT_ID.read_text().strip()
    return str(int(psutil.boot_time()))


def _session_of(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(process.pid)
    return None


def _is_ready(home: Path, pid: int) -> bool:
    with suppress(OSError):
        return _ready_path(home).read_text() == str(pid)
    return False


def _reason(path: Path) -> str:
    lines = _last_lines(path)
    for line in reversed(lines):
        with suppress(ValueError, AttributeError):
            noted = json.loads(line)
            if noted.get("event") == FAILED:
                return str(noted["error"])
    return f"{lines[-1]} (see {path})" if lines else f"see {path}"


def _last_lines(path: Path) -> list[str]:
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        return file.read().decode(errors="replace").strip().splitlines()
    return []


def _lock_path(home: Path) -> Path:
    return home / "run" / "supervisor.lock"


def _pid_path(home: Path) -> Path:
    return home / "run" / "supervisor.pid"


def _ready_path(home: Path) -> Path:
    return home / "run" / "supervisor.ready"
