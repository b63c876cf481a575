"""When an installation is not well: what did not come, who fell silent, what was cut off.

Each decider returns the trouble it finds, or None where all is well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.trading_events import RiskAlert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.watchdogs import RunningFlow, SessionRun

PIPELINE: Final = "pipeline"
WORKER: Final = "worker"
FEED: Final = "feed"
API: Final = "api"
SUPERVISOR: Final = "supervisor"
PREFECT: Final = "Prefect server"
FLOW_RUN_WORKER: Final = "flow-run worker"
CHAT: Final = "operators' chat"

MEANWHILE: Final[Mapping[str, str]] = {
    FEED: "no quotes come, so nothing is bought",
    API: "nobody is answered over HTTP",
    SUPERVISOR: "what ends is not started again",
    PREFECT: "no pipeline starts by itself",
    FLOW_RUN_WORKER: "no pipeline starts by itself",
}
"""The parts that may be absent, and what that means."""

WELL_AGAIN: Final = "well_again"

PIPELINE_DEADLINE: Final = time(18, 30)
"""In New York, on every session, half days included."""

RUN_ALLOWANCE: Final = timedelta(minutes=90)
"""From when the daily run is due to begin until that."""

OPEN_SILENCE: Final = timedelta(seconds=60)
CLOSED_SILENCE: Final = timedelta(minutes=10)
"""How long no heartbeat of the worker may come while the market is open, and while it is not."""

ABSENCE: Final = timedelta(seconds=60)
STORE_ABSENCE: Final = timedelta(seconds=30)
CHAT_SILENCE: Final = timedelta(minutes=2)
MISSED_BEATS: Final = 3
SHORTEST_RHYTHM: Final = timedelta(seconds=30)
USUAL_RHYTHM: Final = timedelta(seconds=180)
"""Prefect's shortest interval between two heartbeats of a flow run, and the one it comes with."""

LEEWAY: Final = timedelta(minutes=1)
"""Heartbeats from further ahead than this are of another time: a rehearsal that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is not well with the alert's subject.

    `occurrence` tells this trouble from the next of the same subject, whoever finds it; empty:
    whatever lasts is the same one.
    """

    alert: RiskAlert
    occurrence: str = ""

    @property
    def subject(self) -> str:
        """What is not well."""
        return self.alert.subject


def due_session(now: datetime, *, deadline: time = PIPELINE_DEADLINE) -> Session:
    """Return the newest session whose pipeline is to have been committed by now."""
    newest = calendar.latest_session_on_or_before(now.astimezone(calendar.NEW_YORK).date())
    is_due = pipeline_deadline(newest, deadline=deadline) <= now
    return newest if is_due else calendar.shift_session(newest, -1)


def pipeline_deadline(session: Session, *, deadline: time = PIPELINE_DEADLINE) -> datetime:
    """The instant by which a session's pipeline is to be committed, UTC."""
    moment = datetime.combine(session, deadline, calendar.NEW_YORK)
    return moment.astimezone(UTC)


def is_repeated(run: SessionRun, *, now: datetime, deadline: time = PIPELINE_DEADLINE) -> bool:
    """Whether somebody runs a session again, after it was committed or told to be missed.

    That may take as long as a run is given that begins when it should.
    """
    by = pipeline_deadline(run.session, deadline=deadline)
    if run.status is not RunStatus.RUNNING or run.started_at is None:
        return False
    return by <= run.started_at and now - run.started_at < RUN_ALLOWANCE


def missed_pipeline(
    run: SessionRun, *, now: datetime, watching_since: datetime, deadline: time = PIPELINE_DEADLINE
) -> Trouble | None:
    """Judge the newest session that is due; one from before the installation's first run is not."""
    by = pipeline_deadline(run.session, deadline=deadline)
    is_older = run.first_ever_at is None or run.first_ever_at > by
    if run.status is RunStatus.DONE or (is_older and watching_since > by):
        return None
    state = {
        None: "no run was begun",
        RunStatus.RUNNING: "its run is still going on, or was killed",
        RunStatus.FAILED: f"its run failed ({run.error})",
    }[run.status]
    return Trouble(
        occurrence=run.session.isoformat(),
        alert=_alert(
            "pipeline_missed",
            PIPELINE,
            f"no pipeline of {run.session} is committed at {deadline:%H:%M} New York: {state}; "
            "no signal of that session will be traded",
            at=now,
        ),
    )


