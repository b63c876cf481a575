"""How filings come out of their tables: as columns, in the order in which they became known."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.packing import (
    SCAN_ONCE,
    days,
    in_order,
    instants,
    packed,
    unpack,
)
from alpha_oracle.domain.insiders import (
    OPEN_MARKET,
    PURCHASE,
    FilingColumns,
    OwnerColumns,
    TradeColumns,
)
from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.packing import Columns

_COUNTED: Final = {"filings": "int4send"}
_FILINGS: Final = {
    "filing": "int4send",
    "known_at": "timestamptz_send",
    "period_of_report": "date_send",
    "filed_on": "date_send",
    "replaces_filed_on": "date_send",
    "is_amendment": "boolsend",
}
_OWNERS: Final = {
    "filing": "int4send",
    "place": "int4send",
    "number": "int4send",
    "is_officer": "boolsend",
}
_TRADES: Final = {
    "filing": "int4send",
    "line": "int4send",
    "place": "int4send",
    "traded_on": "date_send",
    "is_purchase": "boolsend",
    "shares": "float8send",
    "price_usd": "float8send",
    "shares_after": "float8send",
}

# `filing` counts them in their order: what belongs to one is told by that number.
_LOAD: Final = f"""
WITH asked AS MATERIALIZED (
    SELECT symbol, accession, known_at, period_of_report, filed_on,
           coalesce(replaces_filed_on, '-infinity') AS replaces_filed_on,
           form LIKE '%%/A' AS is_amendment, CAST(row_number() OVER (
               ORDER BY symbol, known_at, form LIKE '%%/A', accession) - 1 AS integer) AS filing
    FROM ownership_filings
    WHERE known_at <= %(as_of)s AND (form LIKE '%%/A' OR (symbol, accession) IN (
        SELECT symbol, accession FROM ownership_transactions WHERE code = ANY(%(codes)s)))
), named AS (
    SELECT symbol, CAST(count(*) AS integer) AS filings FROM asked GROUP BY symbol
), owned AS (
    SELECT filing, place, is_officer,
           CAST(dense_rank() OVER (ORDER BY owner_id COLLATE "C") - 1 AS integer) AS number
    FROM asked JOIN ownership_owners USING (symbol, accession)
), dealt AS (
    SELECT filing, line, place, traded_on, code = %(purchase)s AS is_purchase, shares,
           coalesce(price_usd, 'NaN') AS price_usd, coalesce(shares_after, 'NaN') AS shares_after
    FROM asked JOIN ownership_transactions USING (symbol, accession)
    WHERE code = ANY(%(codes)s) AND NOT is_derivative
)
SELECT * FROM
    (SELECT array_agg(symbol ORDER BY symbol), {packed(_COUNTED, order="symbol")}
     FROM named) AS symbols,
    (SELECT {packed(_FILINGS)} FROM asked) AS filings,
    (SELECT {packed(_OWNERS)} FROM owned) AS owners,
    (SELECT {packed(_TRADES)} FROM dealt) AS trades
"""


def load(database: Database, *, as_of: datetime) -> FilingColumns:
    """Return the filings known at `as_of` with their open-market trades; see the port."""
    asked = {"as_of": as_of, "codes": list(OPEN_MARKET), "purchase": PURCHASE}
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(SCAN_ONCE)
        cursor.execute(_LOAD, asked)
        [(symbols, *values)] = cursor.fetchall()
    parts = iter(values)
    counted, filings, owners, trades = (
        unpack(columns, islice(parts, len(columns)))
        for columns in (_COUNTED, _FILINGS, _OWNERS, _TRADES)
    )
    filings = in_order(filings, by=("filing",))
    named = tuple(map(Symbol, symbols or ()))
    return FilingColumns(
        symbols=named,
        symbol_index=np.repeat(np.arange(len(named), dtype=np.int32), counted["filings"]),
        known_at=instants(filings["known_at"]),
        period_of_report=days(filings["period_of_report"]),
        filed_on=days(filings["filed_on"]),
        replaces_filed_on=days(filings["replaces_filed_on"]),
        is_amendment=filings["is_amendment"],
        owners=_owner_columns(owners, filings=len(filings["filing"])),
        trades=_trade_columns(trades, filings=len(filings["filing"])),
    )


def _owner_columns(owners: Columns, *, filings: int) -> OwnerColumns:
    owners = in_order(owners, by=("filing", "place"))
    return OwnerColumns(
        offsets=_offsets(owners, filings=filings),
        number=owners["number"].astype(np.int64),
        is_officer=owners["is_officer"],
    )


def _trade_columns(trades: Columns, *, filings: int) -> TradeColumns:
    trades = in_order(trades, by=("filing", "line", "place"))
    return TradeColumns(
        offsets=_offsets(trades, filings=filings),
        traded_on=days(trades["traded_on"]),
        is_purchase=trades["is_purchase"],
        shares=trades["shares"],
        price_usd=trades["price_usd"],
        shares_after=trades["shares_after"],
    )


def _offsets(rows: Columns, *, filings: int) -> NDArray[np.int64]:
    return np.searchsorted(rows["filing"], np.arange(filings + 1)).astype(np.int64)
