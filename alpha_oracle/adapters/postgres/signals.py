"""Signals on record, each written with the announcement that the outbox relays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.signals import CHANNEL, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.signals import Signal, SignalPlace

SAVE_LOCK: Final = 6_102_004

_SAVE: Final = """
WITH given AS (
    SELECT * FROM unnest(
        CAST(:ids AS text[]), CAST(:sessions AS date[]), CAST(:strategies AS text[]),
        CAST(:symbols AS text[]), CAST(:directions AS text[]), CAST(:documents AS text[])
    ) WITH ORDINALITY AS given (
        signal_id, session, strategy, symbol, direction, document, position
    )
), saved AS (
    INSERT INTO signals (signal_id, session, strategy, symbol, direction, document, saved_at)
    SELECT signal_id, session, strategy, symbol, direction, document, :at
    FROM given ORDER BY position
    ON CONFLICT (signal_id) DO NOTHING
    RETURNING signal_id
)
INSERT INTO outbox (channel, message_id, document, created_at)
SELECT :channel, signal_id, document, :at FROM given JOIN saved USING (signal_id)
ORDER BY position
ON CONFLICT (channel, message_id) DO NOTHING
"""

_DIFFERING: Final = """
SELECT count(*)
FROM unnest(CAST(:ids AS text[]), CAST(:documents AS text[])) AS given (signal_id, document)
JOIN signals USING (signal_id)
WHERE signals.document <> given.document
"""

_OPEN_ENTRIES: Final = """
SELECT entry.symbol, max(entry.session) AS session
FROM signals AS entry
WHERE entry.strategy = :strategy AND entry.direction = 'LONG'
  AND entry.session >= :since AND entry.session < :before
  AND NOT EXISTS (
      SELECT FROM signals AS ending
      WHERE ending.strategy = entry.strategy AND ending.symbol = entry.symbol
        AND ending.direction <> 'LONG'
        AND ending.session > entry.session AND ending.session < :before
  )
GROUP BY entry.symbol
ORDER BY entry.symbol
"""


_PAGE: Final = """
SELECT document FROM signals
WHERE (CAST(:session AS date) IS NULL OR session = :session)
  AND (CAST(:of_symbol AS text) IS NULL OR symbol = :of_symbol)
  AND (CAST(:of_strategy AS text) IS NULL OR strategy = :of_strategy)
  AND (
    CAST(:day AS date) IS NULL OR session < :day
    OR (session = :day AND (strategy, symbol, direction) > (:strategy, :symbol, :direction))
  )
ORDER BY session DESC, strategy, symbol, direction LIMIT :limit
"""


class PostgresSignals:
    """`SignalStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, signals: Sequence[Signal], *, at: datetime) -> tuple[int, int]:
        """Keep signals and their outbox rows in one transaction.

        A signal whose id is on record changes nothing: what was announced stands. Return how many
        were new, and how many on record differ from the document given now.
        """
        values = _to_columns(signals)
        with self._database.begin() as connection:
            # Outbox ids are given before the commit: one saver at a time keeps their order the
            # order in which the relay sees them.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SAVE_LOCK})
            new = connection.execute(text(_SAVE), {**values, "channel": CHANNEL, "at": at}).rowcount
            differing = connection.execute(
                text(_DIFFERING), {"ids": values["ids"], "documents": values["documents"]}
            ).scalar_one()
        return new, differing

    def signals(
        self,
        *,
        session: Session | None = None,
        symbol: Symbol | None = None,
        strategy: str | None = None,
        after: SignalPlace | None = None,
        limit: int | None = None,
    ) -> list[Mapping[str, object]]:
        """Return signal documents, newest session first, then strategy, symbol, direction.

        `after` is the place of the last one of the page before.
        """
        place = {"day": None, "strategy": "", "symbol": "", "direction": ""}
        wanted = {"session": session, "of_symbol": symbol, "of_strategy": strategy, "limit": limit}
        values = place | (after._asdict() if after else {}) | wanted
        with self._database.begin() as connection:
            documents = connection.scalars(text(_PAGE), values)
            return [json.loads(document) for document in documents]

    def open_entries(
        self, strategy: str, *, before: Session, since: Session
    ) -> dict[Symbol, Session]:
        """Return the symbols with a LONG of `strategy` in [since, before) and no later exit.

        The session is that of the latest LONG: which of several was bought is not known here, and
        what is held since any of them must not end too early. An exit on the session of a LONG
        ends what was before it, exits being worked first.
        """
        values = {"strategy": strategy, "before": before, "since": since}
        with self._database.begin() as connection:
            rows = connection.execute(text(_OPEN_ENTRIES), values).all()
        return {Symbol(row.symbol): row.session for row in rows}


def _to_columns(signals: Sequence[Signal]) -> dict[str, list[object]]:
    return {
        "ids": [signal.signal_id for signal in signals],
        "sessions": [signal.session for signal in signals],
        "strategies": [signal.strategy for signal in signals],
        "symbols": [signal.symbol for signal in signals],
        "directions": [signal.direction.value for signal in signals],
        "documents": [encode(signal) for signal in signals],
    }
