"""What is known of symbols beside their bars: membership, sectors, corporate actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import (
        CorporateAction,
        Membership,
        SectorAssignment,
        Session,
        Symbol,
    )


class ReferenceStore(Protocol):
    """Index membership, sectors and corporate actions."""

    def save_members(self, members: Sequence[Membership], *, at: datetime) -> int:
        """Let these be the index's membership intervals; return how many changed.

        An interval that came, went or ends elsewhere counts once.

        Raises:
            DataError: two intervals of a symbol start on the same session.
        """
        ...

    def members(self, session: Session) -> tuple[Symbol, ...]:
        """Return the index members of a session, ascending; empty where none were imported."""
        ...

    def memberships(self, *, as_of: datetime | None = None) -> list[Membership]:
        """Return every interval as known at `as_of` (None: now), by symbol then start.

        An interval that came late, or the end of an open one, counts as known from its own day;
        one withdrawn or ending elsewhere, from when that was received.
        """
        ...

    def save_sectors(self, sectors: Sequence[SectorAssignment], *, at: datetime) -> int:
        """Let these be the sectors of the symbols named; return how many assignments changed.

        Raises:
            DataError: two assignments of a symbol start on the same session.
        """
        ...

    def sectors(self, session: Session) -> dict[Symbol, str]:
        """Return the sector of each symbol that has one on a session, as known now."""
        ...

    def sector_assignments(self, *, as_of: datetime | None = None) -> list[SectorAssignment]:
        """Return every assignment as known at `as_of` (None: now), by symbol then start.

        One that came late, or the end of an open one, counts as known from its own day; one
        withdrawn or changed, from when that was received.
        """
        ...

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
        ...

    def actions(
        self, *, as_of: datetime | None = None, symbols: Sequence[Symbol] | None = None
    ) -> list[CorporateAction]:
        """Return actions by symbol, ex-date and kind, as known at `as_of` (None: now)."""
        ...
