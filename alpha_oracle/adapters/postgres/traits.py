"""What kind of server the database is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database

_TRAITS: Final = """
SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS has_timescale
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTraits:
    """Its version, its time, and whether it has TimescaleDB."""

    version: str
    now: datetime
    has_timescale: bool


def database_traits(database: Database) -> DatabaseTraits:
    """Ask the server.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    with database.begin() as connection:
        row = connection.execute(text(_TRAITS)).one()
    return DatabaseTraits(version=row.version, now=row.now, has_timescale=row.has_timescale)
