"""How facts get into their table: what each document told, whether or not it was news.

A document that repeats an earlier one is kept, too. Were it not, one filed between the two and
received after both would hide what the later said. What is news is found when facts are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alpha_oracle.adapters.postgres.binary_copy import copy_in, to_postgres_instant
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.fact_packing import as_columns, read_facts, to_postgres_day
from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.fundamentals import FinancialFact

WRITERS_LOCK: Final = 6_102_005


class Figure(NamedTuple):
    """A place in a document, all in numbers of the tables."""

    origin_id: int
    document_id: int
    item_id: int
    period_start: int
    period_end: int


class Told(NamedTuple):
    """What a document was last found to say there."""

    revision: int
    value: float
    filed_at: int
    known_at: int


def store(
    database: Database, facts: Sequence[FinancialFact], *, source: str, received_at: datetime
) -> StoreReport:
    """Keep facts of one source; see the port."""
    if not facts:
        return StoreReport(inserted=0, unchanged=0, corrected=0)
    with database.begin() as connection, raw_cursor(connection) as cursor:
        # One writer at a time, so that nothing comes between comparing and copying.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        given = _by_figure(cursor, facts, source)
        stored = _last_told(cursor, {figure.origin_id for figure in given})
        now = to_postgres_instant(received_at)
        rows = [
            (figure, told)
            for figure, fact in given.items()
            if (told := _news(fact, stored.get(figure), now=now)) is not None
        ]
        _copy(cursor, rows, now=now)
    inserted = sum(told.revision == 0 for _, told in rows)
    return StoreReport(
        inserted=inserted,
        unchanged=len(given) - len(rows),
        corrected=len(rows) - inserted,
    )


def _by_figure(
    cursor: Cursor, facts: Sequence[FinancialFact], source: str
) -> dict[Figure, FinancialFact]:
    origins = _numbers(cursor, _ORIGINS, {fact.symbol for fact in facts}, source=source)
    items = _numbers(cursor, _ITEMS, {fact.item for fact in facts})
    documents = _numbers(cursor, _DOCUMENTS, {storable(fact.document) for fact in facts})
    given: dict[Figure, FinancialFact] = {}
    for fact in facts:
        figure = Figure(
            origins[fact.symbol],
            documents[storable(fact.document)],
            items[fact.item],
            to_postgres_day(fact.period_start),
            to_postgres_day(fact.period_end),
        )
        if (other := given.setdefault(figure, fact)).value != fact.value:
            raise DataError(
                f"{fact.symbol} {fact.item} to {fact.period_end} is given twice by "
                f"{fact.document}, as {other.value:g} and {fact.value:g}; leave one of the two"
            )
    return given


_ORIGINS: Final = (
    "SELECT symbol, origin_id FROM fact_origins WHERE source = %(source)s AND symbol = ANY(%(of)s)",
    "INSERT INTO fact_origins (symbol, source) SELECT unnest(%(of)s), %(source)s",
)
_ITEMS: Final = (
    "SELECT item, item_id FROM fact_items WHERE item = ANY(%(of)s)",
    "INSERT INTO fact_items (item) SELECT unnest(%(of)s)",
)
_DOCUMENTS: Final = (
    "SELECT document, document_id FROM fact_documents WHERE document = ANY(%(of)s)",
    "INSERT INTO fact_documents (document) SELECT unnest(%(of)s)",
)


def _numbers(
    cursor: Cursor, table: tuple[str, str], names: Collection[str], **values: str
) -> Mapping[str, int]:
    find, add = table
    wanted = sorted(map(str, names))
    cursor.execute(find, {"of": wanted, **values})
    found: dict[str, int] = dict(cursor.fetchall())
    if missing := [name for name in wanted if name not in found]:
        cursor.execute(add, {"of": missing, **values})
        cursor.execute(find, {"of": missing, **values})
        found |= dict(cursor.fetchall())
    return found


def _last_told(cursor: Cursor, origin_ids: Collection[int]) -> dict[Figure, Told]:
    last: dict[Figure, Told] = {}
    parts = read_facts(cursor, "origin_id = ANY(%(of)s)", {"of": sorted(origin_ids)})
    for origin_id, part in parts:
        names = ("document_id", "item_id", "period_start", "period_end", *Told._fields)
        for document, item, start, end, *rest in zip(
            *(part[name].tolist() for name in names), strict=True
        ):
            figure, told = Figure(origin_id, document, item, start, end), Told(*rest)
            last[figure] = max(told, last.get(figure, told))
    return last


def _news(fact: FinancialFact, stored: Told | None, *, now: int) -> Told | None:
    known_at = to_postgres_instant(fact.known_at)
    if stored is None:
        return Told(0, fact.value, known_at, known_at)
    if stored.value == fact.value:
        return None
    known_at = max(known_at, now, stored.known_at)
    return Told(stored.revision + 1, fact.value, stored.filed_at, known_at)


def _copy(cursor: Cursor, rows: Sequence[tuple[Figure, Told]], *, now: int) -> None:
    if not rows:
        return
    columns = as_columns(
        [
            (
                figure.origin_id,
                told.value,
                told.filed_at,
                told.known_at,
                figure.document_id,
                figure.period_start,
                figure.period_end,
                figure.item_id,
                told.revision,
            )
            for figure, told in rows
        ]
    )
    received_at = np.full(len(rows), now, np.int64)
    copy_in(cursor, "facts", {**columns, "received_at": received_at})
