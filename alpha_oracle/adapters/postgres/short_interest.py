"""Short positions by settlement date and symbol, with every correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.packing import (
    SCAN_ONCE,
    days,
    in_order,
    instants,
    packed,
    unpack,
)
from alpha_oracle.adapters.postgres.revisions import each_once, lock_table, report
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.short_interest import ShortInterestColumns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.bars import StoreReport
    from alpha_oracle.domain.short_interest import ShortPosition

_STORE: Final = """
WITH given AS (
    SELECT * FROM unnest(
        CAST(:symbols AS text[]), CAST(:settlements AS date[]), CAST(:shares AS float8[]),
        CAST(:volumes AS float8[]), CAST(:known AS timestamptz[])
    ) AS given (symbol, settlement_date, shares_short, average_daily_volume, known_at)
), newest AS (
    SELECT DISTINCT ON (symbol, settlement_date) *
    FROM short_interest
    WHERE settlement_date = ANY(CAST(:days AS date[]))
    ORDER BY symbol, settlement_date, revision DESC
)
INSERT INTO short_interest (
    symbol, settlement_date, revision, shares_short, average_daily_volume, source, known_at,
    received_at
)
SELECT symbol, settlement_date, coalesce(newest.revision + 1, 0), given.shares_short,
       given.average_daily_volume, :source,
       CASE WHEN newest.revision IS NULL THEN given.known_at
       ELSE greatest(given.known_at, newest.known_at, :received_at) END, :received_at
FROM given LEFT JOIN newest USING (symbol, settlement_date)
WHERE (given.shares_short, given.average_daily_volume)
    IS DISTINCT FROM (newest.shares_short, newest.average_daily_volume)
RETURNING revision
"""

# One look at the index a settlement date, not a pass over it.
_SETTLEMENTS: Final = """
WITH RECURSIVE found AS (
    SELECT min(settlement_date) AS day FROM short_interest
    UNION ALL
    SELECT (SELECT min(settlement_date) FROM short_interest WHERE settlement_date > found.day)
    FROM found WHERE found.day IS NOT NULL
)
SELECT day FROM found WHERE day IS NOT NULL
"""

_SENT: Final = {
    "settlement_date": "date_send",
    "revision": "int4send",
    "shares_short": "float8send",
    "average_daily_volume": "float8send",
    "known_at": "timestamptz_send",
}
_LOAD: Final = f"""
SELECT symbol, count(*), {packed(_SENT)} FROM (
    SELECT symbol, settlement_date, revision, shares_short,
           coalesce(average_daily_volume, 'NaN') AS average_daily_volume, known_at
    FROM short_interest WHERE known_at <= %(as_of)s
) AS known
GROUP BY symbol ORDER BY symbol
"""


class PostgresShortInterest:
    """`ShortInterestStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self, positions: Sequence[ShortPosition], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep positions; see the port.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a symbol is given twice with different values; nothing was kept.
        """
        given = each_once(positions, key=lambda one: (one.symbol, one.settlement_date))
        values = {
            "symbols": [one.symbol for one in given],
            "settlements": [one.settlement_date for one in given],
            "shares": [one.shares_short for one in given],
            "volumes": [one.average_daily_volume for one in given],
            "known": [one.known_at for one in given],
            "days": sorted({one.settlement_date for one in given}),
            "source": source,
            "received_at": received_at,
        }
        with self._database.begin() as connection:
            lock_table(connection, "short_interest")
            return report(connection.execute(text(_STORE), values), given=len(given))

    def settlements(self) -> frozenset[date]:
        """Return the settlement dates of which something is stored."""
        with self._database.begin() as connection:
            return frozenset(connection.execute(text(_SETTLEMENTS)).scalars())

    def load(self, *, as_of: datetime) -> ShortInterestColumns:
        """Return every revision known at `as_of`, by symbol, settlement date and revision."""
        with self._database.begin() as connection, raw_cursor(connection) as cursor:
            cursor.execute(SCAN_ONCE)
            cursor.execute(_LOAD, {"as_of": as_of})
            rows = cursor.fetchall()
        symbols, counts, *values = zip(*rows, strict=True) if rows else ((), (), *[()] * len(_SENT))
        told = unpack(_SENT, map(b"".join, values))
        told["symbol_index"] = np.repeat(np.arange(len(symbols), dtype=np.int32), counts)
        told = in_order(told, by=("symbol_index", "settlement_date", "revision"))
        return ShortInterestColumns(
            symbols=tuple(map(Symbol, symbols)),
            symbol_index=told["symbol_index"],
            settlement_date=days(told["settlement_date"]),
            shares_short=told["shares_short"],
            average_daily_volume=told["average_daily_volume"],
            known_at=instants(told["known_at"]),
        )
