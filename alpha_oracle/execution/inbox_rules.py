"""When a signal is worked, and which before which."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from alpha_oracle import calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.calendar import ExecutionWindow
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.received_signals import ReceivedSignal


class Standing(StrEnum):
    """Where a signal in the inbox stands."""

    WAITING = "waiting"
    DUE = "due"
    EXPIRED = "expired"


def standing(signal: ReceivedSignal, now: datetime, *, session: Session | None) -> Standing:
    """Return whether a signal is to be worked now; `session` is the one whose window is open.

    It waits for an execution window of a session after its own, and is dead at `expires_at`.
    """
    if now >= signal.expires_at:
        return Standing.EXPIRED
    return Standing.DUE if session is not None and session > signal.session else Standing.WAITING


def session_in_window(now: datetime, window: ExecutionWindow) -> Session | None:
    """Return the session whose execution window is open; its start is in it, its end is not."""
    day = now.astimezone(calendar.NEW_YORK).date()
    if not calendar.is_session(day) or not window.start(day) <= now < window.end(day):
        return None
    return day


def expiry(session: Session, window: ExecutionWindow) -> datetime:
    """Return until when a signal of a session can wait, UTC: the end of the next one's window."""
    return window.end(calendar.next_session_after(session))


def next_window_end(now: datetime, window: ExecutionWindow) -> datetime:
    """Return when the next execution window ends, UTC: the current one's end where one is open."""
    day = now.astimezone(calendar.NEW_YORK).date()
    if calendar.is_session(day) and now < window.end(day):
        return window.end(day)
    return window.end(calendar.next_session_after(day))


def next_window_start(now: datetime, window: ExecutionWindow) -> datetime:
    """Return when the next execution window opens after `now`, UTC."""
    day = now.astimezone(calendar.NEW_YORK).date()
    if calendar.is_session(day) and now < window.start(day):
        return window.start(day)
    return window.start(calendar.next_session_after(day))


def in_order_of_work(
    signals: Iterable[ReceivedSignal], scores: Mapping[str, Decimal | float]
) -> list[ReceivedSignal]:
    """Return signals as they are to be worked: exits first, then entries by their strategy's score.

    `scores` are the latest composite scores by strategy; a strategy without one comes last. Then
    the stronger, then by symbol: cash and slots go to the best, whichever arrived first.
    """
    return sorted(
        signals,
        key=lambda signal: (
            signal.is_entry,
            signal.strategy not in scores,
            -scores.get(signal.strategy, 0),
            -signal.strength,
            signal.symbol,
            signal.strategy,
            signal.signal_id,
        ),
    )
