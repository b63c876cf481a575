"""Cboe's history of an index made into levels; pure."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.level_rows import PRICES, LevelRow, to_levels
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alpha_oracle.domain.levels import ReceivedLevels
    from alpha_oracle.domain.market import Session

_DATE: Final = "date"
_NEEDED: Final = (_DATE, *PRICES)
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_LONGEST_SHOWN: Final = 120


class CutOff(DataError):  # noqa: N818 - names the state, its family ends in Error.
    """The history ends before its last row does."""


def read_history(
    series: str, body: bytes, *, start: Session, end: Session, now: datetime
) -> ReceivedLevels:
    """Return the levels from `start` to `end` of a file with all there ever were.

    Raises:
        CutOff: the last row is not whole.
        DataError: it is no such file.
    """
    text = body.decode("utf-8-sig", errors="replace")
    header, *rest = [line.strip() for line in text.split("\n")]
    names = [name.strip().lower() for name in header.split(",")]
    if not set(_NEEDED) <= set(names):
        raise DataError(
            f"Cboe sent no history of {series}: expected {', '.join(_NEEDED)} in the first line, "
            f"found {header[:_LONGEST_SHOWN]!r}; check data.cboe.base_url"
        )
    lines = [line for line in rest if line]
    if not lines or not _is_whole(names, lines[-1]):
        raise CutOff(f"the history of {series} ends in the middle of a row or has none")
    return to_levels(series, _rows(names, lines), start=start, end=end, now=now)


def _is_whole(names: Sequence[str], line: str) -> bool:
    fields = line.split(",")
    return len(fields) == len(names) and all(fields)


def _rows(names: Sequence[str], lines: Sequence[str]) -> Iterator[LevelRow]:
    for line in lines:
        fields = [text.strip() for text in line.split(",")]
        if len(fields) != len(names):
            yield LevelRow(day=None, fields={"line": line})
            continue
        row = dict(zip(names, fields, strict=True))
        yield LevelRow(day=_day(row[_DATE]), fields=row)


def _day(text: str) -> date | None:
    try:
        if match := _MONTH_FIRST.fullmatch(text):
            month, day, year = map(int, match.groups())
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        return None
