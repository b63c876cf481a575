"""Sectors with what was known of them when, as the index's members are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.stays import changes
from alpha_oracle.domain.market import SectorAssignment, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.domain.market import Session

    Key = tuple[Symbol, Session | None]

# The latest assignment wins where two overlap.
_OF_SESSION: Final = """
SELECT DISTINCT ON (symbol) symbol, sector
FROM sectors
WHERE superseded_at IS NULL
  AND (start_session IS NULL OR start_session <= :session)
  AND (end_session IS NULL OR end_session > :session)
ORDER BY symbol, start_session DESC NULLS LAST
"""

_AS_OF: Final = """
SELECT symbol, sector, start_session, end_session FROM sectors
WHERE CASE WHEN CAST(:as_of AS timestamptz) IS NULL THEN superseded_at IS NULL
      ELSE (known_at IS NULL OR known_at <= :as_of)
       AND (superseded_at IS NULL OR superseded_at > :as_of) END
  AND (CAST(:symbols AS text[]) IS NULL OR symbol = ANY(CAST(:symbols AS text[])))
ORDER BY symbol, start_session NULLS FIRST
"""

# What was told otherwise before, or withdrawn, was not always known.
_INSERT: Final = """
INSERT INTO sectors (symbol, sector, start_session, end_session, known_at, imported_at)
SELECT given.*, CASE WHEN EXISTS (
    SELECT FROM sectors AS before
    WHERE before.symbol = given.symbol
      AND before.start_session IS NOT DISTINCT FROM given.start_session
) THEN CAST(:at AS timestamptz) END, :at
FROM unnest(
    CAST(:symbols AS text[]), CAST(:names AS text[]), CAST(:starts AS date[]),
    CAST(:ends AS date[])
) AS given (symbol, sector, start_session, end_session)
"""

_OF_KEYS: Final = """
FROM unnest(CAST(:symbols AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
    AS given (symbol, start_session, end_session)
WHERE stored.symbol = given.symbol
  AND stored.start_session IS NOT DISTINCT FROM given.start_session
  AND stored.superseded_at IS NULL
"""

_END: Final = f"UPDATE sectors AS stored SET end_session = given.end_session {_OF_KEYS}"
_SUPERSEDE: Final = f"UPDATE sectors AS stored SET superseded_at = :at {_OF_KEYS}"


def of_session(connection: Connection, session: Session) -> dict[Symbol, str]:
    """Return the sector of each symbol that has one on a session, as known now."""
    rows = connection.execute(text(_OF_SESSION), {"session": session})
    return {Symbol(symbol): sector for symbol, sector in rows}


def read(
    connection: Connection,
    as_of: datetime | None = None,
    *,
    symbols: Sequence[Symbol] | None = None,
) -> list[SectorAssignment]:
    """Return every assignment as known at an instant (None: now), by symbol then start."""
    rows = connection.execute(text(_AS_OF), {"as_of": as_of, "symbols": symbols})
    return [
        SectorAssignment(
            symbol=Symbol(row.symbol),
            sector=row.sector,
            start=row.start_session,
            end=row.end_session,
        )
        for row in rows
    ]


def replace(connection: Connection, given: Mapping[Key, SectorAssignment], *, at: datetime) -> int:
    """Let these be the assignments of the symbols named from now on; return how many changed."""
    symbols = sorted({symbol for symbol, _ in given})
    stored = {(one.symbol, one.start): one for one in read(connection, symbols=symbols)}
    changed = changes(stored, given)
    connection.execute(text(_END), _columns(changed.ended))
    gone = [*changed.moved, *changed.withdrawn]
    connection.execute(text(_SUPERSEDE), {**_columns(gone), "at": at})
    come = [*changed.new, *changed.moved]
    names = [one.sector for one in come]
    connection.execute(text(_INSERT), {**_columns(come), "names": names, "at": at})
    return len(changed)


def _columns(assignments: Sequence[SectorAssignment]) -> dict[str, object]:
    return {
        "symbols": [one.symbol for one in assignments],
        "starts": [one.start for one in assignments],
        "ends": [one.end for one in assignments],
    }
