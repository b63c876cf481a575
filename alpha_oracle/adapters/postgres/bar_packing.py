"""Bars as the server packs them: one value of bytes a symbol and column.

That costs the server less than sending rows, and us nothing. What was first known and what was
corrected since are laid over one another here, by a key that rows ascend by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.adapters.postgres.bar_rows import PRICES_AND_VOLUME
from alpha_oracle.adapters.postgres.binary_copy import copy_out
from alpha_oracle.adapters.postgres.packing import SENT, packed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.binary_copy import PackedColumns
    from alpha_oracle.domain.market import Session

    Columns = dict[str, NDArray[Any]]

KNOWN: Final = ("session", *PRICES_AND_VOLUME, "batch_id")
REVISED: Final = (*KNOWN, "revision")

_SEND: Final = {
    "session": "date_send",
    **dict.fromkeys(PRICES_AND_VOLUME, "float8send"),
    "batch_id": "int4send",
    "revision": "int4send",
}

_ASKED: Final = """
symbol_id BETWEEN %(first)s AND %(last)s AND session BETWEEN %(start)s AND %(end)s
AND known_at <= coalesce(%(as_of)s, 'infinity'::timestamptz)
"""
_CHOSEN: Final = " AND symbol_id = ANY(%(symbols)s)"
_FIRST_KNOWN: Final = "SELECT * FROM bars WHERE {asked}"
_NEWEST: Final = """
SELECT DISTINCT ON (symbol_id, session) * FROM bar_revisions WHERE {asked}
ORDER BY symbol_id, session, revision DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is asked for: sessions `start` to `end`, as known at `as_of` (None: all that is known).

    `chosen`: some symbols of a range of numbers, not all of it.
    """

    start: Session
    end: Session
    as_of: datetime | None
    chosen: bool


def read_known(
    cursor: Cursor, symbol_ids: Sequence[int], reading: Reading
) -> tuple[PackedColumns, PackedColumns]:
    """Return what was first known, and the newest revisions, of ascending symbol numbers."""
    asked = {
        "first": symbol_ids[0],
        "last": symbol_ids[-1],
        "symbols": list(symbol_ids),
        "start": reading.start,
        "end": reading.end,
        "as_of": reading.as_of,
    }
    condition = _ASKED + _CHOSEN * reading.chosen
    first = pack(cursor, _FIRST_KNOWN.format(asked=condition), asked, names=KNOWN)
    newest = pack(cursor, _NEWEST.format(asked=condition), asked, names=REVISED)
    return first, newest


def pack(
    cursor: Cursor, rows: str, parameters: Mapping[str, object], *, names: Sequence[str]
) -> PackedColumns:
    """Run a query of rows and return the columns named, a group a symbol."""
    columns = packed({name: _SEND[name] for name in names})
    query = f"SELECT symbol_id, {columns} FROM ({rows}) AS known GROUP BY symbol_id"
    types = {name: SENT[_SEND[name]] for name in names}
    return copy_out(cursor, cursor.mogrify(query, parameters).decode(), types)


def in_order(parts: Sequence[PackedColumns], position: Mapping[int, int]) -> Columns:
    """Join groups into columns ascending by their symbol's position, then session.

    Two columns are added: `symbol`, that position, and `key`, what the rows ascend by.
    """
    blocks = sorted(
        (position[group], part_number, number)
        for part_number, part in enumerate(parts)
        for number, group in enumerate(part.groups)
    )
    names = parts[0].values if parts else REVISED
    columns: Columns = {
        name: _joined([parts[part].values[name][number] for _, part, number in blocks], name)
        for name in names
    }
    lengths = [len(parts[part].values["session"][number]) for _, part, number in blocks]
    columns["symbol"] = np.repeat(np.array([at for at, _, _ in blocks], np.int64), lengths)
    columns["key"] = row_keys(columns["symbol"], columns["session"])
    return _ascending(columns)


def row_keys(symbols: NDArray[Any], sessions: NDArray[Any]) -> NDArray[np.int64]:
    """One number a row, ascending by symbol, then session."""
    keys: NDArray[np.int64] = (symbols.astype(np.int64) << 32) + sessions
    return keys


def find(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where in ascending `keys` the `wanted` ones lie, and which of them do."""
    at = np.searchsorted(keys, wanted)
    found = at < len(keys)
    found[found] = keys[at[found]] == wanted[found]
    return at, found


def overlay(first: Columns, newest: Columns) -> Columns:
    """Put revisions in place of what was first known, where that was known too."""
    at, found = find(first["key"], newest["key"])
    for name in first.keys() & newest.keys():
        first[name][at[found]] = newest[name][found]
    return first


def _joined(blocks: Sequence[NDArray[Any]], name: str) -> NDArray[Any]:
    native = np.dtype(SENT[_SEND[name]]).newbyteorder("=")
    return np.concatenate(blocks, dtype=native) if blocks else np.empty(0, native)


def _ascending(columns: Columns) -> Columns:
    # Rows are packed as they lie in the table; after a late backfill, out of order.
    keys = columns["key"]
    if (keys[1:] > keys[:-1]).all():
        return columns
    order = np.argsort(keys, kind="stable")
    return {name: column[order] for name, column in columns.items()}
