"""Signals on record and the outbox that announces them: written together, relayed in order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.signals import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.signals import Signal
    from alpha_oracle.ports.signals import SignalBus

CHANNEL: Final = "signals"
SAVE_LOCK: Final = 6_102_004
RELAY_LOCK: Final = 6_102_003
RELAY_PATIENCE: Final = "30s"

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
SELECT entry.symbol, min(entry.session) AS session
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
            _lock(connection, SAVE_LOCK)
            new = connection.execute(text(_SAVE), {**values, "channel": CHANNEL, "at": at}).rowcount
            differing = connection.execute(
                text(_DIFFERING), {"ids": values["ids"], "documents": values["documents"]}
            ).scalar_one()
        return new, differing

    def signals(
        self, *, session: Session | None = None, limit: int | None = None
    ) -> list[Mapping[str, object]]:
        """Return signal documents, newest session first, then strategy, symbol, direction."""
        statement = text(
            "SELECT document FROM signals"
            " WHERE (CAST(:session AS date) IS NULL OR session = :session)"
            " ORDER BY session DESC, strategy, symbol, direction LIMIT :limit"
        )
        with self._database.begin() as connection:
            documents = connection.scalars(statement, {"session": session, "limit": limit})
            return [json.loads(document) for document in documents]

    def open_entries(
        self, strategy: str, *, before: Session, since: Session
    ) -> dict[Symbol, Session]:
        """Return the symbols with a LONG of `strategy` in [since, before) and no later exit.

        The session is that of the first LONG after the last exit; an exit on the session of a
        LONG ends what was before it, exits being worked first.
        """
        values = {"strategy": strategy, "before": before, "since": since}
        with self._database.begin() as connection:
            rows = connection.execute(text(_OPEN_ENTRIES), values).all()
        return {Symbol(row.symbol): row.session for row in rows}


class PostgresOutbox:
    """`Outbox` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self) -> int:
        """Return how many announcements wait."""
        with self._database.begin() as connection:
            count: int = connection.execute(
                text("SELECT count(*) FROM outbox WHERE relayed_at IS NULL")
            ).scalar_one()
        return count

    def relay(self, bus: SignalBus, *, at: datetime) -> int:
        """Announce what waits, oldest first, marking each as soon as it is announced.

        One relay works at a time. A crash between announcing and marking announces again, with
        the same id. Return how many were marked.

        Raises:
            StoreUnavailable: the bus or Postgres cannot be reached; the rest still waits.
        """
        relayed = 0
        while self._relay_oldest(bus, at=at):
            relayed += 1
        return relayed

    def _relay_oldest(self, bus: SignalBus, *, at: datetime) -> bool:
        with self._database.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{RELAY_PATIENCE}'"))
            _lock(connection, RELAY_LOCK)
            row = connection.execute(
                text(
                    "SELECT outbox_id, message_id, document FROM outbox"
                    " WHERE relayed_at IS NULL AND channel = :channel"
                    " ORDER BY outbox_id LIMIT 1"
                ),
                {"channel": CHANNEL},
            ).one_or_none()
            if row is None:
                return False
            bus.announce(row.document, signal_id=row.message_id)
            connection.execute(
                text("UPDATE outbox SET relayed_at = :at WHERE outbox_id = :outbox_id"),
                {"at": at, "outbox_id": row.outbox_id},
            )
        return True


def _to_columns(signals: Sequence[Signal]) -> dict[str, list[object]]:
    return {
        "ids": [signal.signal_id for signal in signals],
        "sessions": [signal.session for signal in signals],
        "strategies": [signal.strategy for signal in signals],
        "symbols": [signal.symbol for signal in signals],
        "directions": [signal.direction.value for signal in signals],
        "documents": [encode(signal) for signal in signals],
    }


def _lock(connection: Connection, key: int) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
