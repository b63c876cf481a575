"""What people were told, newest first, for whoever asks later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.domain.alerts import ToldAlert
from alpha_oracle.domain.risk import Severity

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

_RECENT: Final = """
SELECT alert_id, type, severity, text, raised_at,
       coalesce(array_agg(channel ORDER BY channel)
                FILTER (WHERE delivered_at IS NOT NULL), '{}') AS delivered,
       coalesce(array_agg(channel ORDER BY channel)
                FILTER (WHERE channel IS NOT NULL AND delivered_at IS NULL), '{}') AS waiting
FROM alerts LEFT JOIN alert_deliveries USING (alert_id)
GROUP BY alert_id ORDER BY alert_id DESC LIMIT :limit
"""


class PostgresAlertHistory:
    """What is on record of alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(self, *, limit: int) -> list[ToldAlert]:
        """Return the newest alerts, with the channels that delivered them and those that did not.

        Raises:
            StoreUnavailable: Postgres cannot be reached.
        """
        with self._database.at_once() as connection:
            rows = connection.execute(text(_RECENT), {"limit": limit}).all()
        return [
            ToldAlert(
                alert_id=row.alert_id,
                type=row.type,
                severity=None if row.severity is None else Severity(row.severity),
                text=row.text,
                at=row.raised_at,
                delivered=tuple(row.delivered),
                waiting=tuple(row.waiting),
            )
            for row in rows
        ]
