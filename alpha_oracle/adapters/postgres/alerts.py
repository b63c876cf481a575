"""What people are told, on record until each channel has delivered it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.alerts import Episode, PendingAlert
from alpha_oracle.domain.risk import Severity
from alpha_oracle.ports.events import AnnouncedEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.alerts import Alert

SETTLED: Final = timedelta(minutes=10)
"""Nobody writes an announcement for longer: what is older and not to be seen will never be."""

_UNREAD: Final = """
SELECT outbox_id, channel, document FROM outbox
WHERE outbox_id > (SELECT read_until FROM alert_progress)
  AND outbox_id NOT IN (SELECT outbox_id FROM alert_rows_read)
ORDER BY outbox_id LIMIT :limit
"""
_READ: Final = """
INSERT INTO alert_rows_read (outbox_id)
SELECT unnest(CAST(:read AS bigint[])) ON CONFLICT DO NOTHING
"""
# Who wrote an announcement may have dated it back: what is read for good was written, besides,
# before whatever is being written still.
_SETTLE: Final = """
UPDATE alert_progress SET read_until = settled.outbox_id
FROM (
    SELECT max(outbox_id) AS outbox_id FROM alert_rows_read JOIN outbox USING (outbox_id)
    WHERE created_at < :settled
      AND age(outbox.xmin) > age(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS xid))
) AS settled
WHERE settled.outbox_id > read_until AND NOT EXISTS (
    SELECT FROM outbox
    WHERE outbox_id > read_until AND outbox_id <= settled.outbox_id
      AND outbox_id NOT IN (SELECT outbox_id FROM alert_rows_read)
)
"""
_FORGET: Final = """
DELETE FROM alert_rows_read WHERE outbox_id <= (SELECT read_until FROM alert_progress)
"""
_ADD: Final = """
INSERT INTO alerts (cause, type, severity, text, raised_at)
VALUES (:cause, :type, :severity, :text, :at)
ON CONFLICT (cause) DO NOTHING RETURNING alert_id
"""
_ADDRESS: Final = """
INSERT INTO alert_deliveries (alert_id, channel, attempts, delivered_at)
VALUES (:alert_id, :channel, :attempts, :delivered_at)
"""
_EPISODES: Final = """
SELECT key, type, subject, severity, text, began_at, told_at, times, untold, reminders,
       acknowledged_by
FROM alert_episodes
"""
_KEEP: Final = """
INSERT INTO alert_episodes AS known (
    key, type, subject, severity, text, began_at, told_at, times, untold, reminders,
    acknowledged_by
) VALUES (
    :key, :type, :subject, :severity, :text, :began_at, :told_at, :times, :untold, :reminders,
    :acknowledged_by
)
ON CONFLICT (key) DO UPDATE SET
    severity = excluded.severity, text = excluded.text, told_at = excluded.told_at,
    times = excluded.times, untold = excluded.untold, reminders = excluded.reminders,
    acknowledged_by = CASE
        WHEN excluded.severity = known.severity AND known.acknowledged_by <> ''
        THEN known.acknowledged_by ELSE excluded.acknowledged_by END
"""
_END: Final = "DELETE FROM alert_episodes WHERE key = ANY(:gone)"
_ACKNOWLEDGE: Final = """
UPDATE alert_episodes SET acknowledged_by = :by
WHERE acknowledged_by = '' AND (CAST(:key AS text) IS NULL OR key = :key)
RETURNING key
"""
_PENDING: Final = """
SELECT alert_id, severity, text, attempts FROM alert_deliveries JOIN alerts USING (alert_id)
WHERE channel = :channel AND delivered_at IS NULL
ORDER BY attempts,
         CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
         alert_id
LIMIT :limit
"""
_MARK: Final = """
UPDATE alert_deliveries
SET attempts = attempts + 1,
    delivered_at = CASE WHEN :is_delivered THEN CAST(:at AS timestamptz) END
