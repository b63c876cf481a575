"""The numbers that stand for companies, documents and figures in the tables of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date, datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.domain.fundamentals import FinancialFact, StatementItem

    Figure = tuple[StatementItem, date, date | None]

_ORIGINS: Final = """
SELECT symbol, origin_id FROM fact_origins WHERE source = %(source)s AND symbol = ANY(%(symbols)s)
"""
_ADD_ORIGINS: Final = """
INSERT INTO fact_origins (symbol, source) SELECT unnest(%(symbols)s), %(source)s
ON CONFLICT DO NOTHING
"""
_GIVEN_FIGURES: Final = """
FROM unnest(%(items)s::text[], %(ends)s::date[], %(starts)s::date[])
    WITH ORDINALITY AS given (item, period_end, period_start, place)
"""
_FIGURES: Final = f"""
SELECT place, figure_id {_GIVEN_FIGURES} JOIN fact_figures USING (item, period_end, period_start)
"""
_ADD_FIGURES: Final = f"""
INSERT INTO fact_figures (item, period_end, period_start)
SELECT item, period_end, period_start {_GIVEN_FIGURES}
ON CONFLICT DO NOTHING
"""
_DOCUMENTS: Final = """
SELECT origin_id, document, filed_at, document_id FROM fact_documents
WHERE origin_id = ANY(%(origins)s)
"""
_ADD_DOCUMENTS: Final = """
INSERT INTO fact_documents (origin_id, document, filed_at)
SELECT * FROM unnest(%(origins)s::integer[], %(documents)s::text[], %(filed)s::timestamptz[])
RETURNING origin_id, document, filed_at, document_id
"""


class Place(NamedTuple):
    """Where a value stands: a figure in a document of one that tells of a company."""

    origin_id: int
    document: str
    figure_id: int


class Document(NamedTuple):
    """A document, told apart by when it was filed where its name does not."""

    origin_id: int
    name: str
    filed_at: datetime


def placed(
    cursor: Cursor, facts: Sequence[FinancialFact], *, source: str
) -> dict[Place, FinancialFact]:
    """Return facts by their places, new ones among them numbered.

    Raises:
        DataError: a document gives a figure twice with different values.
    """
    origins = _origin_numbers(cursor, {fact.symbol for fact in facts}, source)
    figures = [(fact.item, fact.period_end, fact.period_start) for fact in facts]
    numbers = _figure_numbers(cursor, set(figures))
    names = {document: storable(document) for document in {fact.document for fact in facts}}
    given: dict[Place, FinancialFact] = {}
    for fact, figure in zip(facts, figures, strict=True):
        place = Place(origins[fact.symbol], names[fact.document], numbers[figure])
        if (other := given.setdefault(place, fact)).value != fact.value:
            raise DataError(
                f"{fact.symbol} {fact.item} to {fact.period_end} is given twice by "
                f"{fact.document}, as {other.value:g} and {fact.value:g}; leave one of the two"
            )
    return given


def documents_of(cursor: Cursor, origin_ids: Collection[int]) -> dict[Document, int]:
    """Return the numbers of what is stored of companies."""
    cursor.execute(_DOCUMENTS, {"origins": list(origin_ids)})
    return {Document(*row): number for *row, number in cursor}


def add_documents(cursor: Cursor, documents: Iterable[Document]) -> dict[Document, int]:
    """Number documents not stored yet."""
    new = sorted(documents)
    values = {
        "origins": [one.origin_id for one in new],
        "documents": [one.name for one in new],
        "filed": [one.filed_at for one in new],
    }
    cursor.execute(_ADD_DOCUMENTS, values)
    return {Document(*row): number for *row, number in cursor}


def _origin_numbers(cursor: Cursor, symbols: Collection[str], source: str) -> dict[str, int]:
    values = {"symbols": sorted(symbols), "source": source}
    cursor.execute(_ORIGINS, values)
    found: dict[str, int] = dict(cursor.fetchall())
    if len(found) < len(symbols):
        cursor.execute(_ADD_ORIGINS, values | {"symbols": sorted(symbols - found.keys())})
        cursor.execute(_ORIGINS, values)
        found = dict(cursor.fetchall())
    return found


def _figure_numbers(cursor: Cursor, figures: Collection[Figure]) -> dict[Figure, int]:
    found = _find_figures(cursor, list(figures))
    if missing := [figure for figure in figures if figure not in found]:
        cursor.execute(_ADD_FIGURES, _figure_values(missing))
        found |= _find_figures(cursor, missing)
    return found


def _find_figures(cursor: Cursor, figures: Sequence[Figure]) -> dict[Figure, int]:
    cursor.execute(_FIGURES, _figure_values(figures))
    return {figures[place - 1]: number for place, number in cursor}


def _figure_values(figures: Sequence[Figure]) -> dict[str, str]:
    # One literal an array: the server would read thousands of dates one by one for longer.
    items, ends, starts = zip(*figures, strict=True)
    return {
        "items": _array(item.value for item in items),
        "ends": _array(end.isoformat() for end in ends),
        "starts": _array("-infinity" if start is None else start.isoformat() for start in starts),
    }


def _array(plain: Iterable[str]) -> str:
    return f"{{{','.join(plain)}}}"
