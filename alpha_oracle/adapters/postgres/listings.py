"""Which company a vendor had behind each ticker: every one it ever had, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.requests import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.adapters.postgres.engine import Database

_LISTINGS: Final = """
SELECT DISTINCT ON (symbol) symbol, vendor_id, name FROM vendor_listings
WHERE source = :source AND symbol = ANY(:symbols)
ORDER BY symbol, last_seen DESC, vendor_id
"""
_SYMBOLS_OF: Final = """
SELECT DISTINCT ON (vendor_id) vendor_id, symbol FROM vendor_listings
WHERE source = :source AND vendor_id = ANY(:vendor_ids)
ORDER BY vendor_id, last_seen DESC, symbol
"""

# In one order, so that two that record at once never wait for one another in a circle.
_RECORD: Final = """
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now)
INSERT INTO vendor_listings (source, symbol, vendor_id, name, first_seen, last_seen)
SELECT :source, symbol, vendor_id, name, now, now
FROM moment, unnest(
    CAST(:symbols AS text[]), CAST(:vendor_ids AS text[]), CAST(:names AS text[])
) AS seen (symbol, vendor_id, name)
ORDER BY symbol
ON CONFLICT (source, symbol, vendor_id) DO UPDATE
SET name = excluded.name, last_seen = excluded.last_seen
"""


class PostgresListings:
    """`Listings` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listings(self, source: str, symbols: Sequence[Symbol]) -> Mapping[Symbol, Listing]:
        """Return the last listing seen of each symbol; those never seen are absent."""
        values = {"source": source, "symbols": list(symbols)}
        with self._database.at_once() as connection:
            return {
                Symbol(row.symbol): Listing(vendor_id=row.vendor_id, name=row.name)
                for row in connection.execute(text(_LISTINGS), values)
            }

    def symbols_of(self, source: str, vendor_ids: Sequence[str]) -> Mapping[str, Symbol]:
        """Return the ticker under which a company was last seen, by the vendor's number."""
        values = {"source": source, "vendor_ids": list(vendor_ids)}
        with self._database.at_once() as connection:
            rows = connection.execute(text(_SYMBOLS_OF), values)
            return {row.vendor_id: Symbol(row.symbol) for row in rows}

    def record(self, source: str, listings: Mapping[Symbol, Listing]) -> None:
        """Keep what was seen now."""
        values = {
            "source": source,
            "symbols": list(listings),
            "vendor_ids": [listing.vendor_id for listing in listings.values()],
            "names": [storable(listing.name) for listing in listings.values()],
        }
        with self._database.at_once() as connection:
            connection.execute(text(_RECORD), values)
