"""The kill switch on record: a row that says where it stands, and every change of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.outbox import announce
from alpha_oracle.domain.risk import KillSwitchRecord
from alpha_oracle.domain.trading_events import KillSwitchChanged
from alpha_oracle.errors import ConfigurationError, ContradictsRecord

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database

_READ: Final = "SELECT is_active, activated_at, changed_by, reason FROM kill_switch"
_IS_NEW: Final = """
INSERT INTO kill_switch_changes (change_id, at, is_active, activated_at, changed_by, reason)
VALUES (:change_id, :at, :is_active, :activated_at, :changed_by, :reason)
ON CONFLICT (change_id) DO NOTHING
"""
# A clock that went back leaves the later activation: it is what the cool-down counts from.
_WRITE: Final = """
UPDATE kill_switch SET
    is_active = :is_active, changed_by = :changed_by, reason = :reason,
    activated_at = greatest(activated_at, :activated_at)
"""


class PostgresKillSwitch:
    """`KillSwitchLedger` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self) -> KillSwitchRecord:
        """Return the record.

        Raises:
            StoreUnavailable: the database cannot be read.
            ConfigurationError: its schema, or the row itself, is not there.
        """
        with self._database.at_once() as connection:
            return _record(connection, _READ)

    def change(self, record: KillSwitchRecord, *, at: datetime) -> KillSwitchRecord:
        """Put a change on record, announced and audited; the same once more changes nothing.

        Whoever is about to commit an order that is sent is waited for, and sees it from then on.

        Raises:
            StoreUnavailable: it is not known to be on record; repeat it.
            ContradictsRecord: trading was to go on, and the switch was activated meanwhile.
        """
        values = _values(record, at)
        with self._database.begin() as connection:
            before = _record(connection, f"{_READ} FOR UPDATE")
            if connection.execute(text(_IS_NEW), values).rowcount:
                _refuse_stale_resume(record, before)
                connection.execute(text(_WRITE), values)
                _tell(connection, record, str(values["change_id"]), at=at)
            return _record(connection, _READ)


def _record(connection: Connection, statement: str) -> KillSwitchRecord:
    row = connection.execute(text(statement)).one_or_none()
    if row is None:
        raise ConfigurationError(
            "the kill switch's row is gone from the database; restore it from a backup, or insert "
            "one that is active"
        )
    return KillSwitchRecord(
        is_active=row.is_active,
        activated_at=row.activated_at,
        changed_by=row.changed_by,
        reason=row.reason,
    )


def _refuse_stale_resume(wanted: KillSwitchRecord, before: KillSwitchRecord) -> None:
    if not wanted.is_active and wanted.activated_at != before.activated_at:
        raise ContradictsRecord(
            f"{before.changed_by} activated the kill switch meanwhile ({before.reason}); "
            "look at it again before trading goes on"
        )


def _tell(
    connection: Connection, record: KillSwitchRecord, change_id: str, *, at: datetime
) -> None:
    by, reason = storable(record.changed_by), storable(record.reason)
    event = KillSwitchChanged(is_active=record.is_active, by=by, reason=reason, at=at)
    announce(connection, change_id, [event], at=at)
    audit.record(
        connection,
        by,
        action=f"kill_switch_{'activated' if record.is_active else 'deactivated'}",
        subject="kill_switch",
        detail={"reason": reason},
        at=at,
    )


def _values(record: KillSwitchRecord, at: datetime) -> dict[str, object]:
    key = f"{record.is_active}|{record.changed_by}|{record.reason}|{at.isoformat()}"
    return {
        "change_id": hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:32],
        "at": at,
        "is_active": record.is_active,
        "activated_at": record.activated_at,
        "changed_by": storable(record.changed_by),
        "reason": storable(record.reason),
    }
