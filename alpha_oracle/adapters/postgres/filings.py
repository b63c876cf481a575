"""Ownership filings by symbol and accession, with their owners and transactions.

A filing is what the SEC accepted and never changes: an amendment is a filing of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.insiders import Insider, InsiderTransaction, OwnershipFiling
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.reference import Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    from alpha_oracle.adapters.postgres.engine import Database

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
# An amendment without such a transaction may take the place of a filing that has some.
_IS_ASKED: Final = """
filing.known_at <= %(as_of)s
  AND (%(symbols)s::text[] IS NULL OR filing.symbol = ANY(%(symbols)s::text[]))
  AND (%(codes)s::text[] IS NULL OR filing.form LIKE '%%/A' OR EXISTS (
    SELECT FROM ownership_transactions AS dealt
    WHERE dealt.symbol = filing.symbol AND dealt.accession = filing.accession
      AND dealt.code = ANY(%(codes)s::text[])
  ))
"""
_KNOWN: Final = f"""
SELECT {{columns}} FROM ownership_filings AS filing
WHERE {_IS_ASKED}
ORDER BY symbol, known_at, accession
"""
_OWNERS: Final = f"""
SELECT {{columns}} FROM ownership_owners JOIN ownership_filings AS filing USING (symbol, accession)
WHERE {_IS_ASKED}
ORDER BY symbol, accession, place
"""
_TRANSACTIONS: Final = f"""
SELECT {{columns}} FROM ownership_transactions
JOIN ownership_filings AS filing USING (symbol, accession)
WHERE {_IS_ASKED} AND (%(codes)s::text[] IS NULL OR code = ANY(%(codes)s::text[]))
ORDER BY symbol, accession, place
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

    def load(
        self,
        *,
        as_of: datetime,
        symbols: Sequence[Symbol] | None = None,
        codes: Sequence[str] | None = None,
    ) -> tuple[OwnershipFiling, ...]:
        """Return the filings known at `as_of`, by symbol, `known_at` and accession.

        With `codes`, transactions of other codes are left out, and the filings that had none of
        these, amendments excepted.
        """
        asked = {
            "as_of": as_of,
            "symbols": None if symbols is None else list(symbols),
            "codes": None if codes is None else list(codes),
        }
        with self._database.begin() as connection, raw_cursor(connection) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            owners = _of_filings(cursor, _OWNERS, OWNERS, asked)
            transactions = _of_filings(cursor, _TRANSACTIONS, TRANSACTIONS, asked)
            cursor.execute(_KNOWN.format(columns=", ".join(FILINGS.columns)), asked)
            return tuple(_to_filing(row, owners[row[:2]], transactions[row[:2]]) for row in cursor)


def _insert(cursor: Cursor, table: Table, rows: Iterable[Row], **shared: object) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    given = ", ".join(f"%s::{kind}[]" for kind in table.columns.values())
    cursor.execute(
        f"INSERT INTO {table.name} ({', '.join((*table.columns, *shared))})"
        f" SELECT given.*{', %s' * len(shared)} FROM unnest({given}) AS given"
        " ON CONFLICT DO NOTHING RETURNING symbol, accession",
        (*shared.values(), *map(list, columns)),
    )


def _of_filings(
    cursor: Cursor, statement: str, table: Table, asked: Mapping[str, object]
) -> defaultdict[Key, list[Row]]:
    cursor.execute(statement.format(columns=", ".join(table.columns)), asked)
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for symbol, accession, _, *rest in cursor:
        found[symbol, accession].append(tuple(rest))
    return found


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


def _to_filing(row: Row, owners: Iterable[Row], transactions: Iterable[Row]) -> OwnershipFiling:
    symbol, accession, form, known_at, period, filed_on, replaces = row
    return OwnershipFiling(
        accession=accession,
        symbol=Symbol(symbol),
        form=form,
        known_at=known_at,
        period_of_report=period,
        filed_on=filed_on,
        owners=tuple(map(_to_owner, owners)),
        transactions=tuple(map(_to_transaction, transactions)),
        replaces_filed_on=replaces,
    )


def _to_owner(row: Row) -> Insider:
    owner_id, name, is_director, is_officer, is_ten_percent_owner, title = row
    return Insider(
        owner_id=owner_id,
        name=name,
        is_director=is_director,
        is_officer=is_officer,
        is_ten_percent_owner=is_ten_percent_owner,
        officer_title=title,
    )


def _to_transaction(row: Row) -> InsiderTransaction:
    line, traded_on, code, derivative, acquired, shares, price, after, direct, planned = row
    return InsiderTransaction(
        line=line,
        traded_on=traded_on,
        code=code,
        is_derivative=derivative,
        is_acquisition=acquired,
        shares=shares,
        price_usd=price,
        shares_after=after,
        is_direct=direct,
        is_planned=planned,
    )
