"""The vital signs of an installation, in a handful of short reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.vital_signs import QualitySigns, RunSigns, VitalSigns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
MEASURES: Final = ("slippage_bps", "effective_spread_bps", "acceptance_seconds", "fill_seconds")
STATISTICS: Final = {
    "mean": "avg({})",
    "p50": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {}::float8)",
    "p95": "percentile_cont(0.95) WITHIN GROUP (ORDER BY {}::float8)",
}
_MEASURED: Final = ", ".join(
    f"{formula.format(measure)} AS {measure}_{statistic}"
    for measure in MEASURES
    for statistic, formula in STATISTICS.items()
)
_QUALITY: Final = f"""
SELECT account, quality.order_type, count(*) AS orders, sum(shortfall_usd) AS shortfall_usd,
       {_MEASURED}
FROM order_qualities AS quality JOIN orders USING (order_id)
WHERE at >= :since GROUP BY account, quality.order_type ORDER BY account, quality.order_type
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

    def quality(self, *, since: datetime) -> list[QualitySigns]:
        """Return how well orders were executed since an instant, by account and type.

        Raises:
            StoreUnavailable: Postgres cannot be reached, or takes too long.
        """
        with self._database.begin() as connection:
            connection.execute(text(_PATIENTLY))
            return [_quality(row) for row in connection.execute(text(_QUALITY), {"since": since})]


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


def _quality(row: Row[Any]) -> QualitySigns:
    told = {
        measure: {
            statistic: float(value)
            for statistic in STATISTICS
            if (value := getattr(row, f"{measure}_{statistic}")) is not None
        }
        for measure in MEASURES
    }
    return QualitySigns(
        account=row.account,
        order_type=row.order_type,
        orders=row.orders,
        shortfall_usd=None if row.shortfall_usd is None else float(row.shortfall_usd),
        measures=told,
    )
