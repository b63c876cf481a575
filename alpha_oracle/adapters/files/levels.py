"""Reads daily levels of an index from a CSV or Parquet file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.files.records import columns_by_key, read_records, require_columns
from alpha_oracle.adapters.files.values import parse_dates
from alpha_oracle.adapters.level_rows import PRICES, LevelRow, to_levels
from alpha_oracle.domain.levels import ReceivedLevels
from alpha_oracle.domain.reference import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_DATE: Final = "date"
_COLUMNS: Final = {
    _DATE: ("date", "session", "timestamp", "datetime"),
    **{name: (name,) for name in PRICES},
}


def read_levels(path: Path, series: str, *, now: datetime) -> ReceivedLevels:
    """Read `date,open,high,low,close` of one series; levels not final at `now` are refused.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """

    def choose(names: Sequence[str]) -> dict[str, str]:
        chosen = columns_by_key(names, _COLUMNS, path=path)
        require_columns(chosen, names, _COLUMNS, path=path)
        return chosen

    records = read_records(path, choose)
    days = parse_dates([row[_DATE] for row in records.rows], path=path)
    rows = [
        LevelRow(day=day, fields=row | {"file": path.name})
        for day, row in zip(days, records.rows, strict=True)
    ]
    received = to_levels(series, rows, start=date.min, end=date.max, now=now)
    broken = tuple(
        RefusedRow(
            subject=series, reason=line.reason, received={"line": line.text, "file": path.name}
        )
        for line in records.broken
    )
    return ReceivedLevels(levels=received.levels, refused=broken + received.refused)
