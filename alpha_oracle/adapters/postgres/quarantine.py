"""Bars held back, kept as received; released or explained on the record alone."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.engine import raw_cursor
from alpha_oracle.adapters.postgres.text_copy import copy_text
from alpha_oracle.domain.bars import QuarantinedBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

RESOLUTIONS: Final = frozenset({"released", "explained"})

LONGEST_NAME: Final = 120
"""Symbols and sessions nobody could read are cut to this in their column; `received` is whole."""

_SORTED: Final = json.JSONEncoder(sort_keys=True)

_COLUMNS: Final = (
    "symbol, session, source, received, received_digest, expectations, detail, quarantined_at"
)
_KEY: Final = "symbol, session, source, received_digest"

_STAGE: Final = f"""
CREATE TEMPORARY TABLE given ON COMMIT DROP AS
SELECT {_COLUMNS} FROM quarantined_bars WITH NO DATA
"""

# Held again, where an explanation ceased to explain (the action was corrected), or where what a
# person released has been corrected since and comes once more: nobody decided about that.
_HOLD_AGAIN: Final = """
UPDATE quarantined_bars AS held
SET status = 'held', resolved_by = NULL, resolved_at = NULL, reason = NULL,
    expectations = given.expectations, detail = given.detail,
    quarantined_at = given.quarantined_at
FROM given
WHERE held.status <> 'held'
  AND (held.symbol, held.session, held.source, held.received_digest)
    = (given.symbol, given.session, given.source, given.received_digest)
"""

_INSERT: Final = f"""
INSERT INTO quarantined_bars ({_COLUMNS}) SELECT {_COLUMNS} FROM given
ON CONFLICT ({_KEY}) DO NOTHING
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

        Return how many are new, or held again: explained or released before, they came once more
        and were not accepted.
        """
        if not bars:
            return 0
        with self._database.begin() as connection:
            return _hold(connection, bars)

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
            audit.record_all(
                connection,
                actor,
                action=f"quarantine_{status}",
                details={
                    f"quarantined_bar:{row.quarantine_id}": {
                        "symbol": row.symbol,
                        "session": row.session,
                        "source": row.source,
                        "reason": reason,
                    }
                    for row in resolved
                },
                at=at,
            )
        return len(resolved)


def _hold(connection: Connection, bars: Sequence[QuarantinedBar]) -> int:
    connection.execute(text(_STAGE))
    with raw_cursor(connection) as cursor:
        copy_text(cursor, "given", map(_to_fields, bars))
    again = connection.execute(text(_HOLD_AGAIN)).rowcount
    return again + connection.execute(text(_INSERT)).rowcount


def _to_fields(bar: QuarantinedBar) -> tuple[str, ...]:
    document = _document(bar.received)
    return (
        _shortened(storable(bar.symbol)),
        _shortened(storable(bar.session)),
        bar.source,
        document,
        hashlib.sha256(document.encode()).hexdigest(),
        _array(bar.expectations),
        storable(bar.detail),
        bar.quarantined_at.isoformat(),
    )


def _document(received: Mapping[str, str]) -> str:
    document = _SORTED.encode(received)
    if "\\u" not in document:
        return document
    # Beyond ASCII, some of it may be what Postgres cannot keep.
    return _SORTED.encode({storable(name): storable(value) for name, value in received.items()})


def _shortened(name: str) -> str:
    # An index entry has no room for more than a few thousand bytes.
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


@cache
def _array(names: tuple[str, ...]) -> str:
    quoted = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return "{" + ",".join(f'"{name}"' for name in quoted) + "}"


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
