"""The deployments of `prefect.yaml`, registered once for each state of the code.

Prefect's own command line does it. It loads every flow and writes every deployment, which takes
longer than all else that `up` does: where a server under home was told by the same code before, and
has them still, nothing is done. So a schedule that was paused in the UI stays paused until then.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.prefect_deployments import (
    are_registered,
    is_answering,
    pool_is_ready,
    pool_is_there,
)
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

POOL: Final = "alpha-oracle"
PROJECT: Final = Path(__file__).parents[2]
COMMAND_SECONDS: Final = 300.0
POOL_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.2
CODE: Final = ("alpha_oracle", "flows", "tasks")
CREATED: Final = re.compile(r"created with id '([0-9a-f-]{36})'")


def prefect_command(*arguments: str) -> list[str]:
    """Return how Prefect's own command line is called."""
    return [sys.executable, "-m", "prefect", *arguments]


def register_deployments(url: str, *, record: Path | None) -> bool:
    """Register the deployments unless they are; return whether it was done.

    `record` is the file that remembers what was registered; None: the server is not ours, and is
    told every time. Their pool is made by the worker that waits for their runs.

    Raises:
        ConfigurationError: Prefect refuses them; with its words.
        StoreUnavailable: it takes too long.
    """
    state = code_state()
    if record is not None and are_registered(url, _recorded(record, state)):
        return False
    _await(lambda: pool_is_there(url, POOL))
    told = _prefect("--no-prompt", "deploy", "--all")
    if record is not None:
        record.write_text(json.dumps({"code": state, "ids": CREATED.findall(told)}))
    return True


def require_answer(url: str) -> None:
    """Ask a given Prefect API whether it is well.

    Raises:
        ConfigurationError: it does not answer.
    """
    if not is_answering(url):
        raise ConfigurationError(
            f"the Prefect API at {url} does not answer; start it, mend PREFECT_API_URL, or unset "
            "it for the server under home"
        )


def await_pool(url: str) -> bool:
    """Wait until a worker waits for flow runs; return whether one does."""
    return _await(lambda: pool_is_ready(url, POOL))


def code_state(project: Path = PROJECT) -> str:
    """Return what differs whenever the deployments may: their file's, code's and place's digest."""
    digest = hashlib.sha256(f"{project}|{sys.version}|{sys.executable}".encode())
    for path in (project / "prefect.yaml", project / "uv.lock", *_sources(project)):
        with suppress(FileNotFoundError):
            digest.update(f"{path.relative_to(project)}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _await(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + POOL_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _sources(project: Path) -> Iterable[Path]:
    return sorted(path for folder in CODE for path in (project / folder).rglob("*.py"))


def _recorded(record: Path, state: str) -> list[str]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(record.read_text())
        if noted["code"] == state:
            return [str(one) for one in noted["ids"]]
    return []


def _prefect(*arguments: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - Prefect's own command line.
            prefect_command(*arguments),
            cwd=PROJECT,
            # Its answers are read: they must not be broken into lines for a terminal.
            env=os.environ | {"COLUMNS": "400"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StoreUnavailable(
            f"`prefect {' '.join(arguments)}` takes longer than {COMMAND_SECONDS:.0f} s; try again"
        ) from None
    if answer.returncode:
        told = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:]
        raise ConfigurationError(f"`prefect {' '.join(arguments)}` failed: {' '.join(told)}")
    return answer.stdout
