"""Rows of one CSV or Parquet file as texts under the names we give their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from alpha_oracle.adapters.files.headers import plain_name
from alpha_oracle.adapters.files.tables import SUFFIXES, BrokenLine, has_suffix, read_table
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A file's rows, blank where nothing stood, and the lines that are no rows."""

    rows: list[dict[str, str]]
    broken: tuple[BrokenLine, ...]


def read_records(path: Path, choose: Callable[[Sequence[str]], Mapping[str, str]]) -> Records:
    """Read the columns that `choose` picks from the file's header, under its keys.

    Raises:
        DataError: as `read_table`; the file's name ends in neither CSV nor Parquet, or a column
            holds what has no text.
    """
    if path.exists() and not (path.is_file() and has_suffix(path, SUFFIXES)):
        raise DataError(f"{path} is neither a CSV nor a Parquet file")
    found = read_table(path, choose)
    columns = {name: _texts(found.table, name, path=path) for name in found.table.column_names}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return Records(rows=rows, broken=found.broken)


def columns_by_key(
    names: Sequence[str], spellings: Mapping[str, Sequence[str]], *, path: Path
) -> dict[str, str]:
    """Return which column is meant by which key, in any case; keys without one are left out.

    Raises:
        DataError: two columns are meant by one key.
    """
    chosen: dict[str, str] = {}
    for key, spelled in spellings.items():
        plain = {plain_name(spelling) for spelling in spelled}
        matches = [name for name in names if plain_name(name) in plain]
        if len(matches) > 1:
            raise DataError(f"{path}: columns {', '.join(matches)} all mean the {key}; keep one")
        if matches:
            chosen[key] = matches[0]
    return chosen


def require_columns(
    chosen: Mapping[str, str],
    names: Sequence[str],
    required: Mapping[str, Sequence[str]],
    *,
    path: Path,
) -> None:
    """Refuse a header that lacks what is required.

    Raises:
        DataError: naming the first column that is missing.
    """
    for key, spellings in required.items():
        if key not in chosen:
            raise DataError(
                f"{path} has no column {spellings[0]}; found {', '.join(names)}; expected "
                f"{', '.join(spelled[0] for spelled in required.values())}"
            )


def _texts(table: pa.Table, name: str, *, path: Path) -> list[str]:
    try:
        column = table[name].cast(pa.string())
    except pa.ArrowException:
        raise DataError(f"{path}: column {name} holds {table[name].type}, no text") from None
    return [(text or "").strip() for text in column.to_pylist()]
