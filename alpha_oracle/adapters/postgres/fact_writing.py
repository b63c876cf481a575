"""How facts get into their tables: what each document told, whether or not it was news.

A document that repeats an earlier one is kept, too. Were it not, one filed between the two and
received after both would hide what the later said. What is news is found when facts are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alpha_oracle.adapters.postgres.binary_copy import copy_in, to_postgres_instant
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.fact_numbers import (
    Document,
    Place,
    add_documents,
    documents_of,
    placed,
)
from alpha_oracle.adapters.postgres.fact_packing import (
    CORRECTED,
    TOLD,
    as_columns,
    read_groups,
)
from alpha_oracle.domain.bars import StoreReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.fundamentals import FinancialFact

WRITERS_LOCK: Final = 6_102_005

_OF_ORIGINS: Final = "SELECT * FROM {table} WHERE origin_id = ANY(%(origins)s)"
_FACTS: Final = {"origin_id": "i4", "document_id": "i4", "figure_id": "i4", "value": "f8"}
_CORRECTIONS: Final = {**_FACTS, "revision": "i4", "known_at": "i8"}


class Told(NamedTuple):
    """What a document was last found to say, since when, as the server counts instants."""

    document_id: int
    value: float
    revision: int
    known_at: int


def store(
    database: Database, facts: Sequence[FinancialFact], *, source: str, received_at: datetime
) -> StoreReport:
    """Keep facts of one source; see the port."""
    if not facts:
        return StoreReport(inserted=0, unchanged=0, corrected=0)
    now = to_postgres_instant(received_at)
    with database.begin() as connection, raw_cursor(connection) as cursor:
        # One writer at a time, so that nothing comes between comparing and copying.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        given = placed(cursor, facts, source=source)
        numbers = documents_of(cursor, {place.origin_id for place in given})
        told = _told(cursor, numbers)
        new = {place: fact for place, fact in given.items() if place not in told}
        changed = {
            place: _correction(fact, told[place], now=now)
            for place, fact in given.items()
            if place in told and told[place].value != fact.value
        }
        _copy(cursor, "facts", _new_rows(cursor, new, numbers), types=_FACTS, now=now)
        corrections = [
            (
                place.origin_id,
                one.document_id,
                place.figure_id,
                one.value,
                one.revision,
                one.known_at,
            )
            for place, one in changed.items()
        ]
        _copy(cursor, "fact_corrections", corrections, types=_CORRECTIONS, now=now)
    unchanged = len(given) - len(new) - len(changed)
    return StoreReport(inserted=len(new), unchanged=unchanged, corrected=len(changed))


def _told(cursor: Cursor, numbers: Mapping[Document, int]) -> dict[Place, Told]:
    documents = {number: document for document, number in numbers.items()}
    filed = {number: to_postgres_instant(one.filed_at) for number, one in documents.items()}
    asked = {"origins": sorted({document.origin_id for document in numbers})}
    told: dict[Place, Told] = {}
    for origin_id, rows in read_groups(cursor, TOLD, _OF_ORIGINS.format(table="facts"), asked):
        for number, figure_id, value in zip(*(rows[name].tolist() for name in TOLD), strict=True):
            place = Place(origin_id, documents[number].name, figure_id)
            told[place] = Told(number, value, 0, filed[number])
    corrections = _OF_ORIGINS.format(table="fact_corrections")
    for origin_id, rows in read_groups(cursor, CORRECTED, corrections, asked, order="revision"):
        columns = (rows[name].tolist() for name in CORRECTED)
        for number, figure_id, *rest in zip(*columns, strict=True):
            told[Place(origin_id, documents[number].name, figure_id)] = Told(number, *rest)
    return told


def _correction(fact: FinancialFact, told: Told, *, now: int) -> Told:
    return Told(
        document_id=told.document_id,
        value=fact.value,
        revision=told.revision + 1,
        known_at=max(to_postgres_instant(fact.known_at), now, told.known_at),
    )


def _new_rows(
    cursor: Cursor, new: Mapping[Place, FinancialFact], numbers: Mapping[Document, int]
) -> list[tuple[float, ...]]:
    documents = {
        place: Document(place.origin_id, place.document, fact.known_at)
        for place, fact in new.items()
    }
    numbers = {**numbers, **add_documents(cursor, set(documents.values()) - numbers.keys())}
    return [
        (place.origin_id, numbers[documents[place]], place.figure_id, fact.value)
        for place, fact in new.items()
    ]


def _copy(
    cursor: Cursor,
    table: str,
    rows: Sequence[tuple[float, ...]],
    *,
    types: Mapping[str, str],
    now: int,
) -> None:
    if rows:
        received_at = np.full(len(rows), now, np.int64)
        copy_in(cursor, table, {**as_columns(rows, types), "received_at": received_at})
