"""The stores of what is known beside bars, together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.adapters.postgres.fetches import PostgresFetchLog
from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.short_interest import PostgresShortInterest
from alpha_oracle.ports.reference_stores import ReferenceStores

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database


def reference_stores(database: Database) -> ReferenceStores:
    """Return the stores on one database."""
    return ReferenceStores(
        facts=PostgresFacts(database),
        insiders=PostgresInsiders(database),
        short_interest=PostgresShortInterest(database),
        levels=PostgresLevels(database),
        log=PostgresFetchLog(database),
    )
