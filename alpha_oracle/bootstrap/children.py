"""How the processes of a supervisor fare, noted under home for whoever asks."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class ChildState(StrEnum):
    """Where a process stands that is kept running."""

    WAITING = "waiting"
    RUNNING = "running"
    RESTARTING = "restarting"
    CRASH_LOOP = "crash loop"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildReport:
    """How a process fares: `since` when it runs or does not, how its last life ended."""

    name: str
    state: ChildState = ChildState.WAITING
    since: datetime
    pid: int | None = None
    restarts: int = 0
    last_exit: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it runs, and has not died again and again of late."""
        return self.state is ChildState.RUNNING


class ChildBoard:
    """The reports of a supervisor's processes; each change is written at once, whole."""

    def __init__(self, home: Path) -> None:
        self._path = board_path(home)
        self._guard = threading.Lock()
        self._reports: dict[str, ChildReport] = {}

    def put(self, report: ChildReport) -> None:
        """Note a report; a disk that is full ends no process."""
        with self._guard:
            self._reports[report.name] = report
            made = self._path.with_suffix(".new")
            with suppress(OSError):
                made.write_text(json.dumps([_encoded(one) for one in self._reports.values()]))
                made.replace(self._path)

    def clear(self) -> None:
        """Forget all of them."""
        with self._guard:
            self._path.unlink(missing_ok=True)


def reports(home: Path) -> Mapping[str, ChildReport]:
    """Return the reports by name, as the supervisor that runs, or ran last, noted them."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(board_path(home).read_text())
        return {one["name"]: _decoded(one) for one in noted}
    return {}


def board_path(home: Path) -> Path:
    """Return the file that holds the reports."""
    return home / "run" / "supervised.json"


def told_exit(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _encoded(report: ChildReport) -> dict[str, Any]:
    return asdict(report) | {"since": report.since.isoformat(), "state": report.state.value}


def _decoded(noted: Mapping[str, Any]) -> ChildReport:
    since = datetime.fromisoformat(noted["since"])
    return ChildReport(**{**noted, "since": since, "state": ChildState(noted["state"])})
