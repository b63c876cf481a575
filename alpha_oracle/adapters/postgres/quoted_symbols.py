"""Which symbols an account needs quotes of, from what is on record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.trading_reading import OPEN, UNANSWERED
from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

# What is held comes first, then what is ordered, then what is signalled, the strongest first.
_QUOTED: Final = f"""
SELECT symbol FROM (
    SELECT symbol, 1 AS rank, 0.0 AS strength FROM lots
    WHERE account = :account AND quantity <> 0
    UNION ALL
    SELECT symbol, 2, 0.0 FROM orders WHERE account = :account AND {OPEN}
    UNION ALL
    SELECT symbol, 3, strength FROM signal_inbox AS inbox
    WHERE account = :account AND {UNANSWERED}
) AS wanted
GROUP BY symbol ORDER BY min(rank), max(strength) DESC, symbol
"""


class PostgresQuotedSymbols:
    """Reads what is held, ordered and signalled."""

    def __init__(self, database: Database, *, account: str) -> None:
        self._database = database
        self._account = account

    def wanted(self) -> list[Symbol]:
        """Return the symbols, the most important first.

        Raises:
            StoreUnavailable: Postgres cannot be reached.
        """
        with self._database.at_once() as connection:
            found = connection.scalars(text(_QUOTED), {"account": self._account})
            return [Symbol(symbol) for symbol in found]