WHERE channel = :channel AND alert_id = ANY(:alert_ids) AND delivered_at IS NULL
"""


class PostgresAlerts:
    """`AlertRecord` and `DeliveryReport` on Postgres.

    `channels` are those that deliver; `apart` are those that tell of a type by a way of their own
    and deliver none of it. Events are read from the outbox itself: what Redis does not take yet is
    told all the same.
    """

    def __init__(
        self,
        database: Database,
        *,
        channels: Iterable[str] = (),
        apart: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._database = database
        self._channels = tuple(channels)
        self._apart = {name: frozenset(types) for name, types in (apart or {}).items()}

    def unread(self, *, limit: int) -> list[AnnouncedEvent]:
        """Return the oldest events that were not read, relayed or not."""
        with self._database.at_once() as connection:
            rows = connection.execute(text(_UNREAD), {"limit": limit}).all()
        return [
            AnnouncedEvent(number=row.outbox_id, channel=row.channel, document=row.document)
            for row in rows
        ]

    def episodes(self) -> dict[str, Episode]:
        """Return all that lasts, by key."""
        with self._database.at_once() as connection:
            rows = connection.execute(text(_EPISODES)).all()
        return {row.key: _episode(row) for row in rows}

    def keep(
        self,
        alerts: Sequence[Alert],
        *,
        changed: Sequence[Episode],
        gone: Sequence[str],
        read: Sequence[int],
        at: datetime,
    ) -> None:
        """Put alerts on record, for each channel to deliver, with the events they tell of as read.

        An alert whose cause is on record is not repeated. Somebody's word on an episode stays
        while that does not become worse.
        """
        with self._database.begin() as connection:
            for alert in alerts:
                self._add(connection, alert)
            for episode in changed:
                connection.execute(text(_KEEP), _values(episode))
            if gone:
                connection.execute(text(_END), {"gone": list(gone)})
            if read:
                connection.execute(text(_READ), {"read": list(read)})
                connection.execute(text(_SETTLE), {"settled": at - SETTLED})
                connection.execute(text(_FORGET))

    def acknowledge(self, key: str | None, *, by: str, at: datetime) -> list[str]:
        """Put on record, audited, that somebody knows of what lasts; None: of all of it."""
        with self._database.begin() as connection:
            rows = connection.execute(text(_ACKNOWLEDGE), {"by": storable(by), "key": key}).all()
            keys = sorted(row.key for row in rows)
            for one in keys:
                audit.record(
                    connection, by, action="alert_acknowledged", subject=one, detail={}, at=at
                )
        return keys

    def report(self, alert: Alert, outcomes: Mapping[str, bool], *, at: datetime) -> None:
        """Put an alert on record that was told already; channels that failed deliver it later."""
        with self._database.begin() as connection:
            self._add(connection, alert, outcomes=outcomes, at=at)

    def _add(
        self,
        connection: Connection,
        alert: Alert,
        *,
        outcomes: Mapping[str, bool] | None = None,
        at: datetime | None = None,
    ) -> None:
        values = {
            "cause": storable(alert.cause),
            "type": storable(alert.type),
            "severity": None if alert.severity is None else alert.severity.value,
            "text": storable(alert.text),
            "at": alert.at,
        }
        alert_id = connection.execute(text(_ADD), values).scalar()
        if alert_id is None:
            return
        for channel in self._channels:
            if alert.type in self._apart.get(channel, ()):
                continue
            tried = outcomes is not None and channel in outcomes
            is_delivered = tried and outcomes is not None and outcomes[channel]
            addressed = {
                "alert_id": alert_id,
                "channel": channel,
                "attempts": int(tried),
                "delivered_at": at if is_delivered else None,
            }
            connection.execute(text(_ADDRESS), addressed)


class PostgresDeliveries:
    """`Deliveries` of one channel on Postgres."""

    def __init__(self, database: Database, *, channel: str) -> None:
        self._database = database
        self._channel = channel

    def pending(self, *, limit: int) -> list[PendingAlert]:
        """Return what is not delivered: the least tried first, then the worst, then the oldest."""
        values = {"channel": self._channel, "limit": limit}
        with self._database.at_once() as connection:
            rows = connection.execute(text(_PENDING), values).all()
        return [
            PendingAlert(
                alert_id=row.alert_id,
                severity=_severity(row.severity),
                text=row.text,
                attempts=row.attempts,
            )
            for row in rows
        ]

    def mark(self, alert_ids: Sequence[int], *, is_delivered: bool, at: datetime) -> None:
        """Put an attempt on record."""
        values = {
            "channel": self._channel,
            "alert_ids": list(alert_ids),
            "is_delivered": is_delivered,
            "at": at,
        }
        with self._database.at_once() as connection:
            connection.execute(text(_MARK), values)


def _episode(row: Row[Any]) -> Episode:
    return Episode(**{**row._mapping, "severity": _severity(row.severity)})  # noqa: SLF001 - the row's own way to give all of itself.


def _severity(stored: str | None) -> Severity | None:
    return None if stored is None else Severity(stored)


def _values(episode: Episode) -> dict[str, Any]:
    severity = None if episode.severity is None else episode.severity.value
    told = {"text": storable(episode.text), "subject": storable(episode.subject)}
    return {**asdict(episode), **told, "key": storable(episode.key), "severity": severity}
