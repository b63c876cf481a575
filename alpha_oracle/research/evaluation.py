"""One strategy on the market of a session: what it wants, and how it would have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.research.walk_forward import WalkForwardResult, walk_forward
from alpha_oracle.research.windows import WindowMonths, plan_windows
from alpha_oracle.strategies.deciding import wishes_of

if TYPE_CHECKING:
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.strategies.base import Decisions, Strategy


def decide(strategy: Strategy, market: MarketPanel, *, features: FeatureStore) -> Decisions:
    """Return what a strategy wants at every close of the market."""
    return wishes_of(strategy, market, features.compute(market, strategy.features))


def evaluate(
    strategy: Strategy,
    market: MarketPanel,
    *,
    features: FeatureStore,
    terms: TradingTerms,
    months: WindowMonths,
) -> WalkForwardResult:
    """Walk a strategy forward over the whole market."""
    return walk_forward(
        decide(strategy, market, features=features),
        market,
        strategy=strategy,
        terms=terms,
        plan=plan_windows(market.sessions, months),
    )
