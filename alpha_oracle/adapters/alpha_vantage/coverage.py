"""What is asked for, and which answers say all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.translate import DailySeries
    from alpha_oracle.domain.market import Session

COMPACT_POINTS: Final = 100
"""Points in a compact answer; where it has fewer, there are no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The finished sessions asked for, first and last, and the newest finished one there is."""

    start: Session
    end: Session
    latest: Session
    needs_full: bool

    @property
    def is_latest(self) -> bool:
        """Whether the newest finished session is asked for."""
        return self.end == self.latest

    @property
    def is_recent(self) -> bool:
        """Whether no more than the last sessions are asked for, the newest among them."""
        return self.is_latest and not self.needs_full


def span_of(start: Session, end: Session, *, now: datetime) -> Span | None:
    """Return what can be answered of a range; None where no session of it is finished."""
    latest = calendar.latest_finished_session(now)
    sessions = calendar.sessions_between(start, min(end, latest))
    if not sessions:
        return None
    today = now.astimezone(calendar.NEW_YORK).date()
    return Span(
        start=sessions[0],
        end=sessions[-1],
        latest=latest,
        needs_full=len(calendar.sessions_between(sessions[0], today)) > COMPACT_POINTS,
    )


def reaches_back(series: DailySeries, span: Span, *, full: bool) -> bool:
    """Whether a series begins early enough, or holds all there is."""
    is_whole = full or series.points < COMPACT_POINTS
    return is_whole or (series.oldest is not None and series.oldest <= span.start)


def reaches_end(series: DailySeries, span: Span) -> bool:
    """Whether a series holds the last session asked for, or a later one."""
    return series.newest is not None and series.newest >= span.end
