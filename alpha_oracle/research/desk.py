"""What a strategy wants on a market, laid out to be traded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.research.walk_forward import Variant, learn
from alpha_oracle.research.windows import train_row_before
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.deciding import wishes_of
from alpha_oracle.strategies.parameters import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ml.forecast import Forecast
    from alpha_oracle.research.forecasting import PlannedForecasts
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.windows import Window, WindowMonths
    from alpha_oracle.strategies.base import Decisions, Strategy


def decide(strategy: Strategy, market: MarketPanel, *, features: FeatureStore) -> Decisions:
    """Return what a strategy wants at every close of the market."""
    return wishes_of(strategy, market, features.compute(market, strategy.features))


class Desk:
    """The variants of a strategy, decided and laid out when they are first traded.

    Of one that models inform, anew for every window: each has seen forecasts of its own.
    """

    def __init__(
        self,
        tried: Sequence[Strategy],
        market: MarketPanel,
        *,
        features: FeatureStore,
        terms: TradingTerms,
        forecasts: PlannedForecasts | None,
    ) -> None:
        self._tried = tried
        self._market = market
        self._features = features
        self._terms = terms
        self._forecasts = forecasts
        self._laid_out: list[Variant] = []

    def variants(self, window: Window | None) -> list[Variant]:
        """Return the variants for a window; None: for what comes after the last session."""
        if self._forecasts is None:
            self._laid_out = self._laid_out or self._lay_out(self._tried)
        else:
            told = self._forecasts.of(window) if window else self._forecasts.newest()
            self._laid_out = self._lay_out([informed(one, told) for one in self._tried])
        return self._laid_out

    def _lay_out(self, strategies: Sequence[Strategy]) -> list[Variant]:
        # What was laid out before, if only for another window, has the market laid out.
        laid_out = self._laid_out[:1]
        for one in strategies:
            decided = decide(one, self._market, features=self._features)
            laid_out.append(
                Variant.of(one, decided, self._market, terms=self._terms, beside=laid_out)
            )
        return laid_out[-len(strategies) :]

    def newest_fit(self, months: WindowMonths) -> Mapping[str, Parameter]:
        """Return the parameters to trade with tomorrow: the best of the train months up to now."""
        if len(self._tried) == 1:
            return settings_of(self._tried[0])
        sessions = self._market.sessions
        start = train_row_before(sessions, len(sessions), months)
        lesson = learn(self.variants(None), start=start, stop=len(sessions))
        return lesson.variant.parameters


def informed(strategy: Strategy, told: Forecast) -> Strategy:
    """Return the strategy with a forecast, where it decides by one."""
    return strategy.informed_by(told) if isinstance(strategy, InformedStrategy) else strategy
