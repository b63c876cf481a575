"""Sessions of the New York Stock Exchange, from exchange_calendars. Only this file counts them."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import exchange_calendars

from alpha_oracle.domain.market import Session
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

NEW_YORK: Final = ZoneInfo("America/New_York")
DECISION_TIME: Final = time(17, 0)
SETTLED_AFTER: Final = timedelta(minutes=5)
"""Trades of the closing auction come in after the close: for this long a bar may still change."""

FIRST_SESSION_YEAR: Final = 1962


@cache
def _exchange() -> exchange_calendars.ExchangeCalendar:
    return exchange_calendars.get_calendar("XNYS", start=f"{FIRST_SESSION_YEAR}-01-01")


@cache
def _sessions() -> tuple[Session, ...]:
    return tuple(stamp.date() for stamp in _exchange().sessions)


@cache
def _opens() -> dict[Session, datetime]:
    return _instants(_exchange().opens)


@cache
def _closes() -> dict[Session, datetime]:
    return _instants(_exchange().closes)


def _instants(times: "pd.Series[pd.Timestamp]") -> dict[Session, datetime]:
    # Read at once: the exchange's own lookup takes a hundred times longer a session.
    moments = times.to_numpy(dtype="datetime64[ns]").astype("datetime64[us]").tolist()
    return {
        session: moment.replace(tzinfo=UTC)
        for session, moment in zip(_sessions(), moments, strict=True)
    }


@cache
def _positions() -> dict[Session, int]:
    return {session: position for position, session in enumerate(_sessions())}


def first_session() -> Session:
    """The earliest session the calendar knows."""
    return _sessions()[0]


def last_session() -> Session:
    """The latest session the calendar knows, about a year ahead."""
    return _sessions()[-1]


def is_session(day: date) -> bool:
    """Whether the exchange opens on a day.

    Raises:
        ConfigurationError: the calendar does not reach that day.
    """
    if day in _positions():
        return True
    if not first_session() <= day <= last_session():
        raise ConfigurationError(
            f"the exchange calendar reaches from {first_session()} to {last_session()}, not {day}; "
            "upgrade exchange-calendars for later days"
        )
    return False


def sessions_between(start: date, end: date) -> tuple[Session, ...]:
    """Return the sessions from `start` to `end`, both included where they are sessions."""
    sessions = _sessions()
    return sessions[_position_at_or_after(start) : _position_at_or_after(end + timedelta(days=1))]


def shift_session(session: Session, count: int) -> Session:
    """Return the session `count` sessions later (earlier where negative).

    Raises:
        ConfigurationError: `session` is no session, or the calendar does not reach that far.
    """
    known = _positions().get(session)
    if known is None:
        raise _no_session(session)
    position = known + count
    if not 0 <= position < len(_sessions()):
        raise ConfigurationError(f"the calendar does not reach {count} sessions from {session}")
    return _sessions()[position]


def latest_session_on_or_before(day: date) -> Session:
    """Return the newest session not after a day."""
    return _sessions()[_position_at_or_after(day + timedelta(days=1)) - 1]


def next_session_after(day: date) -> Session:
    """Return the first session after a day."""
    return _sessions()[_position_at_or_after(day + timedelta(days=1))]


def session_open(session: Session) -> datetime:
    """The instant a session opens, UTC."""
    return _of_session(_opens(), session)


def session_close(session: Session) -> datetime:
    """The instant a session closes, UTC; 13:00 New York on half days."""
    return _of_session(_closes(), session)


def decision_instant(session: Session) -> datetime:
    """17:00 New York on a session, UTC: the instant its signals are decided as of."""
    return datetime.combine(session, DECISION_TIME, NEW_YORK).astimezone(UTC)


def latest_decided_session(now: datetime) -> Session:
    """Return the newest session whose decision instant is not after `now`."""
    return _latest(now, decision_instant)


def latest_opened_session(now: datetime) -> Session:
    """Return the newest session that has opened at `now`."""
    return _latest(now, session_open)


def latest_closed_session(now: datetime) -> Session:
    """Return the newest session that has closed at `now`."""
    return _latest(now, session_close)


def latest_finished_session(now: datetime) -> Session:
    """Return the newest session whose bars no longer change at `now`: it closed a while before."""
    return _latest(now - SETTLED_AFTER, session_close)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionWindow:
    """When orders are sent on a session."""

    start_after_open_minutes: int
    stop_before_close_minutes: int

    def start(self, session: Session) -> datetime:
        """The instant the window of a session opens, UTC."""
        return session_open(session) + timedelta(minutes=self.start_after_open_minutes)

    def end(self, session: Session) -> datetime:
        """The instant the window of a session closes, UTC."""
        return session_close(session) - timedelta(minutes=self.stop_before_close_minutes)


def _of_session(instants: dict[Session, datetime], session: Session) -> datetime:
    instant = instants.get(session)
    if instant is None:
        raise _no_session(session)
    return instant


def _no_session(day: date) -> ConfigurationError:
    # A day that the calendar does not reach is told as such.
    is_session(day)
    return ConfigurationError(f"{day} is not a session")


def _latest(now: datetime, instant: Callable[[Session], datetime]) -> Session:
    session = latest_session_on_or_before(now.astimezone(NEW_YORK).date())
    return session if instant(session) <= now else shift_session(session, -1)


def _position_at_or_after(day: date) -> int:
    return bisect_left(_sessions(), day)
