"""What was announced, in that order, for whoever was not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.ports.events import AnnouncedEvent

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

_LATEST: Final = "SELECT coalesce(max(event_number), 0) FROM outbox"
_AFTER: Final = """
SELECT event_number, channel, document FROM outbox
WHERE event_number > :number ORDER BY event_number LIMIT :limit
"""


class PostgresEventLog:
    """`EventLog` on the outbox, whose relay numbers what it announced."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self) -> int:
        """Return the number of the newest event; 0: none was ever announced."""
        with self._database.at_once() as connection:
            latest: int = connection.execute(text(_LATEST)).scalar_one()
        return latest

    def after(self, number: int, *, limit: int) -> list[AnnouncedEvent]:
        """Return the events after one, in the order they were announced."""
        values = {"number": number, "limit": limit}
        with self._database.at_once() as connection:
            rows = connection.execute(text(_AFTER), values).all()
        return [
            AnnouncedEvent(number=row.event_number, channel=row.channel, document=row.document)
            for row in rows
        ]
