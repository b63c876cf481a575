"""How a filing of a generated company is numbered and timed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

from alpha_oracle import calendar

_FIRST_FILER: Final = 9_000_000_000
"""Far above every filer's number the SEC has given."""


def accession(owner: int, filed: date, number: int) -> str:
    """Return the accession number of a company's filing; `number` is its own among them."""
    return f"{_FIRST_FILER + owner:010d}-{filed.year % 100:02d}-{number:06d}"


def instant(day: date, second: int) -> datetime:
    """Return the instant at a second of a New York day, UTC."""
    minutes, seconds = divmod(second, 60)
    at = time(minutes // 60, minutes % 60, seconds)
    return datetime.combine(day, at, calendar.NEW_YORK).astimezone(UTC)
