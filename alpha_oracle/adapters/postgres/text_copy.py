"""Postgres's COPY of text: rows of any texts in one stream, for tables that are not all numbers."""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

ROWS_AT_ONCE: Final = 10_000

_MARKS: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(cursor: Cursor, table: str, rows: Iterable[Sequence[str]]) -> None:
    """Copy rows, in the order of the table's columns; no field is NULL or holds a NUL."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, ROWS_AT_ONCE)):
        lines = "".join(map(_line, chunk))
        cursor.copy_expert(f"COPY {table} FROM STDIN", io.BytesIO(lines.encode()))


def _line(row: Sequence[str]) -> str:
    line = "\t".join(row)
    is_plain = line.count("\t") == len(row) - 1 and not any(mark in line for mark in "\\\n\r")
    return f"{line}\n" if is_plain else "\t".join(field.translate(_MARKS) for field in row) + "\n"
