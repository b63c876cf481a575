"""How signals and rankings are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.ranking import StrategyRank
    from alpha_oracle.domain.signals import Signal, SignalPlace


class SignalStore(Protocol):
    """Signals on record, each with the outbox row that announces it."""

    def save(self, signals: Sequence[Signal], *, at: datetime) -> tuple[int, int]:
        """Keep signals and their outbox rows in one transaction.

        A signal whose id is on record changes nothing: what was announced stands. Return how many
        were new, and how many on record differ from the document given now.
        """
        ...

    def signals(
        self,
        *,
        session: Session | None = None,
        symbol: Symbol | None = None,
        strategy: str | None = None,
        after: SignalPlace | None = None,
        limit: int | None = None,
    ) -> list[Mapping[str, object]]:
        """Return signal documents, newest session first, then strategy, symbol, direction.

        `after` is the place of the last one of the page before.
        """
        ...

    def open_entries(
        self, strategy: str, *, before: Session, since: Session
    ) -> dict[Symbol, Session]:
        """Return the symbols with a LONG of `strategy` in [since, before) and no later exit.

        The session is that of the latest LONG: which of several was bought is not known here, and
        what is held since any of them must not end too early. An exit on the session of a LONG
        ends what was before it, exits being worked first.
        """
        ...


class RankingStore(Protocol):
    """Rankings on record."""

    def save(self, ranks: Sequence[StrategyRank], *, at: datetime) -> None:
        """Keep a session's ranking in place of an earlier one of that session."""
        ...

    def rankings(
        self,
        *,
        session: Session | None = None,
        strategy: str | None = None,
        after: tuple[Session, int] | None = None,
        limit: int | None = None,
    ) -> list[StrategyRank]:
        """Return the ranks of a session (None: of all), newest session first, then best first.

        `after` are session and rank of the last one of the page before.
        """
        ...
