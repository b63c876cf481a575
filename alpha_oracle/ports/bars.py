"""Where bars come from and where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import (
        QuarantinedBar,
        ReceivedBars,
        StoredBars,
        StoreReport,
    )
    from alpha_oracle.domain.market import PriceBasis, Session, Symbol
    from alpha_oracle.domain.requests import RequestPlan


class BarSource(Protocol):
    """Someone who answers for daily bars."""

    @property
    def name(self) -> str:
        """The name the bars carry: `files`, `synthetic`, ..."""
        ...

    @property
    def basis(self) -> PriceBasis:
        """What the source does to its prices before it sends them."""
        ...

    def symbols(self, session: Session) -> tuple[Symbol, ...] | None:
        """Return the symbols the source offers for a session, ascending; None: it cannot say.

        Raises:
            ConfigurationError: the source is not set up.
            DataError: what it holds cannot be read.
        """
        ...

    def plan(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> RequestPlan:
        """Return how many metered requests `fetch` of the same would send now; sends none.

        Raises:
            ConfigurationError: the source is not set up.
        """
        ...

    def fetch(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> ReceivedBars:
        """Return the bars of `symbols` from `start` to `end`, both included, as received.

        A symbol the source does not know, or a session it lacks, is absent from the answer; where
        the source said why, `absent` tells. No bar of a session that has not closed comes.

        Raises:
            TransientError: ask again later.
            BudgetSpent: the vendor's day is used up.
            DataError: the answer cannot be read.
            ConfigurationError: the source is not set up.
        """
        ...


class BarStore(Protocol):
    """Bars as received, with every correction, readable as of any instant."""

    def store(self, received: ReceivedBars, *, received_at: datetime) -> StoreReport:
        """Keep validated bars; safe to repeat.

        A bar new to the store is known from its session's close; one that differs from what is
        stored becomes a revision known from `received_at`; one that does not changes nothing.

        Raises:
            StoreUnavailable: nothing was lost; repeat it.
        """
        ...

    def load(
        self,
        *,
        start: Session,
        end: Session,
        as_of: datetime,
        symbols: Sequence[Symbol] | None = None,
    ) -> StoredBars:
        """Return the bars of sessions `start` to `end`, both included, as known at `as_of`."""
        ...

    def symbols_stored(
        self, *, start: Session, end: Session, source: str | None = None
    ) -> dict[Session, frozenset[Symbol]]:
        """Return which symbols have a bar, by session (from `source` alone where given)."""
        ...

    def last_bars_before(self, session: Session, symbols: Sequence[Symbol]) -> StoredBars:
        """Return each symbol's newest bar before a session, as known now."""
        ...

    def span(self) -> tuple[Session, Session] | None:
        """Return the first and last session stored; None for an empty store."""
        ...


class Quarantine(Protocol):
    """Bars held back: kept whole, listed, and released only on the record."""

    def hold(self, bars: Sequence[QuarantinedBar]) -> int:
        """Keep bars; one already held with the same content changes nothing.

        Return how many are new, or held again: explained or released before, they came once more
        and were not accepted.

        `quarantine_id` of the argument is ignored: the store gives it.
        """
        ...

    def held(
        self, *, symbols: Sequence[str] | None = None, session: Session | None = None
    ) -> list[QuarantinedBar]:
        """Return what is held, by symbol then session."""
        ...

    def resolve(
        self, quarantine_ids: Sequence[int], *, status: str, actor: str, reason: str, at: datetime
    ) -> int:
        """Mark held bars `released` (by hand) or `explained` (by an action); audited."""
        ...


class DoneSet(Protocol):
    """Symbols already stored for a session: a quick memory in front of the bar store."""

    def done(self, session: Session) -> frozenset[Symbol]:
        """Return the symbols marked for the session; empty where the memory is gone."""
        ...

    def mark(self, session: Session, symbols: Sequence[Symbol]) -> None:
        """Remember symbols as stored, for 25 hours."""
        ...
