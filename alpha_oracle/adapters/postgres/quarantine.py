"""Bars held back, kept as received; released or explained on the record alone."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.bars import QuarantinedBar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

ROWS_A_STATEMENT: Final = 10_000
RESOLUTIONS: Final = frozenset({"released", "explained"})

_GIVEN: Final = """
jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    symbol text, session text, source text, received jsonb, received_digest text,
    expectations text[], detail text, quarantined_at timestamptz
)
"""

_INSERT: Final = f"""
INSERT INTO quarantined_bars (
    symbol, session, source, received, received_digest, expectations, detail, quarantined_at
)
SELECT symbol, session, source, received, received_digest, expectations, detail, quarantined_at
FROM {_GIVEN}
ON CONFLICT (symbol, session, source, received_digest) DO NOTHING
"""

# An explanation may cease to explain (the action was corrected): then the bar is held again. A
# release was a person's decision about this very content, and stands.
_HOLD_AGAIN: Final = f"""
UPDATE quarantined_bars AS held
SET status = 'held', resolved_by = NULL, resolved_at = NULL, reason = NULL,
    expectations = given.expectations, detail = given.detail,
    quarantined_at = given.quarantined_at
FROM {_GIVEN}
WHERE held.status = 'explained'
  AND (held.symbol, held.session, held.source, held.received_digest)
    = (given.symbol, given.session, given.source, given.received_digest)
"""

_HELD: Final = """
SELECT quarantine_id, symbol, session, source, received, expectations, detail,
       quarantined_at, status
FROM quarantined_bars
WHERE status = 'held'
  AND (CAST(:symbols AS text[]) IS NULL OR symbol = ANY(:symbols))
  AND (CAST(:session AS text) IS NULL OR session = :session)
ORDER BY symbol, session, quarantine_id
"""

_RESOLVE: Final = """
UPDATE quarantined_bars
SET status = :status, resolved_by = :actor, resolved_at = :at, reason = :reason
WHERE quarantine_id = ANY(:ids) AND status = 'held'
RETURNING quarantine_id, symbol, session, source
"""


class PostgresQuarantine:
    """`Quarantine` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, bars: Sequence[QuarantinedBar]) -> int:
        """Keep bars; one already held with the same content changes nothing.

        Return how many are new, or held again after an explanation that no longer holds.
        """
        with self._database.begin() as connection:
            return sum(_hold(connection, rows) for rows in _chunks(bars))

    def held(
        self, *, symbols: Sequence[str] | None = None, session: Session | None = None
    ) -> list[QuarantinedBar]:
        """Return what is held, by symbol then session."""
        values = {
            "symbols": None if symbols is None else list(symbols),
            "session": None if session is None else session.isoformat(),
        }
        with self._database.begin() as connection:
            return [_to_bar(row) for row in connection.execute(text(_HELD), values)]

    def resolve(
        self, quarantine_ids: Sequence[int], *, status: str, actor: str, reason: str, at: datetime
    ) -> int:
        """Mark held bars `released` or `explained`, each with its audit entry; return how many."""
        if status not in RESOLUTIONS:
            raise ValueError(f"{status!r} resolves nothing; expected {sorted(RESOLUTIONS)}")
        values = {
            "ids": list(quarantine_ids),
            "status": status,
            "actor": storable(actor),
            "reason": storable(reason),
            "at": at,
        }
        with self._database.begin() as connection:
            resolved = connection.execute(text(_RESOLVE), values).all()
            for row in resolved:
                audit.record(
                    connection,
                    actor,
                    action=f"quarantine_{status}",
                    subject=f"quarantined_bar:{row.quarantine_id}",
                    detail={
                        "symbol": row.symbol,
                        "session": row.session,
                        "source": row.source,
                        "reason": reason,
                    },
                    at=at,
                )
        return len(resolved)


def _hold(connection: Connection, rows: list[dict[str, object]]) -> int:
    values = {"rows": json.dumps(rows)}
    again = connection.execute(text(_HOLD_AGAIN), values).rowcount
    return again + connection.execute(text(_INSERT), values).rowcount


def _chunks(bars: Sequence[QuarantinedBar]) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(bars), ROWS_A_STATEMENT):
        yield [_to_values(bar) for bar in bars[start : start + ROWS_A_STATEMENT]]


def _to_values(bar: QuarantinedBar) -> dict[str, object]:
    received = {storable(name): storable(value) for name, value in bar.received.items()}
    return {
        "symbol": storable(bar.symbol),
        "session": storable(bar.session),
        "source": bar.source,
        "received": received,
        "received_digest": _digest(received),
        "expectations": list(bar.expectations),
        "detail": storable(bar.detail),
        "quarantined_at": bar.quarantined_at.isoformat(),
    }


def _digest(received: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(received, sort_keys=True).encode()).hexdigest()


def _to_bar(row: Row[Any]) -> QuarantinedBar:
    return QuarantinedBar(
        quarantine_id=row.quarantine_id,
        symbol=row.symbol,
        session=row.session,
        source=row.source,
        expectations=tuple(row.expectations),
        detail=row.detail,
        received=row.received,
        quarantined_at=row.quarantined_at,
        status=row.status,
    )
