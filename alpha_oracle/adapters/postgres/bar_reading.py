"""How bars come out of the tables: as columns, as they were known at an instant.

All of an answer is read from one snapshot, on two connections where there is much.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.bar_packing import (
    KNOWN,
    Reading,
    in_order,
    overlay,
    pack,
    read_known,
)
from alpha_oracle.adapters.postgres.bar_rows import PRICES_AND_VOLUME
from alpha_oracle.adapters.postgres.binary_copy import from_postgres_days
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.packing import SCAN_ONCE
from alpha_oracle.domain.bars import BarBatch, BarColumns, StoredBars
from alpha_oracle.domain.market import PriceBasis, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.bar_packing import Columns
    from alpha_oracle.adapters.postgres.binary_copy import PackedColumns
    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

TWO_CONNECTIONS_FROM: Final = 200_000
"""Bars from which a second connection saves more than it costs."""

_ONE_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

_LAST: Final = f"""
SELECT last.symbol_id, last.session, {
    ", ".join(f"coalesce(newest.{n}, last.{n}) AS {n}" for n in (*PRICES_AND_VOLUME, "batch_id"))
}
FROM unnest(%(symbols)s::integer[]) AS asked (symbol_id)
CROSS JOIN LATERAL (
    SELECT bars.* FROM bars WHERE bars.symbol_id = asked.symbol_id AND bars.session < %(before)s
    ORDER BY bars.session DESC LIMIT 1) AS last
LEFT JOIN LATERAL (
    SELECT revised.* FROM bar_revisions AS revised
    WHERE revised.symbol_id = last.symbol_id AND revised.session = last.session
    ORDER BY revised.revision DESC LIMIT 1) AS newest ON true
"""


def load(
    database: Database,
    *,
    start: Session,
    end: Session,
    as_of: datetime,
    symbols: Sequence[Symbol] | None,
) -> StoredBars:
    """Return the bars of a range of sessions as known at `as_of`; see the port."""
    reading = Reading(start=start, end=end, as_of=as_of, chosen=symbols is not None)
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(f"{_ONE_SNAPSHOT}; {SCAN_ONCE}")
        names = _names(cursor, symbols)
        parts = _read(database, cursor, sorted(names), reading=reading)
        position = _positions(names)
        first = in_order([part[0] for part in parts], position)
        newest = in_order([part[1] for part in parts], position)
        return _stored_bars(cursor, overlay(first, newest), names)


def last_before(database: Database, session: Session, symbols: Sequence[Symbol]) -> StoredBars:
    """Return each symbol's newest bar before a session, as known now; see the port."""
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(f"{_ONE_SNAPSHOT}; {SCAN_ONCE}")
        names = _names(cursor, symbols)
        packed = pack(cursor, _LAST, {"symbols": list(names), "before": session}, names=KNOWN)
        return _stored_bars(cursor, in_order([packed], _positions(names)), names)


def _names(cursor: Cursor, symbols: Sequence[Symbol] | None) -> dict[int, Symbol]:
    if symbols is None:
        cursor.execute("SELECT symbol_id, symbol FROM symbols")
    else:
        cursor.execute(
            "SELECT symbol_id, symbol FROM symbols WHERE symbol = ANY(%s)", (list(symbols),)
        )
    return dict(cursor.fetchall())


def _positions(names: Mapping[int, Symbol]) -> dict[int, int]:
    ordered = sorted(names, key=names.__getitem__)
    return {symbol_id: position for position, symbol_id in enumerate(ordered)}


def _read(
    database: Database, cursor: Cursor, symbol_ids: Sequence[int], *, reading: Reading
) -> list[tuple[PackedColumns, PackedColumns]]:
    if len(symbol_ids) * _session_count(reading) < TWO_CONNECTIONS_FROM:
        return [read_known(cursor, symbol_ids, reading)] if symbol_ids else []
    cursor.execute("SELECT pg_export_snapshot()")
    (snapshot,) = cursor.fetchone() or ("",)
    half = len(symbol_ids) // 2
    with ThreadPoolExecutor(max_workers=1) as second:
        later = second.submit(
            _read_apart, database, symbol_ids[half:], reading=reading, snapshot=snapshot
        )
        mine = read_known(cursor, symbol_ids[:half], reading)
        return [mine, later.result()]


def _session_count(reading: Reading) -> int:
    start = max(reading.start, calendar.first_session())
    return len(calendar.sessions_between(start, min(reading.end, calendar.last_session())))


def _read_apart(
    database: Database, symbol_ids: Sequence[int], *, reading: Reading, snapshot: str
) -> tuple[PackedColumns, PackedColumns]:
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(_ONE_SNAPSHOT)
        cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot,))
        cursor.execute(SCAN_ONCE)
        return read_known(cursor, symbol_ids, reading)


def _stored_bars(cursor: Cursor, columns: Columns, names: Mapping[int, Symbol]) -> StoredBars:
    ordered = sorted(names.values())
    present = np.flatnonzero(np.bincount(columns["symbol"], minlength=len(ordered)))
    symbol_index = np.zeros(len(ordered), np.int32)
    symbol_index[present] = np.arange(len(present), dtype=np.int32)
    batches, batch_index = _batches(cursor, columns["batch_id"])
    bars = BarColumns(
        symbols=tuple(ordered[number] for number in present),
        symbol_index=symbol_index[columns["symbol"]],
        session=from_postgres_days(columns["session"]),
        **{name: columns[name] for name in PRICES_AND_VOLUME},
    )
    return StoredBars(bars=bars, batch_index=batch_index, batches=batches)


def _batches(
    cursor: Cursor, batch_ids: NDArray[np.int32]
) -> tuple[tuple[BarBatch, ...], NDArray[np.int32]]:
    """Return the batches the rows came with, those that say the same as one."""
    used = np.flatnonzero(np.bincount(batch_ids)).tolist()
    cursor.execute(
        "SELECT batch_id, source, basis, adjusted_through, reason FROM bar_batches"
        " WHERE batch_id = ANY(%s) ORDER BY batch_id",
        (used,),
    )
    batches: dict[BarBatch, int] = {}
    index = np.zeros((used[-1] if used else 0) + 1, np.int32)
    for batch_id, source, basis, through, reason in cursor:
        batch = BarBatch(
            source=source, basis=PriceBasis(basis), adjusted_through=through, reason=reason
        )
        index[batch_id] = batches.setdefault(batch, len(batches))
    return tuple(batches), index[batch_ids]
