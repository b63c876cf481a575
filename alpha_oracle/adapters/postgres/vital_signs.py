"""The vital signs of an installation, in a handful of short reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.vital_signs import RunSigns, VitalSigns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

PATIENCE: Final = "3s"
"""Who asks for it asks again soon: nothing is waited for longer."""

_PATIENTLY: Final = f"SET LOCAL statement_timeout = '{PATIENCE}'"
_RUN: Final = """
SELECT session, status, attempts, started_at, finished_at, summary -> 'figures' AS figures
FROM runs WHERE symbols = '{}' AND (:is_any OR status = 'done') ORDER BY session DESC LIMIT 1
"""
_OUTBOX: Final = "SELECT count(*), min(created_at) FROM outbox WHERE relayed_at IS NULL"
_APPROVALS: Final = "SELECT count(*) FROM approvals WHERE status = 'waiting'"
_HELD: Final = "SELECT count(*) FROM quarantined_bars WHERE status = 'held'"
_ORDERS: Final = """
SELECT account, status, count(*) FROM orders
WHERE session = :session AND parent_id IS NULL GROUP BY account, status
"""
_SIGNALS: Final = """
SELECT account, coalesce(kind, 'waiting'), count(*)
FROM signal_inbox LEFT JOIN signal_outcomes USING (account, signal_id)
WHERE session = :decided GROUP BY account, kind
"""


class PostgresVitalSigns:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, *, traded: Session, decided: Session) -> VitalSigns:
        """Return them, with orders of the session `traded`, and signals of the session `decided`.

        Raises:
            StoreUnavailable: Postgres cannot be reached, or takes too long.
        """
        with self._database.begin() as connection:
            connection.execute(text(_PATIENTLY))
            pending, oldest_at = connection.execute(text(_OUTBOX)).one()
            return VitalSigns(
                newest_run=_run(connection, is_any=True),
                newest_done=_run(connection, is_any=False),
                outbox_pending=pending,
                outbox_oldest_at=oldest_at,
                approvals_waiting=connection.execute(text(_APPROVALS)).scalar_one(),
                held_bars=connection.execute(text(_HELD)).scalar_one(),
                orders=_counts(connection, _ORDERS, session=traded),
                signals=_counts(connection, _SIGNALS, decided=decided),
            )


def _run(connection: Connection, *, is_any: bool) -> RunSigns | None:
    row = connection.execute(text(_RUN), {"is_any": is_any}).one_or_none()
    return None if row is None else _signs(row)


def _signs(row: Row[Any]) -> RunSigns:
    return RunSigns(
        session=row.session,
        status=RunStatus(row.status),
        attempts=row.attempts,
        started_at=row.started_at,
        finished_at=row.finished_at,
        figures=row.figures or {},
    )


def _counts(connection: Connection, query: str, **values: Session) -> Mapping[tuple[str, str], int]:
    rows = connection.execute(text(query), values)
    return {(account, what): count for account, what, count in rows}
