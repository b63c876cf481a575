"""Reads every row of a file into a value, or none: what is wrong is told by row."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from alpha_oracle.adapters.files.records import columns_by_key, read_records, require_columns
from alpha_oracle.adapters.files.values import parse_dates
from alpha_oracle.errors import ConfigurationError, DataError, UnknownSymbol

Row = TypeVar("Row")
Record: TypeAlias = Mapping[str, str]

ROWS_NAMED: Final = 3


def read_rows(
    path: Path,
    make: Callable[[Record, Mapping[str, date | None]], Row],
    *,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
    dates: Sequence[str],
    named: int = ROWS_NAMED,
) -> tuple[Row, ...]:
    """Return what `make` reads from each row's texts and dates (None: blank), in order.

    `make` says by a ValueError what it cannot read. `required` and `optional` are the spellings of
    each column, `dates` those read as dates; `named` rows at most are told apart.

    Raises:
        DataError: the file, its header or a row cannot be read; nothing is half read.
    """
    records = _records(path, required, optional or {})
    parsed = {key: parse_dates([record[key] for record in records], path=path) for key in dates}
    rows: list[Row] = []
    problems: list[str] = []
    for position, record in enumerate(records):
        try:
            row_dates = {key: _date(record[key], parsed[key][position]) for key in dates}
            rows.append(make(record, row_dates))
        except (ValueError, UnknownSymbol, ConfigurationError) as error:
            problems.append(f"row {position + 1}: {error}")
    if problems:
        more = len(problems) - named
        tail = f" (and {more} more)" if more > 0 else ""
        raise DataError(f"{path}: {'; '.join(problems[:named])}{tail}; mend the file")
    return tuple(rows)


def needed_date(dates: Mapping[str, date | None], key: str) -> date:
    """Return a row's date.

    Raises:
        ValueError: it is blank.
    """
    day = dates[key]
    if day is None:
        raise ValueError(f"the {key} date is blank")
    return day


def _records(
    path: Path, required: Mapping[str, Sequence[str]], optional: Mapping[str, Sequence[str]]
) -> list[dict[str, str]]:
    def choose(names: Sequence[str]) -> dict[str, str]:
        chosen = columns_by_key(names, {**required, **optional}, path=path)
        require_columns(chosen, names, required, path=path)
        return chosen

    found = read_records(path, choose)
    if found.broken:
        line = found.broken[0]
        raise DataError(f"{path}: {line.reason} in line {line.text!r}; mend the file")
    blank = dict.fromkeys((*required, *optional), "")
    return [blank | row for row in found.rows]


def _date(text: str, parsed: date | None) -> date | None:
    if text and parsed is None:
        raise ValueError(f"{text!r} is no date; write YYYY-MM-DD")
    return parsed
