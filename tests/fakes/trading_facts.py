"""Reference data of the engine in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from alpha_oracle.domain.trading_facts import References
from alpha_oracle.errors import StoreUnavailable


@dataclass
class InMemoryTradingFacts:
    """What a test says is known; `is_away`: out of reach."""

    known: References = field(
        default_factory=lambda: References(session=date.min, symbols=frozenset())
    )
    corporate_actions: list = field(default_factory=list)
    is_away: bool = False

    def references(self, symbols, *, session):
        self._reach()
        wanted = frozenset(symbols)
        return replace(
            self.known,
            session=session,
            symbols=wanted,
            sectors=_of(wanted, self.known.sectors),
            adv_shares=_of(wanted, self.known.adv_shares),
            last_closes=_of(wanted, self.known.last_closes),
        )

    def actions(self, symbols, *, after, through):
        self._reach()
        return tuple(
            one
            for one in self.corporate_actions
            if one.symbol in symbols and after < one.ex_date <= through
        )

    def _reach(self):
        if self.is_away:
            raise StoreUnavailable("reference data is out of reach")


def _of(symbols, known):
    return {symbol: known[symbol] for symbol in symbols & known.keys()}
