"""When short interest is counted and when FINRA publishes it; its files do not say.

Firms report the positions settled by the 15th and by the last business day of a month; FINRA
publishes them on the seventh business day after (FINRA Rule 4560 and its yearly schedule). A
business day is one on which trades settle: not Columbus Day, nor Veterans Day, when the exchange
opens and banks do not. Where a schedule counts such a day after all, ours is a session late: a
value is used later than it could be, never earlier.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FIRST_WITH_LISTED: Final = date(2021, 6, 1)
"""Older files hold shares traded over the counter alone, none that is listed on an exchange."""

_PUBLISHED_AFTER_BUSINESS_DAYS: Final = 7
_LONGEST_WAIT: Final = timedelta(days=31)
_MIDDLE: Final = 15
_OCTOBER: Final = 10
_NOVEMBER: Final = 11
_SUNDAY: Final = 6
_MONDAY: Final = 0
_SECOND_WEEK: Final = range(8, 15)


def settlement_dates(start: date, end: date) -> tuple[date, ...]:
    """Return the settlement dates from `start` to `end`, both included, ascending."""
    found = []
    for last in _month_ends(start, end):
        for day in (last.replace(day=_MIDDLE), last):
            settled = _business_day_on_or_before(day)
            if start <= settled <= end:
                found.append(settled)
    return tuple(found)


def published_on(settlement: date) -> date:
    """Return the day on whose evening FINRA publishes the positions of a settlement date."""
    days = calendar.sessions_between(settlement + timedelta(days=1), settlement + _LONGEST_WAIT)
    business_days = [day for day in days if not _banks_are_closed(day)]
    return business_days[_PUBLISHED_AFTER_BUSINESS_DAYS - 1]


@cache
def known_at(settlement: date) -> datetime:
    """The open of the session after publication, UTC."""
    return calendar.session_open(calendar.next_session_after(published_on(settlement)))


def _month_ends(start: date, end: date) -> Iterator[date]:
    first = start.replace(day=1)
    while first <= end:
        following = (first + timedelta(days=32)).replace(day=1)
        yield following - timedelta(days=1)
        first = following


def _business_day_on_or_before(day: date) -> date:
    settled = calendar.latest_session_on_or_before(day)
    while _banks_are_closed(settled):
        settled = calendar.shift_session(settled, -1)
    return settled


def _banks_are_closed(day: date) -> bool:
    if day.month == _OCTOBER:
        return day.weekday() == _MONDAY and day.day in _SECOND_WEEK
    if day.month != _NOVEMBER:
        return False
    veterans = date(day.year, _NOVEMBER, 11)
    # A holiday on a Sunday is kept on the Monday; one on a Saturday is kept by no bank.
    return day == (veterans + timedelta(days=1) if veterans.weekday() == _SUNDAY else veterans)
