"""What watchdogs told, in the outbox among all that is announced, and the daily runs they look at.

An announcement's id names its trouble, so it is written once, and what was told is remembered by
the record itself: a watch that starts anew neither repeats nor forgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.outbox import announce
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.trading_events import RISK
from alpha_oracle.ports.watchdogs import SessionRun

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.trading_events import RiskAlert

_TOLD: Final = "told"
_OVER: Final = "over"
_PREFIX: Final = "watchdog|"

# The place of the one event of its cause ends the id.
_LATEST: Final = """
SELECT message_id FROM outbox
WHERE channel = :channel AND starts_with(message_id, :prefix)
ORDER BY outbox_id DESC LIMIT 1
"""
_RUN: Final = """
SELECT status, error, started_at, (SELECT min(first_started_at) FROM runs) AS first_ever_at
FROM (SELECT CAST(:session AS date) AS session) AS asked
LEFT JOIN runs ON runs.session = asked.session AND runs.symbols = CAST('{}' AS text[])
"""


class PostgresWatchRecord:
    """`WatchRecord` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_occurrence(self, subject: str) -> str | None:
        """Return the trouble of a subject that was told of last and is not over; None: none."""
        values = {"channel": RISK, "prefix": f"{_PREFIX}{subject}|"}
        with self._database.at_once() as connection:
            latest = connection.execute(text(_LATEST), values).scalar_one_or_none()
        if latest is None:
            return None
        occurrence, state = latest.removeprefix(values["prefix"]).rsplit("|", 1)
        return occurrence if state.startswith(_TOLD) else None

    def announce(self, subject: str, occurrence: str, alert: RiskAlert, *, at: datetime) -> None:
        """Put a trouble on record, to be announced once."""
        self._write(f"{subject}|{occurrence}|{_TOLD}", alert, at=at)

    def close(self, subject: str, occurrence: str, alert: RiskAlert, *, at: datetime) -> None:
        """Put on record that a trouble is over, to be announced once."""
        self._write(f"{subject}|{occurrence}|{_OVER}", alert, at=at)

    def session_run(self, session: Session) -> SessionRun:
        """Return how it stands with a session's run of the universe."""
        with self._database.at_once() as connection:
            row = connection.execute(text(_RUN), {"session": session}).one()
        return SessionRun(
            session=session,
            status=None if row.status is None else RunStatus(row.status),
            error=row.error,
            started_at=row.started_at,
            first_ever_at=row.first_ever_at,
        )

    def _write(self, cause: str, alert: RiskAlert, *, at: datetime) -> None:
        with self._database.begin() as connection:
            announce(connection, f"{_PREFIX}{cause}", [alert], at=at)
