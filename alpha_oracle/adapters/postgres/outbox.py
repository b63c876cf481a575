"""Announcements on their way: written with what they announce, relayed in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.domain.signals import CHANNEL as SIGNALS
from alpha_oracle.domain.trading_events import KILL_SWITCH, ORDERS, RISK, encode_event
from alpha_oracle.ports.events import Announcement

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.
    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.ports.events import EventBus

RELAY_LOCK: Final = 6_102_003
RELAY_PATIENCE: Final = "30s"
BATCH: Final = 100
ALL_CHANNELS: Final = (SIGNALS, ORDERS, RISK, KILL_SWITCH)

_ANNOUNCE: Final = """
INSERT INTO outbox (channel, message_id, document, created_at)
SELECT channel, message_id, document, :at
FROM unnest(
    CAST(:channels AS text[]), CAST(:message_ids AS text[]), CAST(:event_documents AS text[])
) WITH ORDINALITY AS event (channel, message_id, document, place)
ORDER BY place
ON CONFLICT (channel, message_id) DO NOTHING
"""
# A mark that a crash of the server takes back is made again: the bus remembers what it was told.
_BEGIN: Final = f"SET LOCAL lock_timeout = '{RELAY_PATIENCE}'; SET LOCAL synchronous_commit = off"
_WAIT_FOR_LOCK: Final = f"{_BEGIN}; SELECT true FROM pg_advisory_xact_lock({RELAY_LOCK})"
_TRY_LOCK: Final = f"{_BEGIN}; SELECT pg_try_advisory_xact_lock({RELAY_LOCK})"
_OLDEST: Final = """
SELECT outbox_id, channel, message_id, document FROM outbox
WHERE relayed_at IS NULL AND channel = ANY(%s)
ORDER BY outbox_id LIMIT %s
"""
_MARK: Final = """
UPDATE outbox SET relayed_at = %s, event_number = numbered.number
FROM (
    SELECT outbox_id, nextval('event_numbers') AS number
    FROM unnest(%s) AS announced (outbox_id)
) AS numbered
WHERE outbox.outbox_id = numbered.outbox_id
"""
_PENDING: Final = (
    "SELECT count(*) FROM outbox WHERE relayed_at IS NULL AND channel = ANY(:channels)"
)


def announce(
    connection: Connection, cause: str, events: Sequence[TradingEvent], *, at: datetime
) -> None:
    """Write announcements in the caller's transaction, once for each cause, which is named."""
    if events:
        connection.execute(text(_ANNOUNCE), _values(cause, events, at=at))


def _values(cause: str, events: Sequence[TradingEvent], *, at: datetime) -> dict[str, Any]:
    return {
        "channels": [event.channel for event in events],
        "message_ids": [f"{cause}:{place}" for place in range(len(events))],
        "event_documents": [encode_event(event) for event in events],
        "at": at,
    }


class PostgresOutbox:
    """`Outbox` on Postgres, of some of the channels.

    Their announcements go out in one order, whatever the channel: that in which they were written.
    So those of one order, of one account's risk and of the kill switch come as they happened: an
    account's are written by its one worker, one after the other, the switch's while its row is
    held. Of two that were written at the same time by different processes either may come first.
    One that does not wait gives way to every other relay, and leaves the rest to it.
    """

    def __init__(
        self,
        database: Database,
        *,
        channels: Collection[str] = ALL_CHANNELS,
        waits: bool = True,
    ) -> None:
        self._database = database
        self._channels = list(channels)
        self._lock = _WAIT_FOR_LOCK if waits else _TRY_LOCK

    def pending(self) -> int:
        """Return how many announcements wait."""
        with self._database.begin() as connection:
            count: int = connection.execute(
                text(_PENDING), {"channels": self._channels}
            ).scalar_one()
        return count

    def relay(self, bus: EventBus, *, at: datetime) -> int:
        """Announce what waits, oldest first, marking what was announced.

        One relay works at a time, and what cannot be announced holds back all behind it. A crash
        between announcing and marking announces again, with the same id. Return how many were
        marked.

        Raises:
            StoreUnavailable: the bus or Postgres cannot be reached; the rest still waits.
        """
        relayed = 0
        while True:
            with self._database.begin() as connection, raw_cursor(connection) as cursor:
                waiting = self._oldest(cursor)
                announced = _announced(cursor, bus, waiting, at=at)
            relayed += announced
            if not announced or announced == len(waiting) < BATCH:
                return relayed

    def _oldest(self, cursor: Cursor) -> list[Any]:
        cursor.execute(self._lock)
        if cursor.fetchone() != (True,):
            return []
        cursor.execute(_OLDEST, (self._channels, BATCH))
        return cursor.fetchall()


def _announced(cursor: Cursor, bus: EventBus, waiting: Sequence[Any], *, at: datetime) -> int:
    if not waiting:
        return 0
    announcements = [
        Announcement(channel=channel, message_id=message_id, document=document)
        for _, channel, message_id, document in waiting
    ]
    if count := bus.announce(announcements):
        cursor.execute(_MARK, (at, [outbox_id for outbox_id, *_ in waiting[:count]]))
    return count
