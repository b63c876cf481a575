"""Daily rows of an index made into levels: settled ones of sessions; the others are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import (
    date,
    timedelta,
)
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.levels import IndexLevel, ReceivedLevels
from alpha_oracle.domain.reference import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from alpha_oracle.domain.market import Session

PRICES: Final = ("open", "high", "low", "close")

SETTLES_AFTER_CLOSE: Final = timedelta(minutes=20)
"""VIX is calculated until 16:15 New York, a quarter of an hour longer than shares trade."""

_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{0,20})?([eE][-+]?\d{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """A row as received: its day, None where it told none, and its fields by name."""

    day: date | None
    fields: Mapping[str, str]


def settles_at(session: Session) -> datetime:
    """The instant from which a session's level is known and final, UTC."""
    return calendar.session_close(session) + SETTLES_AFTER_CLOSE


def latest_settled_session(now: datetime) -> Session:
    """Return the newest session whose level is final at `now`."""
    return calendar.latest_finished_session(now - SETTLES_AFTER_CLOSE + calendar.SETTLED_AFTER)


def to_levels(
    series: str, rows: Iterable[LevelRow], *, start: date, end: date, now: datetime
) -> ReceivedLevels:
    """Return the levels from `start` to `end`, ascending; rows of other days are left out.

    A row without a day is refused; so are a day without a session, a level that is not final at
    `now`, and all rows of a session that stands there with different figures. An open outside the
    range of its day is taken as given.
    """
    refused: list[RefusedRow] = []
    found: dict[Session, list[tuple[IndexLevel, LevelRow]]] = {}
    for row in rows:
        if row.day is not None and not start <= row.day <= end:
            continue
        try:
            level = _level(series, row, now=now)
        except ValueError as error:
            refused.append(_refused(series, row, str(error)))
        else:
            found.setdefault(level.session, []).append((level, row))
    levels: list[IndexLevel] = []
    for session, told in sorted(found.items()):
        if all(level == told[0][0] for level, _ in told):
            levels.append(told[0][0])
        else:
            reason = f"{session} stands there more than once, with different figures"
            refused.extend(_refused(series, row, reason) for _, row in told)
    return ReceivedLevels(levels=tuple(levels), refused=tuple(refused))


def _level(series: str, row: LevelRow, *, now: datetime) -> IndexLevel:
    if row.day is None:
        raise ValueError("the date is none")
    _require_session(row.day)
    prices = {name: _price(name, row.fields.get(name, "")) for name in PRICES}
    known_at = settles_at(row.day)
    if known_at > now:
        raise ValueError(f"the level of {row.day} is not final yet")
    return IndexLevel(series=series, session=row.day, known_at=known_at, **prices)


def _require_session(day: date) -> None:
    if not calendar.first_session() <= day <= calendar.last_session():
        raise ValueError(f"{day} is beyond the exchange calendar")
    if not calendar.is_session(day):
        raise ValueError(f"the exchange was closed on {day}")


def _price(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} {text[:40]!r} is no price")
    return float(text)


def _refused(series: str, row: LevelRow, reason: str) -> RefusedRow:
    return RefusedRow(subject=series, reason=reason, received=row.fields)
