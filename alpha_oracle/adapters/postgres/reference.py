"""Index membership, sectors and corporate actions, with what was known of them when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import text

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres import membership
from alpha_oracle.adapters.postgres import sectors as sectors_told
from alpha_oracle.adapters.postgres.revisions import lock_table
from alpha_oracle.domain.market import (
    ActionKind,
    CorporateAction,
    Symbol,
)
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from datetime import date, datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Membership, SectorAssignment, Session

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")

# Looked up rather than called: there are thousands of actions.
_KINDS: Final = {kind.value: kind for kind in ActionKind}

_SAVE_ACTIONS: Final = """
WITH given AS (
    SELECT * FROM unnest(
        CAST(:symbols AS text[]), CAST(:ex_dates AS date[]), CAST(:kinds AS text[]),
        CAST(:values AS numeric[]), CAST(:first_known AS timestamptz[])
    ) AS given (symbol, ex_date, kind, value, first_known_at)
), newest AS (
    SELECT DISTINCT ON (symbol, ex_date, kind) symbol, ex_date, kind, revision, value
    FROM corporate_actions
    ORDER BY symbol, ex_date, kind, revision DESC
)
INSERT INTO corporate_actions (
    symbol, ex_date, kind, revision, value, source, known_at, received_at
)
SELECT symbol, ex_date, kind, coalesce(newest.revision + 1, 0), given.value, :source,
       CASE WHEN newest.revision IS NULL THEN given.first_known_at ELSE :received_at END,
       :received_at
FROM given LEFT JOIN newest USING (symbol, ex_date, kind)
WHERE given.value IS DISTINCT FROM newest.value
"""

_ACTIONS: Final = """
SELECT DISTINCT ON (symbol, ex_date, kind) symbol, ex_date, kind, value, known_at
FROM corporate_actions
WHERE (CAST(:as_of AS timestamptz) IS NULL OR known_at <= :as_of)
  AND (CAST(:symbols AS text[]) IS NULL OR symbol = ANY(:symbols))
ORDER BY symbol, ex_date, kind, revision DESC
"""


class PostgresReference:
    """`ReferenceStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_members(self, members: Sequence[Membership], *, at: datetime) -> int:
        """Let these be the index's membership intervals; return how many changed.

        An interval that came, went or ends elsewhere counts once.

        Raises:
            DataError: two intervals of a symbol start on the same session.
        """
        given = _keyed([((one.symbol, one.start), one) for one in members])
        with self._database.begin() as connection:
            lock_table(connection, "index_members")
            return membership.replace(connection, given, at=at)

    def members(self, session: Session) -> tuple[Symbol, ...]:
        """Return the index members of a session, ascending; empty where none were imported."""
        return tuple(sorted({one.symbol for one in self.memberships() if one.covers(session)}))

    def memberships(self, *, as_of: datetime | None = None) -> list[Membership]:
        """Return every interval as known at `as_of` (None: now), by symbol then start."""
        with self._database.begin() as connection:
            return membership.read(connection, as_of)

    def save_sectors(self, sectors: Sequence[SectorAssignment], *, at: datetime) -> int:
        """Replace the sector assignments of the symbols named; return how many changed.

        Raises:
            DataError: two assignments of a symbol start on the same session.
        """
        given = _keyed([((one.symbol, one.start), one) for one in sectors])
        with self._database.begin() as connection:
            lock_table(connection, "sectors")
            return sectors_told.replace(connection, given, at=at)

    def sectors(self, session: Session) -> dict[Symbol, str]:
        """Return the sector of each symbol that has one on a session."""
        with self._database.begin() as connection:
            return sectors_told.of_session(connection, session)

    def sector_assignments(self, *, as_of: datetime | None = None) -> list[SectorAssignment]:
        """Return every assignment as known at `as_of` (None: now), by symbol then start."""
        with self._database.begin() as connection:
            return sectors_told.read(connection, as_of)

    def save_actions(
        self, actions: Sequence[CorporateAction], *, source: str, received_at: datetime
    ) -> int:
        """Keep corporate actions; return how many were new or corrected.

        One new to the store is known from the open of its ex-date, or from `received_at` where
        that is earlier; one stored with another value becomes a revision known from
        `received_at`. `known_at` of the argument is ignored: the store gives it.

        Raises:
            DataError: an action is given twice with different values.
        """
        given = _keyed([((one.symbol, one.ex_date, one.kind), one.value) for one in actions])
        keys = sorted(given)
        known = {day: _first_known(day, received_at) for day in {ex_date for _, ex_date, _ in keys}}
        values = {
            "symbols": [symbol for symbol, _, _ in keys],
            "ex_dates": [ex_date for _, ex_date, _ in keys],
            "kinds": [kind.value for _, _, kind in keys],
            "values": [given[key] for key in keys],
            "first_known": [known[ex_date] for _, ex_date, _ in keys],
            "source": source,
            "received_at": received_at,
        }
        with self._database.begin() as connection:
            lock_table(connection, "corporate_actions")
            return connection.execute(text(_SAVE_ACTIONS), values).rowcount

    def actions(
        self, *, as_of: datetime | None = None, symbols: Sequence[Symbol] | None = None
    ) -> list[CorporateAction]:
        """Return actions by symbol, ex-date and kind, as known at `as_of` (None: now)."""
        values = {"as_of": as_of, "symbols": None if symbols is None else list(symbols)}
        with self._database.begin() as connection:
            rows = connection.execute(text(_ACTIONS), values).all()
        return [
            CorporateAction(
                symbol=symbol, ex_date=day, kind=_KINDS[kind], value=value, known_at=known_at
            )
            for symbol, day, kind, value, known_at in rows
        ]


def _first_known(ex_date: date, received_at: datetime) -> datetime:
    if ex_date > calendar.last_session():
        return received_at
    session = calendar.next_session_after(ex_date - timedelta(days=1))
    return min(received_at, calendar.session_open(session))


def _keyed(pairs: list[tuple[K, V]]) -> dict[K, V]:
    keyed: dict[K, V] = {}
    for key, value in pairs:
        if keyed.setdefault(key, value) != value:
            named = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            raise DataError(
                f"{named} is given twice, as {keyed[key]} and {value}; "
                "leave one of the two (for two dividends of one day, their sum)"
            )
    return keyed
