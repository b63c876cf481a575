"""What a watch over the installation asks of the record, of Prefect and of other processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.runs import RunStatus
    from alpha_oracle.domain.trading_events import RiskAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRun:
    """How it stands with a session's run of the universe; `status` None: none was begun.

    `started_at` is when it was begun last, `first_ever_at` when the installation began its first
    run of any session; None: never.
    """

    session: Session
    status: RunStatus | None
    error: str | None
    started_at: datetime | None
    first_ever_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningFlow:
    """A flow run that the orchestrator has as running.

    `silence` is how long its process has given no sign of life, `rhythm` the time between its
    last two signs; None: it gave fewer.
    """

    flow_run_id: str
    name: str
    flow: str
    silence: timedelta
    rhythm: timedelta | None


class WatchRecord(Protocol):
    """What watchdogs have told, in the record of all that is announced, and what they look at.

    A trouble has a subject and an occurrence; each is announced once, whoever finds it, however
    often.
    """

    def open_occurrence(self, subject: str) -> str | None:
        """Return the trouble of a subject that was told of last and is not over; None: none."""
        ...

    def announce(self, subject: str, occurrence: str, alert: RiskAlert, *, at: datetime) -> None:
        """Put a trouble on record, to be announced once."""
        ...

    def close(self, subject: str, occurrence: str, alert: RiskAlert, *, at: datetime) -> None:
        """Put on record that a trouble is over, to be announced once."""
        ...

    def session_run(self, session: Session) -> SessionRun:
        """Return how it stands with a session's run of the universe."""
        ...


class FlowRuns(Protocol):
    """The orchestrator of flow runs.

    Raises:
        TransientError: each method, where it cannot be reached.
    """

    def require_health(self) -> None:
        """Ask whether it answers."""
        ...

    def running(self) -> list[RunningFlow]:
        """Return the flow runs it has as running."""
        ...

    def workers_online(self, pool: str) -> int | None:
        """Return how many workers of a pool wait for flow runs; None: there is no such pool."""
        ...

    def ensure_automation(self) -> bool:
        """Let it show by itself which runs gave no heartbeat; return whether that is new."""
        ...
