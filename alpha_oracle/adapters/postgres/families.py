"""The stores of what is known beside bars, together, and which of them hold anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.adapters.postgres.fetches import PostgresFetchLog
from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.short_interest import PostgresShortInterest
from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.domain.reference import Family
from alpha_oracle.ports.reference_stores import ReferenceStores

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

_EXISTS: Final = {
    Family.FUNDAMENTALS: "SELECT 1 FROM facts",
    Family.INSIDERS: "SELECT 1 FROM ownership_filings",
    Family.SHORT_INTEREST: "SELECT 1 FROM short_interest",
    Family.VOLATILITY: "SELECT 1 FROM index_levels",
    Family.BENCHMARK: "SELECT 1 FROM bars JOIN symbols USING (symbol_id) WHERE symbol = :benchmark",
    Family.SECTORS: "SELECT 1 FROM sectors WHERE superseded_at IS NULL",
}
_STORED: Final = "SELECT " + ", ".join(
    f"EXISTS ({rows}) AS {family.value}" for family, rows in _EXISTS.items()
)


class PostgresFamilyIndex:
    """`FamilyIndex` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stored(self) -> frozenset[Family]:
        """Return the families anything is stored of."""
        with self._database.at_once() as connection:
            row = connection.execute(text(_STORED), {"benchmark": BENCHMARK}).one()
        return frozenset(family for family in Family if getattr(row, family.value))


def reference_stores(database: Database) -> ReferenceStores:
    """Return the stores on one database."""
    return ReferenceStores(
        facts=PostgresFacts(database),
        insiders=PostgresInsiders(database),
        short_interest=PostgresShortInterest(database),
        levels=PostgresLevels(database),
        log=PostgresFetchLog(database),
        index=PostgresFamilyIndex(database),
    )
