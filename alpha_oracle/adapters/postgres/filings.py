"""Ownership filings by symbol and accession, with their owners and transactions.

A filing is what the SEC accepted and never changes: an amendment is a filing of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import text

from alpha_oracle.adapters.postgres import filing_reading
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.reference import Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.insiders import FilingColumns, OwnershipFiling
    from alpha_oracle.domain.market import Symbol

    Key = tuple[str, str]
    Row = tuple[Any, ...]


class Table(NamedTuple):
    """A table's columns with their types, the first two being the filing they belong to."""

    name: str
    columns: Mapping[str, str]


FILINGS: Final = Table(
    "ownership_filings",
    {
        "symbol": "text",
        "accession": "text",
        "form": "text",
        "known_at": "timestamptz",
        "period_of_report": "date",
        "filed_on": "date",
        "replaces_filed_on": "date",
    },
)
OWNERS: Final = Table(
    "ownership_owners",
    {
        "symbol": "text",
        "accession": "text",
        "place": "integer",
        "owner_id": "text",
        "name": "text",
        "is_director": "boolean",
        "is_officer": "boolean",
        "is_ten_percent_owner": "boolean",
        "officer_title": "text",
    },
)
TRANSACTIONS: Final = Table(
    "ownership_transactions",
    {
        "symbol": "text",
        "accession": "text",
        "place": "integer",
        "line": "integer",
        "traded_on": "date",
        "code": "text",
        "is_derivative": "boolean",
        "is_acquisition": "boolean",
        "shares": "float8",
        "price_usd": "float8",
        "shares_after": "float8",
        "is_direct": "boolean",
        "is_planned": "boolean",
    },
)

_ACCESSIONS: Final = """
SELECT accession FROM ownership_filings WHERE symbol = :symbol
UNION
SELECT subject FROM refused_rows WHERE family = :family
"""


class PostgresInsiders:
    """`InsiderStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self, filings: Sequence[OwnershipFiling], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep filings; one already stored changes nothing: an amendment is a filing of its own.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
        """
        given: dict[Key, OwnershipFiling] = {}
        for filing in filings:
            given.setdefault((filing.symbol, storable(filing.accession)), filing)
        # In one order, so that two that store at once never wait for one another in a circle.
        keys = sorted(given)
        with self._database.begin() as connection, raw_cursor(connection) as cursor:
            rows = [_filing_row(key, given[key]) for key in keys]
            shared = {"source": source, "received_at": received_at}
            _insert(cursor, FILINGS, rows, **shared)
            new = [(symbol, accession) for symbol, accession in cursor]
            owners = (row for key in new for row in _owner_rows(key, given[key]))
            _insert(cursor, OWNERS, owners)
            transactions = (row for key in new for row in _transaction_rows(key, given[key]))
            _insert(cursor, TRANSACTIONS, transactions)
        return StoreReport(inserted=len(new), unchanged=len(given) - len(new), corrected=0)

    def accessions(self, symbol: Symbol) -> frozenset[str]:
        """Return the accession numbers stored of a symbol, and all that were refused."""
        values = {"symbol": symbol, "family": Family.INSIDERS.value}
        with self._database.at_once() as connection:
            return frozenset(connection.execute(text(_ACCESSIONS), values).scalars())

    def load(self, *, as_of: datetime) -> FilingColumns:
        """Return the filings known at `as_of` with their open-market trades; see the port."""
        return filing_reading.load(self._database, as_of=as_of)


def _insert(cursor: Cursor, table: Table, rows: Iterable[Row], **shared: object) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    given = ", ".join(f"%s::{kind}[]" for kind in table.columns.values())
    cursor.execute(
        f"INSERT INTO {table.name} ({', '.join((*table.columns, *shared))})"
        f" SELECT given.*{', %s' * len(shared)} FROM unnest({given}) AS given"
        " ON CONFLICT DO NOTHING RETURNING symbol, accession",
        (*shared.values(), *map(list, columns)),
    )


def _filing_row(key: Key, filing: OwnershipFiling) -> Row:
    return (
        *key,
        storable(filing.form),
        filing.known_at,
        filing.period_of_report,
        filing.filed_on,
        filing.replaces_filed_on,
    )


def _owner_rows(key: Key, filing: OwnershipFiling) -> Iterable[Row]:
    return (
        (
            *key,
            place,
            storable(owner.owner_id),
            storable(owner.name),
            owner.is_director,
            owner.is_officer,
            owner.is_ten_percent_owner,
            storable(owner.officer_title),
        )
        for place, owner in enumerate(filing.owners)
    )


def _transaction_rows(key: Key, filing: OwnershipFiling) -> Iterable[Row]:
    return (
        (
            *key,
            place,
            trade.line,
            trade.traded_on,
            storable(trade.code),
            trade.is_derivative,
            trade.is_acquisition,
            trade.shares,
            trade.price_usd,
            trade.shares_after,
            trade.is_direct,
            trade.is_planned,
        )
        for place, trade in enumerate(filing.transactions)
    )
