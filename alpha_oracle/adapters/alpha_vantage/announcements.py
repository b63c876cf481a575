"""When a symbol's quarters were announced, from EARNINGS: what the statements do not tell.

What can be shown and what cannot. The headline figures are public from the announcement on. The
rest of a statement is in the release or only in the filing some days or weeks later, and nothing
here gives the day of that; a figure restated since stands in the place of the first one, under
the same date. Where that matters, EDGAR is the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.alpha_vantage.refusals import EARNINGS
from alpha_oracle.adapters.alpha_vantage.translate import is_given, read_date, refused_row
from alpha_oracle.calendar import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow

FOLLOWS_WITHIN: Final = timedelta(days=14)
"""Statements of a quarter announced longer ago than this are there, if they ever will be."""
SAME_QUARTER: Final = timedelta(days=10)
"""Statements end with a month, announcements of 52-week companies on the day itself."""

_BEFORE_THE_OPEN: Final = time(9, 30)
_PRE_MARKET: Final = "pre-market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A quarter's: the New York day, and the instant from which everybody could know, UTC."""

    quarter_end: date
    day: date
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """A symbol's announcements by the end of their quarter, and the rows that are none."""

    by_end: Mapping[date, Announcement]
    refused: tuple[RefusedRow, ...]

    def known_at(self, period_end: date) -> datetime | None:
        """Return when a period's figures were announced; None where that is not told.

        A year is announced with its last quarter.
        """
        ends = [end for end in self.by_end if abs(end - period_end) <= SAME_QUARTER]
        if not ends:
            return None
        found = self.by_end[min(ends, key=lambda end: abs(end - period_end))]
        return found.known_at if found.day > period_end else None

    def is_quiet_since(self, moment: datetime) -> bool:
        """Whether the newest announcement had been followed by its statements before `moment`."""
        newest = max((found.known_at for found in self.by_end.values()), default=None)
        return newest is not None and newest + FOLLOWS_WITHIN < moment


def read_announcements(
    document: Mapping[str, object], symbol: Symbol, *, received_at: datetime
) -> Announcements:
    """Return what EARNINGS says; its annual part, whose first year is unfinished, is not used."""
    today = received_at.astimezone(NEW_YORK).date()
    rows = document.get(EARNINGS)
    found: dict[date, Announcement] = {}
    refused = []
    for row in rows if isinstance(rows, list) else []:
        try:
            announcement = _announcement(row, today=today)
        except ValueError as error:
            refused.append(refused_row(symbol, f"EARNINGS: {error}", row))
            continue
        if announcement is None:
            continue
        end = announcement.quarter_end
        # Of two for one quarter the later can be relied on.
        found[end] = max(announcement, found.get(end, announcement), key=lambda one: one.known_at)
    return Announcements(by_end=found, refused=tuple(refused))


def _announcement(row: object, *, today: date) -> Announcement | None:
    if not isinstance(row, dict):
        raise ValueError("the row is no object")  # noqa: TRY004 - a value, as any other there.
    told = {str(name): str(value).strip() for name, value in row.items()}
    end = read_date(told.get("fiscalDateEnding", ""))
    if end is None:
        raise ValueError("its fiscalDateEnding is no date")
    # Quarters to come are listed with the day expected and no result yet.
    if not is_given(told.get("reportedDate")) or not is_given(told.get("reportedEPS")):
        return None
    day = read_date(told["reportedDate"])
    if day is None:
        raise ValueError("its reportedDate is no date")
    if day <= end:
        raise ValueError(f"reported on {day}, before the quarter was over on {end}")
    if day > today:
        return None
    return Announcement(quarter_end=end, day=day, known_at=_known_at(day, told.get("reportTime")))


def _known_at(day: date, report_time: str | None) -> datetime:
    # After the close may be after the session's decision, and so may any time not told.
    if report_time is not None and report_time.lower() == _PRE_MARKET:
        return datetime.combine(day, _BEFORE_THE_OPEN, NEW_YORK).astimezone(UTC)
    return datetime.combine(day + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)
