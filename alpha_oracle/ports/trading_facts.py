"""What the worker asks of stored data and of the strategies' registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.trading_facts import References


class TradingFacts(Protocol):
    """Reference data by session. Both raise `StoreUnavailable` where it cannot be read."""

    def references(self, symbols: Collection[Symbol], *, session: Session) -> References:
        """Return what was known of some symbols, and of all strategies, before a session."""
        ...

    def actions(
        self, symbols: Collection[Symbol], *, after: Session, through: Session
    ) -> tuple[CorporateAction, ...]:
        """Return splits and dividends with an ex-date in (after, through], by ex-date."""
        ...