def silent_worker(
    beat: datetime | None, *, now: datetime, watching_since: datetime
) -> Trouble | None:
    """Judge when the worker's loop last gave a sign of life; None: it never did.

    A watch that has just begun gives it the same time to come.
    """
    session = calendar.latest_opened_session(now)
    is_open = now < calendar.session_close(session)
    bound = OPEN_SILENCE if is_open else CLOSED_SILENCE
    known = beat if beat is not None and beat <= now + LEEWAY else None
    begins = [watching_since, *([] if known is None else [known])]
    silence = now - max(begins)
    if silence < bound:
        return None
    since = "it was never seen" if known is None else f"the last came at {_told(known)}"
    return Trouble(
        # Told once a session, however long it lasts.
        occurrence=f"{session if is_open else f'after {session}'} {known and known.isoformat()}",
        alert=_alert(
            "worker_silent",
            WORKER,
            f"no heartbeat of the worker for {_seconds(silence)} seconds, {since}: nothing is "
            "bought, sold or cancelled meanwhile",
            at=now,
            value=silence,
            threshold=bound,
        ),
    )


def absent_part(part: str, *, away: timedelta, now: datetime) -> Trouble | None:
    """Judge a part of the installation that has been away, or silent, for so long."""
    if away < ABSENCE:
        return None
    return Trouble(
        alert=_alert(
            "process_down",
            part,
            f"{part} has been down for {_seconds(away)} seconds: {MEANWHILE[part]}",
            at=now,
            value=away,
            threshold=ABSENCE,
        ),
    )


def absent_store(name: str, kind: str, *, away: timedelta, now: datetime) -> Trouble | None:
    """Judge a store that has not answered for so long; `kind` is the alert's type."""
    if away < STORE_ABSENCE:
        return None
    return Trouble(
        alert=_alert(
            kind,
            name,
            f"{name} has not answered for {_seconds(away)} seconds: the kill switch counts as "
            "active and nothing is sent meanwhile",
            at=now,
            value=away,
            threshold=STORE_ABSENCE,
        ),
    )


def unserved_chat(*, away: timedelta, now: datetime) -> Trouble | None:
    """Judge a chat of the operators that was not served for so long."""
    if away < CHAT_SILENCE:
        return None
    return Trouble(
        alert=_alert(
            "chat_unserved",
            CHAT,
            f"the operators' chat has not been served for {_seconds(away)} seconds: nobody can "
            "halt, resume or approve there",
            at=now,
            value=away,
            threshold=CHAT_SILENCE,
        ),
    )


def dead_flow_run(run: RunningFlow, *, now: datetime) -> Trouble | None:
    """Judge a flow run that Prefect has as running: its process may have been killed.

    It may miss three beats of its own rhythm; one that has not shown it, of Prefect's usual.
    """
    rhythm = USUAL_RHYTHM if run.rhythm is None else max(run.rhythm, SHORTEST_RHYTHM)
    bound = MISSED_BEATS * rhythm
    if run.silence < bound:
        return None
    return Trouble(
        alert=_alert(
            "flow_run_dead",
            flow_run_subject(run.flow_run_id),
            f"flow run {run.name} of {run.flow} has given no heartbeat for "
            f"{_seconds(run.silence)} seconds, though Prefect has it as running: its process was "
            "killed or hangs",
            at=now,
            value=run.silence,
            threshold=bound,
        ),
    )


def flow_run_subject(flow_run_id: str) -> str:
    """What a flow run is called among the things that may not be well."""
    return f"flow run {flow_run_id}"


def over(subject: str, *, now: datetime) -> RiskAlert:
    """Return what is told when a trouble with a subject is over."""
    message = f"{subject}: no trouble any more"
    return _alert(WELL_AGAIN, subject, message, at=now, severity=Severity.WARNING)


def _alert(
    kind: str,
    subject: str,
    message: str,
    *,
    at: datetime,
    value: timedelta | None = None,
    threshold: timedelta | None = None,
    severity: Severity = Severity.HIGH,
) -> RiskAlert:
    return RiskAlert(
        type=kind,
        subject=subject,
        severity=severity,
        value=None if value is None else Decimal(_seconds(value)),
        threshold=None if threshold is None else Decimal(_seconds(threshold)),
        message=message,
        at=at,
    )


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _told(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
