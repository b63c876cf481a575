"""Bars in Postgres: as received, with every correction, readable as of any instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import bar_reading, bar_writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.bars import ReceivedBars, StoredBars, StoreReport
    from alpha_oracle.domain.market import Session, Symbol

_SYMBOLS_STORED: Final = """
SELECT bars.session, array_agg(symbols.symbol)
FROM symbols JOIN bars ON bars.symbol_id = symbols.symbol_id
WHERE bars.session BETWEEN :start AND :end
GROUP BY bars.session
"""
_SYMBOLS_STORED_FROM: Final = """
SELECT known.session, array_agg(DISTINCT symbols.symbol)
FROM (
    SELECT symbol_id, session, batch_id FROM bars WHERE session BETWEEN :start AND :end
    UNION ALL
    SELECT symbol_id, session, batch_id FROM bar_revisions WHERE session BETWEEN :start AND :end
) AS known
JOIN symbols USING (symbol_id) JOIN bar_batches USING (batch_id)
WHERE bar_batches.source = :source
GROUP BY known.session
"""
# One look at each end of each symbol's bars, not a pass over the table.
_SPAN: Final = """
SELECT min(first.session), max(last.session)
FROM symbols
CROSS JOIN LATERAL (
    SELECT session FROM bars WHERE bars.symbol_id = symbols.symbol_id
    ORDER BY session LIMIT 1) AS first
CROSS JOIN LATERAL (
    SELECT session FROM bars WHERE bars.symbol_id = symbols.symbol_id
    ORDER BY session DESC LIMIT 1) AS last
"""


@dataclass(frozen=True, slots=True)
class TimeSeriesStorage:
    """The bar store on Postgres, with or without TimescaleDB."""

    database: Database

    def store(self, received: ReceivedBars, *, received_at: datetime) -> StoreReport:
        """Keep validated bars; safe to repeat, in parallel, and after a kill anywhere.

        A bar counts as different where a price, the volume or the price basis differs.

        Raises:
            StoreUnavailable: repeat it.
            ConfigurationError: the disk is full, or the schema is not there.
        """
        return bar_writing.store(self.database, received, received_at=received_at)

    def load(
        self,
        *,
        start: Session,
        end: Session,
        as_of: datetime,
        symbols: Sequence[Symbol] | None = None,
    ) -> StoredBars:
        """Return the bars of sessions `start` to `end`, both included, as known at `as_of`.

        `symbols` of the answer are those that have a bar in it; batches that say the same are one.
        """
        return bar_reading.load(self.database, start=start, end=end, as_of=as_of, symbols=symbols)

    def symbols_stored(
        self, *, start: Session, end: Session, source: str | None = None
    ) -> dict[Session, frozenset[Symbol]]:
        """Return which symbols have a bar, by session; a session without any is absent.

        With `source`, those whose bar or a correction of it came from there.
        """
        query = _SYMBOLS_STORED if source is None else _SYMBOLS_STORED_FROM
        asked = {"start": start, "end": end, "source": source}
        with self.database.begin() as connection:
            rows = connection.execute(text(query), asked)
            return {session: frozenset(symbols) for session, symbols in rows}

    def last_bars_before(self, session: Session, symbols: Sequence[Symbol]) -> StoredBars:
        """Return each symbol's newest bar before a session, as known now."""
        return bar_reading.last_before(self.database, session, symbols)

    def span(self) -> tuple[Session, Session] | None:
        """Return the first and last session stored; None for an empty store."""
        with self.database.begin() as connection:
            first, last = connection.execute(text(_SPAN)).one()
        return None if first is None else (first, last)
