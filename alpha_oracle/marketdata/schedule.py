"""Which session a run is for, and as of when it decides."""

from dataclasses import dataclass
from datetime import date, datetime

from alpha_oracle import calendar
from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.runs import RunRecord, RunStatus
from alpha_oracle.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """What a run will do; `skipped` says why there is nothing to do, else it is empty.

    `symbols` is None where the run speaks of the whole universe.
    """

    session: date
    as_of: datetime
    symbols: tuple[Symbol, ...] | None = None
    skipped: str = ""


def plan_session(
    day: date,
    record: RunRecord | None,
    *,
    now: datetime,
    as_of: datetime | None = None,
    symbols: tuple[Symbol, ...] | None = None,
    force: bool = False,
) -> SessionPlan:
    """Decide what a run for a day does.

    A session is decided as of 17:00 New York on it; a rerun as of what its first run recorded,
    unless `as_of` says otherwise. `record` is that of a run for the same symbols.

    Raises:
        ConfigurationError: the day lies ahead, or `as_of` before the session's close or ahead.
    """
    if not calendar.is_session(day):
        return _no_session(day)
    _refuse_the_future(day, now=now)
    decided = as_of or (record.as_of if record else calendar.decision_instant(day))
    _refuse_wrong_instant(day, decided, now=now)
    done = record is not None and record.status is RunStatus.DONE
    skipped = f"{day} is already done" if done and not force and as_of is None else ""
    return SessionPlan(session=day, as_of=decided, symbols=symbols, skipped=skipped)


def stored_session(asked: Session | None, span: tuple[Session, Session]) -> Session:
    """Return the session a ranking looks at: the one asked for, else the newest of those stored.

    Raises:
        ConfigurationError: what is asked for is no session, or none of those stored.
    """
    first, last = span
    session = asked or last
    if not calendar.is_session(session):
        raise ConfigurationError(f"{session} is not a session; name a day the exchange was open")
    if not first <= session <= last:
        raise ConfigurationError(
            f"no bars are stored of {session}; name a session from {first} to {last}"
        )
    return session


def _no_session(day: date) -> SessionPlan:
    following = calendar.next_session_after(day)
    return SessionPlan(
        session=day,
        as_of=calendar.decision_instant(day),
        skipped=f"no session: the exchange is closed on {day:%A} {day}; the next is {following}",
    )


def _refuse_the_future(session: Session, *, now: datetime) -> None:
    decided_at = calendar.decision_instant(session)
    if decided_at > now:
        raise ConfigurationError(
            f"{session} is not over: its signals are decided at 17:00 New York "
            f"({decided_at:%Y-%m-%d %H:%M} UTC); the newest session to run is "
            f"{calendar.latest_decided_session(now)}"
        )


def _refuse_wrong_instant(session: Session, as_of: datetime, *, now: datetime) -> None:
    close = calendar.session_close(session)
    if as_of < close:
        raise ConfigurationError(
            f"as of {as_of.isoformat()} the bars of {session} are not known; "
            f"use an instant from its close {close.isoformat()} on"
        )
    if as_of > now:
        raise ConfigurationError(f"as of {as_of.isoformat()} lies ahead of now {now.isoformat()}")
