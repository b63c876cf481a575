"""Facts in Postgres: what each document told, readable as of any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres import fact_reading, fact_writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.bars import StoreReport
    from alpha_oracle.domain.fundamentals import FactColumns, FinancialFact
    from alpha_oracle.domain.market import Symbol


class PostgresFacts:
    """`FactStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self, facts: Sequence[FinancialFact], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep facts of one source; see the port.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a document gives a figure twice with different values; nothing was kept.
        """
        return fact_writing.store(self._database, facts, source=source, received_at=received_at)

    def load(self, *, as_of: datetime, symbols: Sequence[Symbol] | None = None) -> FactColumns:
        """Return every revision known at `as_of`, of each symbol as the preferred source tells."""
        return fact_reading.load(self._database, as_of=as_of, symbols=symbols)
