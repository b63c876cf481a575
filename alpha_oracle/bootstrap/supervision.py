"""What `alpha-oracle up` keeps running, and how the command line finds it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from alpha_oracle.adapters.embedded.locks import FileLock, is_held
from alpha_oracle.bootstrap.orchestration import prefect_api
from alpha_oracle.bootstrap.presence import ALWAYS_ON, is_present
from alpha_oracle.bootstrap.stores import opened_stores
from alpha_oracle.bootstrap.upkeep import Upkeep
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alpha_oracle.config import Settings

POOL: Final = "alpha-oracle"
PROJECT: Final = Path(__file__).parents[2]
READY_SECONDS: Final = 180.0
PROCESSES_SECONDS: Final = 30.0
END_SECONDS: Final = 60.0
COMMAND_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.2


@contextmanager
def supervised(settings: Settings) -> Iterator[None]:
    """Keep the installation running for the length of a block.

    Raises:
        ConfigurationError: it runs already, or a part cannot start; says what to mend.
    """
    run = settings.home / "run"
    run.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lock = FileLock(_lock_path(settings.home))
        stack.callback(lock.release)
        if not lock.acquire_exclusive():
            raise ConfigurationError("the installation is up already; see `alpha-oracle status`")
        born = psutil.Process().create_time()
        _pid_path(settings.home).write_text(f"{os.getpid()} {born}")
        _ready_path(settings.home).unlink(missing_ok=True)
        stack.callback(_ready_path(settings.home).unlink, missing_ok=True)
        stack.enter_context(opened_stores(settings))
        for name in ALWAYS_ON:
            stack.enter_context(_always_on_process(settings.home, name).running())
        stack.enter_context(prefect_api(settings.home))
        _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
        _prefect("--no-prompt", "deploy", "--all")
        worker = Upkeep(
            command=_prefect_command("worker", "start", "--pool", POOL, "--type", "process"),
            name="flow-run worker",
            log_path=settings.home / "logs" / "flow-run-worker.log",
            cwd=PROJECT,
        )
        stack.enter_context(worker.running())
        _await(settings.home, ALWAYS_ON)
        _ready_path(settings.home).touch()
        yield


def start_detached(home: Path) -> None:
    """Start the supervisor in a session of its own and wait until it is ready.

    Raises:
        ConfigurationError: it runs already, or does not start; with the end of its log.
    """
    if is_up(home):
        raise ConfigurationError("the installation is up already; see `alpha-oracle status`")
    log_path = home / "logs" / "supervisor.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    _ready_path(home).unlink(missing_ok=True)
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "alpha_oracle.entrypoints.supervisor"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + READY_SECONDS
    while not _ready_path(home).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ConfigurationError(f"the installation did not start: {_last_line(log_path)}")
        time.sleep(POLL_SECONDS)


def stop_detached(home: Path) -> bool:
    """End the supervisor with what it started; return whether one ran.

    Raises:
        StoreUnavailable: it does not end.
    """
    pid, ran = _recorded_pid(home), is_up(home)
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        if ran:
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while is_up(home):
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"the supervisor (pid {pid}) does not end; kill it")
        time.sleep(POLL_SECONDS)
    left = _end_session(pid)
    _pid_path(home).unlink(missing_ok=True)
    return ran or left


def is_up(home: Path) -> bool:
    """Whether a supervisor runs."""
    return is_held(_lock_path(home))


def supervisor_pid(home: Path) -> int | None:
    """The pid of the supervisor; None where none runs."""
    return _recorded_pid(home) if is_up(home) else None


def _recorded_pid(home: Path) -> int | None:
    with suppress(OSError, ValueError):
        pid, born = _pid_path(home).read_text().split()
        return None if _is_another(int(pid), born=float(born)) else int(pid)
    return None


def _is_another(pid: int, *, born: float) -> bool:
    # The supervisor may be long dead and its pid a stranger's; its session is then not ours to end.
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).create_time() != born
    return False


def _end_session(leader: int) -> bool:
    # What a killed supervisor started lives on in its session.
    left = [process for process in psutil.process_iter() if _session_of(process) == leader]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(left, timeout=END_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return bool(left)


def _session_of(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(process.pid)
    return None


def _prefect_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def _prefect(*arguments: str) -> None:
    answer = subprocess.run(  # noqa: S603 - Prefect's own command line.
        _prefect_command(*arguments),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if answer.returncode:
        told = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:]
        raise ConfigurationError(f"`prefect {' '.join(arguments)}` failed: {' '.join(told)}")


def _always_on_process(home: Path, name: str) -> Upkeep:
    return Upkeep(
        command=[sys.executable, "-m", f"alpha_oracle.entrypoints.{name}"],
        name=name,
        log_path=home / "logs" / f"{name}.log",
        # Where the settings were found, they are found again.
        cwd=Path.cwd(),
    )


def _await(home: Path, names: Sequence[str]) -> None:
    # One that does not come is started again and again; what runs is not held up for it.
    deadline = time.monotonic() + PROCESSES_SECONDS
    while not all(is_present(home, name) for name in names) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _last_line(path: Path) -> str:
    lines: Sequence[str] = path.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1]} (see {path})" if lines else f"see {path}"


def _lock_path(home: Path) -> Path:
    return home / "run" / "supervisor.lock"


def _pid_path(home: Path) -> Path:
    return home / "run" / "supervisor.pid"


def _ready_path(home: Path) -> Path:
    return home / "run" / "supervisor.ready"
