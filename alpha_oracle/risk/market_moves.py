"""What of a portfolio is ours, and what the market made of it since a session began.

A fill is judged at its own price, all else at the lowest price seen this session, against the
highest equity: what is too much even so was never cleared, whatever the market did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.risk.facts import RiskFacts


class Purchase(NamedTuple):
    """What a purchase was just filled in, and at what price (USD a share).

    `is_first`: before its order, nothing of the symbol was held or being bought.
    """

    symbol: Symbol
    price: Decimal
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRange:
    """What the market did since a session began: the lowest marks, the highest equity (USD)."""

    session: Session | None = None
    lows: Mapping[Symbol, Decimal] = field(default_factory=dict)
    high_equity_usd: Decimal | None = None

    def with_look(self, facts: RiskFacts) -> SessionRange:
        """Return the range with a look at the market more; another session begins its own."""
        before = self if self.session == facts.session else SessionRange()
        lows = dict(before.lows)
        for symbol, price in facts.market.prices.items():
            lows[symbol] = min(price, lows.get(symbol, price))
        equities = (
            before.high_equity_usd,
            facts.account.equity_usd,
            facts.account.previous_close_equity_usd,
        )
        return SessionRange(
            session=facts.session,
            lows=lows,
            high_equity_usd=max((one for one in equities if one is not None), default=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDoing:
    """A purchase, with the prices and the equity that the portfolio after it is judged by."""

    symbol: Symbol
    is_first: bool
    prices: Mapping[Symbol, Decimal]
    high_equity_usd: Decimal

    @classmethod
    def of(cls, bought: Purchase, seen: SessionRange) -> OwnDoing:
        """Return how a purchase is judged."""
        return cls(
            symbol=bought.symbol,
            is_first=bought.is_first,
            prices={**seen.lows, bought.symbol: bought.price},
            high_equity_usd=seen.high_equity_usd or Decimal(0),
        )

    def share_pct(
        self, usd: Decimal, symbols: Iterable[Symbol], facts: RiskFacts, *, equity: Decimal
    ) -> Decimal:
        """Return what an exposure to symbols (USD) would be in percent, had no price moved."""
        return (usd - self._added(facts, symbols)) / max(self.high_equity_usd, equity) * 100

    def spent_pct(self, facts: RiskFacts, *, equity: Decimal, cash: Decimal) -> Decimal:
        """Return the percent of equity that would not be in cash, had no price risen."""
        before = equity - self._added(facts, facts.exposure.by_symbol)
        return (before - cash) / before * 100

    def _added(self, facts: RiskFacts, symbols: Iterable[Symbol]) -> Decimal:
        return sum((self._added_to(one, facts) for one in symbols), Decimal(0))

    def _added_to(self, symbol: Symbol, facts: RiskFacts) -> Decimal:
        mark, price = facts.market.prices.get(symbol), self.prices.get(symbol)
        if mark is None or price is None or price >= mark:
            return Decimal(0)
        return facts.exposure.usd_of(symbol) * (mark - price) / mark
