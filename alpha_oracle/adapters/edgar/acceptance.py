"""When EDGAR accepted a filing: a time that is written as UTC and sometimes is New York's.

In lists of filings `acceptanceDateTime` always ends in "Z"; until 2023 it was New York time all
the same. The filings of a list tell which: EDGAR takes filings from 06:00 to 22:00 New York time
only, and dates most forms that come after 17:30 with the next business day. A list that does not
tell is read as New York time, the later of the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

OPENS: Final = time(6, 0)
DATED_NEXT_DAY_AFTER: Final = time(17, 30)
CLOSES: Final = time(22, 0)
_GRACE: Final = timedelta(minutes=10)  # What was begun in time is accepted some minutes later.
_LONGEST_WEEKEND: Final = timedelta(days=5)
_BY_FAR: Final = 10

# The SEC's own entries come at any hour, and are dated as it likes.
_NOT_FILED: Final = frozenset(
    {"CERT", "CORRESP", "EFFECT", "IRANNOTICE", "LETTER", "NO ACT", "UPLOAD"}
)
# May be dated with their day until EDGAR closes; Schedules 13D and 13G since 2024.
_DATED_SAME_DAY: Final = re.compile(r"(?:[345]|144|(?:SC|SCHEDULE) 13\S*|.*MEF)(?:/A)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A filing's form, its date, and the time of its acceptance as written; None: not told."""

    form: str
    filed_on: date
    written: datetime | None


def end_of_day(day: date) -> datetime:
    """Return the last second of a New York day, UTC: no filing dated with it came later."""
    return datetime.combine(day, time(23, 59, 59), NEW_YORK).astimezone(UTC)


def parse_written(text: object) -> datetime | None:
    """Return a written time without its zone; None where it is a placeholder, or none at all."""
    if not isinstance(text, str) or not text:
        return None
    try:
        written = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    # Filings from before 2003 have a date only, written as midnight.
    return None if written.tzinfo or written.time() == time() else written


def zone_of(stamps: Iterable[Stamp]) -> tzinfo | None:
    """Return the zone that the times of one list are written in; None: it does not tell."""
    votes = {"new_york": 0, "utc": 0}
    for stamp in stamps:
        if stamp.written is None or stamp.form in _NOT_FILED:
            continue
        as_new_york = _is_possible(stamp, stamp.written)
        as_utc = _is_possible(stamp, _in_new_york(stamp.written))
        votes["new_york"] += as_new_york and not as_utc
        votes["utc"] += as_utc and not as_new_york
    if votes["utc"] > _BY_FAR * votes["new_york"]:
        return UTC
    if votes["new_york"] > _BY_FAR * votes["utc"]:
        return NEW_YORK
    return None


def accepted_at(stamp: Stamp, zone: tzinfo | None) -> datetime:
    """Return when a filing was accepted, UTC, at the latest: the end of its date if untold."""
    if stamp.written is None:
        return end_of_day(stamp.filed_on)
    moment = stamp.written.replace(tzinfo=zone or NEW_YORK)
    # The placeholder again, moved into UTC along with the rest.
    if moment.astimezone(NEW_YORK).time() == time():
        return end_of_day(stamp.filed_on)
    return moment.astimezone(UTC)


def _in_new_york(written: datetime) -> datetime:
    return written.replace(tzinfo=UTC).astimezone(NEW_YORK).replace(tzinfo=None)


def _is_possible(stamp: Stamp, local: datetime) -> bool:
    closes = datetime.combine(local.date(), CLOSES) + _GRACE
    if local.time() < OPENS or local > closes:
        return False
    turn = datetime.combine(local.date(), DATED_NEXT_DAY_AFTER)
    if stamp.filed_on == local.date():
        return local <= turn + _GRACE or bool(_DATED_SAME_DAY.fullmatch(stamp.form))
    is_next = timedelta(0) < stamp.filed_on - local.date() <= _LONGEST_WEEKEND
    return is_next and local >= turn
