"""What an account was found to allow, by trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

_FOUND: Final = """
SELECT allowed FROM vendor_capabilities
WHERE account = :account AND capability = :capability
  AND found_at >= clock_timestamp() - INTERVAL '30 days'
"""
_RECORD: Final = """
INSERT INTO vendor_capabilities (account, capability, allowed, found_at)
VALUES (:account, :capability, :allowed, clock_timestamp())
ON CONFLICT (account, capability) DO UPDATE
SET allowed = excluded.allowed, found_at = excluded.found_at
"""


class PostgresCapabilities:
    """`Capabilities` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def found(self, account: str, capability: str) -> bool | None:
        """Return what the last trial in 30 days found; None where there was none."""
        values = {"account": account, "capability": capability}
        with self._database.at_once() as connection:
            allowed: bool | None = connection.execute(text(_FOUND), values).scalar_one_or_none()
        return allowed

    def record(self, account: str, capability: str, *, allowed: bool) -> None:
        """Keep what a trial found."""
        values = {"account": account, "capability": capability, "allowed": allowed}
        with self._database.at_once() as connection:
            connection.execute(text(_RECORD), values)
