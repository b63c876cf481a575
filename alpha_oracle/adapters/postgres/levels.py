"""Index levels by series and session, with every correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.revisions import each_once, lock_table, report
from alpha_oracle.domain.levels import IndexLevel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.bars import StoreReport
    from alpha_oracle.domain.market import Session

_STORE: Final = """
WITH given AS (
    SELECT * FROM unnest(
        CAST(:series AS text[]), CAST(:sessions AS date[]), CAST(:opens AS float8[]),
        CAST(:highs AS float8[]), CAST(:lows AS float8[]), CAST(:closes AS float8[]),
        CAST(:known AS timestamptz[])
    ) AS given (series, session, open, high, low, close, known_at)
), newest AS (
    SELECT DISTINCT ON (series, session) *
    FROM index_levels
    WHERE series = ANY(CAST(:series AS text[]))
    ORDER BY series, session, revision DESC
)
INSERT INTO index_levels (
    series, session, revision, open, high, low, close, source, known_at, received_at
)
SELECT series, session, coalesce(newest.revision + 1, 0), given.open, given.high, given.low,
       given.close, :source,
       CASE WHEN newest.revision IS NULL THEN given.known_at
       ELSE greatest(given.known_at, newest.known_at, :received_at) END, :received_at
FROM given LEFT JOIN newest USING (series, session)
WHERE (given.open, given.high, given.low, given.close)
    IS DISTINCT FROM (newest.open, newest.high, newest.low, newest.close)
RETURNING revision
"""

_LOAD: Final = """
SELECT DISTINCT ON (session) series, session, open, high, low, close, known_at
FROM index_levels
WHERE series = :series AND session BETWEEN :start AND :end AND known_at <= :as_of
ORDER BY session, revision DESC
"""


class PostgresLevels:
    """`LevelStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self, levels: Sequence[IndexLevel], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep levels; see the port.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a session is given twice with different levels; nothing was kept.
        """
        given = each_once(levels, key=lambda one: (one.series, one.session))
        values = {
            "series": [one.series for one in given],
            "sessions": [one.session for one in given],
            "opens": [one.open for one in given],
            "highs": [one.high for one in given],
            "lows": [one.low for one in given],
            "closes": [one.close for one in given],
            "known": [one.known_at for one in given],
            "source": source,
            "received_at": received_at,
        }
        with self._database.begin() as connection:
            lock_table(connection, "index_levels")
            return report(connection.execute(text(_STORE), values), given=len(given))

    def last(self, series: str) -> Session | None:
        """Return the newest session stored of a series."""
        with self._database.begin() as connection:
            found: Session | None = connection.execute(
                text("SELECT max(session) FROM index_levels WHERE series = :series"),
                {"series": series},
            ).scalar_one()
        return found

    def load(
        self, series: str, *, start: Session, end: Session, as_of: datetime
    ) -> tuple[IndexLevel, ...]:
        """Return the levels of sessions `start` to `end` as known at `as_of`, ascending."""
        values = {"series": series, "start": start, "end": end, "as_of": as_of}
        with self._database.begin() as connection:
            return tuple(
                IndexLevel(**row) for row in connection.execute(text(_LOAD), values).mappings()
            )
