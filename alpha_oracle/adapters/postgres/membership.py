"""Index membership with what was known of it when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.stays import changes
from alpha_oracle.domain.market import Membership, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.domain.market import Session

    Key = tuple[Symbol, Session]

_AS_OF: Final = """
SELECT symbol, start_session, end_session FROM index_members
WHERE CASE WHEN CAST(:as_of AS timestamptz) IS NULL THEN superseded_at IS NULL
      ELSE (known_at IS NULL OR known_at <= :as_of)
       AND (superseded_at IS NULL OR superseded_at > :as_of) END
ORDER BY symbol, start_session
"""

# What was told otherwise before, or withdrawn, was not always known.
_INSERT: Final = """
INSERT INTO index_members (symbol, start_session, end_session, known_at, imported_at)
SELECT given.*, CASE WHEN EXISTS (
    SELECT FROM index_members AS before
    WHERE before.symbol = given.symbol AND before.start_session = given.start_session
) THEN CAST(:at AS timestamptz) END, :at
FROM unnest(CAST(:symbols AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
    AS given (symbol, start_session, end_session)
"""

_OF_KEYS: Final = """
FROM unnest(CAST(:symbols AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
    AS given (symbol, start_session, end_session)
WHERE stored.symbol = given.symbol AND stored.start_session = given.start_session
  AND stored.superseded_at IS NULL
"""

_END: Final = f"UPDATE index_members AS stored SET end_session = given.end_session {_OF_KEYS}"
_SUPERSEDE: Final = f"UPDATE index_members AS stored SET superseded_at = :at {_OF_KEYS}"


def read(connection: Connection, as_of: datetime | None = None) -> list[Membership]:
    """Return every interval as known at an instant (None: now), by symbol then start."""
    rows = connection.execute(text(_AS_OF), {"as_of": as_of})
    return [
        Membership(symbol=Symbol(row.symbol), start=row.start_session, end=row.end_session)
        for row in rows
    ]


def replace(connection: Connection, given: Mapping[Key, Membership], *, at: datetime) -> int:
    """Let these be the intervals from now on; return how many changed."""
    stored = {(one.symbol, one.start): one for one in read(connection)}
    changed = changes(stored, given)
    connection.execute(text(_END), _columns(changed.ended))
    gone = [*changed.moved, *changed.withdrawn]
    connection.execute(text(_SUPERSEDE), {**_columns(gone), "at": at})
    come = [*changed.new, *changed.moved]
    connection.execute(text(_INSERT), {**_columns(come), "at": at})
    return len(changed)


def _columns(members: Sequence[Membership]) -> dict[str, object]:
    return {
        "symbols": [one.symbol for one in members],
        "starts": [one.start for one in members],
        "ends": [one.end for one in members],
    }
