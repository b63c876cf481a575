"""How facts come out of their table: what was news when, and of whom one source speaks.

Of a figure the latest document counts, and of that what it was last found to say. Documents are in
the order of their filing, those of one instant by name: in which order they were received tells
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.fact_packing import NO_START, read_facts
from alpha_oracle.domain.fundamentals import ITEMS, FactColumns, StatementItem
from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.fact_packing import Columns

PREFERRED: Final = ("files", "edgar", "alpha_vantage", "synthetic")

# One snapshot and one pass; parallel workers would each cost more than they save.
_READING: Final = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL jit = off;
SET LOCAL work_mem = '128MB';
SET LOCAL max_parallel_workers_per_gather = 0
"""
_SPEAKING: Final = """
SELECT DISTINCT ON (symbol) origin_id, symbol FROM fact_origins
WHERE %(symbols)s::text[] IS NULL OR symbol = ANY(%(symbols)s::text[])
ORDER BY symbol, array_position(%(preferred)s, source), source
"""
_KNOWN: Final = "origin_id = ANY(%(origins)s) AND known_at <= %(as_of)s"

_DAY_BITS: Final = 22
_DAY_OFFSET: Final = 730_120
"""Days from the first that Python can name to the server's day 0, and one: 0 is no day."""
_EPOCH: Final = np.datetime64("2000-01-01", "us")
_EPOCH_DAY: Final = np.datetime64("2000-01-01", "D")


def load(database: Database, *, as_of: datetime, symbols: Sequence[Symbol] | None) -> FactColumns:
    """Return every revision known at `as_of`; see the port."""
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(_READING)
        speaking = _speaking(cursor, symbols)
        items, ranks = _item_numbers(cursor), _document_ranks(cursor)
        asked = {"origins": list(speaking), "as_of": as_of}
        parts = {
            speaking[origin_id]: _news(part, items=items, ranks=ranks)
            for origin_id, part in read_facts(cursor, _KNOWN, asked)
        }
    return _fact_columns(parts)


def _speaking(cursor: Cursor, symbols: Sequence[Symbol] | None) -> dict[int, Symbol]:
    asked = {"symbols": None if symbols is None else list(symbols), "preferred": list(PREFERRED)}
    cursor.execute(_SPEAKING, asked)
    return {origin_id: Symbol(symbol) for origin_id, symbol in cursor}


def _item_numbers(cursor: Cursor) -> NDArray[np.int16]:
    cursor.execute("SELECT item_id, item FROM fact_items")
    known = {item_id: ITEMS.index(StatementItem(item)) for item_id, item in cursor}
    numbers = np.zeros(max(known, default=0) + 1, np.int16)
    numbers[list(known)] = list(known.values())
    return numbers


def _document_ranks(cursor: Cursor) -> NDArray[np.int32]:
    cursor.execute(
        "SELECT coalesce(string_agg(int4send(document_id), '' ORDER BY document), '')"
        " FROM fact_documents"
    )
    (packed,) = cursor.fetchone() or (b"",)
    in_order = np.frombuffer(packed, ">i4")
    ranks = np.zeros(in_order.max(initial=0) + 1, np.int32)
    ranks[in_order] = np.arange(len(in_order), dtype=np.int32)
    return ranks


def _news(part: Columns, *, items: NDArray[np.int16], ranks: NDArray[np.int32]) -> Columns:
    """Return a company's rows that said something new when they became known, in that order."""
    part["item"] = items[part["item_id"]]
    figure = _figures(part)
    order = np.lexsort((part["revision"], ranks[part["document_id"]], part["filed_at"], figure))
    newest = np.empty(len(order), np.int64)
    newest[order] = np.arange(len(order))
    # By figure, then as it became known; what an earlier document is found to say counts no more.
    rows = np.lexsort((newest, part["known_at"], figure))
    rows = rows[np.maximum.accumulate(newest[rows]) == newest[rows]]
    rows = rows[_last_of_each(figure[rows], part["known_at"][rows])]
    rows = rows[_changes(figure[rows], part["value"][rows])]
    rows = rows[np.argsort(part["known_at"][rows], kind="stable")]
    names = ("item", "period_start", "period_end", "value", "known_at")
    return {name: part[name][rows] for name in names}


def _figures(part: Columns) -> NDArray[np.int64]:
    """One number a figure, ascending by item, then period end, then start."""
    start = part["period_start"].astype(np.int64) + _DAY_OFFSET
    start[part["period_start"] == NO_START] = 0
    end = part["period_end"].astype(np.int64) + _DAY_OFFSET
    figures: NDArray[np.int64] = (
        (part["item"].astype(np.int64) << 2 * _DAY_BITS) + (end << _DAY_BITS) + start
    )
    return figures


def _last_of_each(figure: NDArray[Any], known_at: NDArray[Any]) -> NDArray[np.bool_]:
    last = np.ones(len(figure), np.bool_)
    last[:-1] = (figure[1:] != figure[:-1]) | (known_at[1:] != known_at[:-1])
    return last


def _changes(figure: NDArray[Any], value: NDArray[Any]) -> NDArray[np.bool_]:
    changes = np.ones(len(figure), np.bool_)
    changes[1:] = (figure[1:] != figure[:-1]) | (value[1:] != value[:-1])
    return changes


def _fact_columns(parts: dict[Symbol, Columns]) -> FactColumns:
    symbols = tuple(sorted(parts))
    lengths = [len(parts[symbol]["value"]) for symbol in symbols]
    start = _joined(parts, symbols, "period_start", np.int32)
    period_start = _days(start)
    period_start[start == NO_START] = np.datetime64("NaT")
    return FactColumns(
        symbols=symbols,
        symbol_index=np.repeat(np.arange(len(symbols), dtype=np.int32), lengths),
        item=_joined(parts, symbols, "item", np.int16),
        period_start=period_start,
        period_end=_days(_joined(parts, symbols, "period_end", np.int32)),
        value=_joined(parts, symbols, "value", np.float64),
        known_at=_EPOCH + _joined(parts, symbols, "known_at", np.int64).astype("timedelta64[us]"),
    )


def _joined(
    parts: dict[Symbol, Columns], symbols: Sequence[Symbol], name: str, kind: type
) -> NDArray[Any]:
    blocks = [parts[symbol][name] for symbol in symbols]
    return np.concatenate(blocks) if blocks else np.empty(0, kind)


def _days(days: NDArray[Any]) -> NDArray[np.datetime64]:
    return _EPOCH_DAY + days.astype("timedelta64[D]")
