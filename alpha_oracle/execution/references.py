"""Reference data of the session, asked for once, and again where a symbol is new."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.trading_facts import References
from alpha_oracle.execution.order_requests import StrategyTerms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.ports.trading_facts import TradingFacts

_NOTHING: Final = References(session=date.min, symbols=frozenset())


class ReferenceShelf:
    """What was known before the session, of every symbol asked for so far."""

    def __init__(self, facts: TradingFacts) -> None:
        self._facts = facts
        self.known = _NOTHING

    def cover(self, symbols: Iterable[Symbol], *, session: Session) -> References:
        """Return references that cover these symbols too."""
        wanted = frozenset(symbols)
        is_current = self.known.session == session
        if not is_current or not wanted <= self.known.symbols:
            more = wanted | (self.known.symbols if is_current else frozenset())
            self.known = self._facts.references(more, session=session)
        return self.known

    def terms(self, strategy: str) -> StrategyTerms:
        """Return what stands in for what a signal of six fields does not say."""
        standing = self.known.standings.get(strategy)
        return StrategyTerms(
            statistics=None if standing is None else standing.statistics,
            is_eligible=standing is not None and standing.is_eligible,
            hold=self.known.holds.get(strategy),
        )
