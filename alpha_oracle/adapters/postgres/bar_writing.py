"""How bars get into the tables.

A load is compared here with the newest known of its symbols and sessions, then what is new is
copied into `bars` and what differs into `bar_revisions`, straight: a staging table and an upsert
would take twice as long and compare no better. One writer works at a time, so nothing comes
between comparing and copying; the primary keys stay the guard behind that. A big load works on
two connections, under the first one's lock; neither commits before both have written, so that a
failure leaves nothing. Nothing is updated in place, so a load killed between the two commits leaves
whole rows, and its repetition adds the missing ones.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from psycopg2.errors import UniqueViolation

from alpha_oracle.adapters.postgres.bar_packing import (
    Reading,
    find,
    in_order,
    overlay,
    read_known,
    row_keys,
)
from alpha_oracle.adapters.postgres.bar_rows import PRICES_AND_VOLUME, table_columns
from alpha_oracle.adapters.postgres.binary_copy import (
    copy_in,
    from_postgres_days,
    to_postgres_instant,
)
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.packing import SCAN_ONCE
from alpha_oracle.domain.bars import StoreReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.bars import BarBatch, ReceivedBars

    Columns = Mapping[str, NDArray[Any]]

WRITERS_LOCK: Final = 6_102_002
TWO_CONNECTIONS_FROM: Final = 100_000
"""Rows from which a second connection saves more than it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What all rows of a load share."""

    batch: BarBatch
    received_at: datetime


def store(database: Database, received: ReceivedBars, *, received_at: datetime) -> StoreReport:
    """Keep validated bars; see the port."""
    if not len(received.bars):
        return StoreReport(inserted=0, unchanged=0, corrected=0)
    load = Load(batch=received.batch, received_at=received_at)
    columns = _registered(database, received, load)
    try:
        return _written(database, columns, load)
    except UniqueViolation:
        # The second half of a load just killed can still commit without the lock. Now it has.
        return _written(database, columns, load)


def _registered(database: Database, received: ReceivedBars, load: Load) -> Columns:
    # Symbols and batch are on record before a row refers to them, whichever connection writes it.
    bars = received.bars
    used = np.flatnonzero(np.bincount(bars.symbol_index, minlength=len(bars.symbols)))
    with database.begin() as connection, raw_cursor(connection) as cursor:
        symbol_ids = np.zeros(len(bars.symbols), np.int32)
        symbol_ids[used] = _symbol_ids(cursor, [bars.symbols[number] for number in used])
        return table_columns(bars, symbol_ids=symbol_ids, batch_id=_new_batch(cursor, load))


def _symbol_ids(cursor: Cursor, symbols: Sequence[str]) -> list[int]:
    known = _known_symbols(cursor, symbols)
    missing = sorted(set(symbols) - known.keys())
    if missing:
        cursor.execute(
            "INSERT INTO symbols (symbol) SELECT unnest(%s) ON CONFLICT DO NOTHING", (missing,)
        )
        known |= _known_symbols(cursor, missing)
    return [known[symbol] for symbol in symbols]


def _known_symbols(cursor: Cursor, symbols: Sequence[str]) -> dict[str, int]:
    cursor.execute("SELECT symbol, symbol_id FROM symbols WHERE symbol = ANY(%s)", (list(symbols),))
    return dict(cursor.fetchall())


def _new_batch(cursor: Cursor, load: Load) -> int:
    cursor.execute(
        "INSERT INTO bar_batches (source, basis, adjusted_through, stored_at, reason)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING batch_id",
        (
            load.batch.source,
            load.batch.basis,
            load.batch.adjusted_through,
            load.received_at,
            storable(load.batch.reason),
        ),
    )
    (batch_id,) = cursor.fetchone() or (0,)
    return int(batch_id)


def _written(database: Database, columns: Columns, load: Load) -> StoreReport:
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        count = len(columns["session"])
        if count < TWO_CONNECTIONS_FROM:
            return _write(cursor, columns, load)
        later_rows = _rows(columns, slice(count // 2, None))
        both_written = Barrier(2)
        with ThreadPoolExecutor(max_workers=1) as second:
            later = second.submit(_write_apart, database, later_rows, load, both_written)
            with suppress(BrokenBarrierError), _abort_on_failure(both_written):
                mine = _write(cursor, _rows(columns, slice(count // 2)), load)
                both_written.wait()
            # Where the other half failed, this raises what it failed with.
            return _sum(later.result(), mine)


def _write_apart(
    database: Database, columns: Columns, load: Load, both_written: Barrier
) -> StoreReport:
    with (
        _abort_on_failure(both_written),
        database.begin() as connection,
        raw_cursor(connection) as cursor,
    ):
        report = _write(cursor, columns, load)
        both_written.wait()
        return report


@contextmanager
def _abort_on_failure(both_written: Barrier) -> Iterator[None]:
    try:
        yield
    except BaseException:
        both_written.abort()
        raise


def _write(cursor: Cursor, columns: Columns, load: Load) -> StoreReport:
    cursor.execute(SCAN_ONCE)
    known = _newest_known(cursor, columns)
    at, found = find(known["key"], row_keys(columns["symbol_id"], columns["session"]))
    at = at[found]
    differs = _differing(cursor, _rows(columns, found), _rows(known, at), load)
    inserted = len(found) - len(at)
    if inserted:
        copy_in(cursor, "bars", _rows(columns, ~found) if len(at) else columns)
    if differs.any():
        revision = known["revision"][at[differs]] + 1
        _revise(cursor, _rows(columns, np.flatnonzero(found)[differs]), revision, load)
    corrected = int(differs.sum())
    return StoreReport(inserted=inserted, unchanged=len(at) - corrected, corrected=corrected)


def _newest_known(cursor: Cursor, columns: Columns) -> Columns:
    sessions = from_postgres_days(columns["session"])
    symbol_ids = np.unique(columns["symbol_id"]).tolist()
    reading = Reading(
        start=sessions.min().item(), end=sessions.max().item(), as_of=None, chosen=True
    )
    position = {symbol_id: symbol_id for symbol_id in symbol_ids}
    first, newest = (in_order([part], position) for part in read_known(cursor, symbol_ids, reading))
    return overlay({**first, "revision": np.zeros(len(first["key"]), np.int32)}, newest)


def _differing(cursor: Cursor, columns: Columns, known: Columns, load: Load) -> NDArray[np.bool_]:
    # A price of another basis is another statement, even where the number is the same.
    cursor.execute(
        "SELECT batch_id FROM bar_batches WHERE batch_id = ANY(%s) AND basis <> %s",
        (np.unique(known["batch_id"]).tolist(), load.batch.basis),
    )
    differs = np.isin(known["batch_id"], [batch_id for (batch_id,) in cursor])
    for name in PRICES_AND_VOLUME:
        differs |= columns[name] != known[name]
    return differs


def _revise(cursor: Cursor, columns: Columns, revision: NDArray[np.int32], load: Load) -> None:
    known_at = np.full(len(revision), to_postgres_instant(load.received_at), np.int64)
    copy_in(cursor, "bar_revisions", {**columns, "known_at": known_at, "revision": revision})


def _rows(columns: Columns, rows: slice | NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {name: column[rows] for name, column in columns.items()}


def _sum(one: StoreReport, other: StoreReport) -> StoreReport:
    return StoreReport(
        inserted=one.inserted + other.inserted,
        unchanged=one.unchanged + other.unchanged,
        corrected=one.corrected + other.corrected,
    )
