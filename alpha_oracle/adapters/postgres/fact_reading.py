"""How facts come out of their tables: what was news when, and of whom one source speaks.

Of a figure the latest document counts, and of that what it was last found to say. Documents are in
the order of their filing, those of one instant by name: in which order they were received tells
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.adapters.postgres.binary_copy import to_postgres_instant
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.fact_packing import CORRECTED, TOLD, read_groups
from alpha_oracle.adapters.postgres.packing import SCAN_ONCE, days, instants
from alpha_oracle.domain.fundamentals import ITEMS, FactColumns
from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.fact_packing import Columns

PREFERRED: Final = ("files", "edgar", "alpha_vantage", "synthetic")

_READING: Final = f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {SCAN_ONCE}"
_SPEAKING: Final = """
SELECT DISTINCT ON (symbol) origin_id, symbol FROM fact_origins
WHERE %(symbols)s::text[] IS NULL OR symbol = ANY(%(symbols)s::text[])
ORDER BY symbol, array_position(%(preferred)s, source), source
"""
_FACTS: Final = "SELECT * FROM facts WHERE origin_id = ANY(%(origins)s)"
_CORRECTIONS: Final = """
SELECT * FROM fact_corrections WHERE origin_id = ANY(%(origins)s) AND known_at <= %(as_of)s
"""
_DOCUMENTS: Final = """
SELECT 0 AS whole, document_id, filed_at, document FROM fact_documents
WHERE origin_id = ANY(%(origins)s)
"""
_FIGURES: Final = """
SELECT coalesce(array_position(%(items)s, item) - 1, -1) AS item, figure_id, period_end,
       period_start
FROM fact_figures
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Documents in the order in which they count: the place of each number, each one's instant."""

    places: NDArray[np.int64]
    filed_at: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures by item, period end and start: the place of each number, and what each one is."""

    places: NDArray[np.int64]
    item: NDArray[np.int16]
    period_end: NDArray[np.datetime64]
    period_start: NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A company's values that took the place of others, ascending by instant, then figure."""

    figure: NDArray[np.int64]
    known_at: NDArray[np.int64]
    value: NDArray[np.float64]


def load(database: Database, *, as_of: datetime, symbols: Sequence[Symbol] | None) -> FactColumns:
    """Return every revision known at `as_of`; see the port."""
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(_READING)
        speaking = _speaking(cursor, symbols)
        asked = {"origins": list(speaking), "as_of": as_of}
        documents, figures = _documents(cursor, asked), _figures(cursor)
        corrections = dict(read_groups(cursor, CORRECTED, _CORRECTIONS, asked, order="revision"))
        facts = read_groups(cursor, TOLD, _FACTS, asked)
        told = {
            speaking[origin_id]: _told(
                rows,
                corrections.get(origin_id),
                documents=documents,
                figures=figures,
                as_of=to_postgres_instant(as_of),
            )
            for origin_id, rows in facts
        }
    return _fact_columns(
        {symbol: news for symbol, news in told.items() if len(news.value)}, figures
    )


def _speaking(cursor: Cursor, symbols: Sequence[Symbol] | None) -> dict[int, Symbol]:
    asked = {"symbols": None if symbols is None else list(symbols), "preferred": list(PREFERRED)}
    cursor.execute(_SPEAKING, asked)
    return {origin_id: Symbol(symbol) for origin_id, symbol in cursor}


def _documents(cursor: Cursor, asked: Mapping[str, object]) -> Documents:
    columns = {"document_id": "int4send", "filed_at": "timestamptz_send"}
    rows: Columns = {"document_id": np.empty(0, np.int32), "filed_at": np.empty(0, np.int64)}
    for _, found in read_groups(
        cursor, columns, _DOCUMENTS, asked, group="whole", order="filed_at, document"
    ):
        rows = found
    return Documents(places=_places(rows["document_id"]), filed_at=rows["filed_at"])


def _figures(cursor: Cursor) -> Figures:
    columns = {"figure_id": "int4send", "period_end": "date_send", "period_start": "date_send"}
    asked = {"items": [item.value for item in ITEMS]}
    groups = sorted(
        read_groups(
            cursor, columns, _FIGURES, asked, group="item", order="period_end, period_start"
        ),
        key=itemgetter(0),
    )
    if groups and groups[0][0] < 0:
        raise ValueError("facts of an item are stored that this package does not know")
    return Figures(
        places=_places(_joined([part["figure_id"] for _, part in groups], np.int32)),
        item=np.repeat(
            np.array([item for item, _ in groups], np.int16),
            [len(part["figure_id"]) for _, part in groups],
        ),
        period_end=days(_joined([part["period_end"] for _, part in groups], np.int32)),
        period_start=days(_joined([part["period_start"] for _, part in groups], np.int32)),
    )


def _places(numbers: NDArray[Any]) -> NDArray[np.int64]:
    places = np.zeros(numbers.max(initial=0) + 1, np.int64)
    places[numbers] = np.arange(len(numbers))
    return places


def _told(
    rows: Columns,
    corrections: Columns | None,
    *,
    documents: Documents,
    figures: Figures,
    as_of: int,
) -> News:
    document = documents.places[rows["document_id"]]
    known_at = documents.filed_at[document]
    known = known_at <= as_of
    document, known_at = document[known], known_at[known]
    figure, value = figures.places[rows["figure_id"][known]], rows["value"][known]
    if corrections is None:
        order = np.argsort((figure << 32) + document)
        return _news(figure[order], known_at[order], value[order])
    # A correction comes after what it corrects: they are appended, and sorted stably.
    document = np.append(document, documents.places[corrections["document_id"]])
    figure = np.append(figure, figures.places[corrections["figure_id"]])
    known_at = np.append(known_at, corrections["known_at"])
    value = np.append(value, corrections["value"])
    order = np.argsort((figure << 32) + document, kind="stable")
    counts = np.empty(len(order), np.int64)
    counts[order] = np.arange(len(order))
    # As they became known; what an earlier document is found to say then counts no more.
    order = np.lexsort((counts, known_at, figure))
    order = order[np.maximum.accumulate(counts[order]) == counts[order]]
    return _news(figure[order], known_at[order], value[order])


def _news(
    figure: NDArray[np.int64], known_at: NDArray[np.int64], value: NDArray[np.float64]
) -> News:
    """Return of rows by figure, then instant, the last of each instant that changed a value."""
    last = np.ones(len(figure), np.bool_)
    last[:-1] = (figure[1:] != figure[:-1]) | (known_at[1:] != known_at[:-1])
    figure, known_at, value = figure[last], known_at[last], value[last]
    changed = np.ones(len(figure), np.bool_)
    changed[1:] = (figure[1:] != figure[:-1]) | (value[1:] != value[:-1])
    figure, known_at, value = figure[changed], known_at[changed], value[changed]
    order = np.argsort(known_at, kind="stable")
    return News(figure=figure[order], known_at=known_at[order], value=value[order])


def _fact_columns(told: Mapping[Symbol, News], figures: Figures) -> FactColumns:
    symbols = tuple(sorted(told))
    lengths = [len(told[symbol].value) for symbol in symbols]
    figure = _joined([told[symbol].figure for symbol in symbols], np.int64)
    known_at = _joined([told[symbol].known_at for symbol in symbols], np.int64)
    return FactColumns(
        symbols=symbols,
        symbol_index=np.repeat(np.arange(len(symbols), dtype=np.int32), lengths),
        item=figures.item[figure],
        period_start=figures.period_start[figure],
        period_end=figures.period_end[figure],
        value=_joined([told[symbol].value for symbol in symbols], np.float64),
        known_at=instants(known_at),
    )


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, kind)
