"""One strategy on the market of a session: what it wants, and how it would have done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.walk_forward import Trial
from alpha_oracle.research.metrics import sharpe
from alpha_oracle.research.walk_forward import Variant, learn, stitch, trade_window
from alpha_oracle.research.window_keys import trial_key, window_keys
from alpha_oracle.research.window_records import read_back, recorded
from alpha_oracle.research.windows import plan_windows, train_row_before
from alpha_oracle.strategies.deciding import wishes_of
from alpha_oracle.strategies.parameters import settings_of, variants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.walk_forward import TrialStore, WindowStore
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.walk_forward import WalkForwardResult, WindowTest
    from alpha_oracle.research.windows import WindowMonths
    from alpha_oracle.strategies.base import Decisions, Strategy


def decide(strategy: Strategy, market: MarketPanel, *, features: FeatureStore) -> Decisions:
    """Return what a strategy wants at every close of the market."""
    return wishes_of(strategy, market, features.compute(market, strategy.features))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluator:
    """Walks strategies forward; windows that are on record are not traded again."""

    features: FeatureStore
    windows: WindowStore
    trials: TrialStore
    clock: Clock

    def evaluate(
        self,
        strategy: Strategy,
        market: MarketPanel,
        *,
        terms: TradingTerms,
        months: WindowMonths,
        grid: Mapping[str, Sequence[Parameter]],
        universe: Sequence[Symbol] | None = None,
    ) -> WalkForwardResult:
        """Walk a strategy forward over the whole market, fitted to the grid on each train window.

        What was tried is put on record: a strategy without a grid with its Sharpe ratio out of
        sample, each variant of one with the mean of its train windows; apart, where a `universe`
        was chosen for the market.
        """
        tried = variants(strategy, grid)
        plan = plan_windows(market.sessions, months)
        keys = window_keys(tried, market, terms=terms, plan=plan)
        known = self.windows.load(keys)
        desk = _Desk(tried, market, features=self.features, terms=terms)
        tests = [
            read_back(known[key]) if key in known else trade_window(desk.variants(), window)
            for key, window in zip(keys, plan.windows, strict=True)
        ]
        self._keep(tests, keys, known=set(known), strategy=strategy)
        result = stitch(tests, strategy=strategy.name, plan=plan, reused=len(known))
        self._record_trials(tried, result, terms=terms, chosen=universe or ())
        return replace(result, parameters=desk.newest_fit(months))

    def _keep(
        self,
        tests: Sequence[WindowTest],
        keys: Sequence[str],
        *,
        known: set[str],
        strategy: Strategy,
    ) -> None:
        fresh = [
            recorded(test, key=key, strategy=strategy.name)
            for key, test in zip(keys, tests, strict=True)
            if key not in known
        ]
        if fresh:
            self.windows.save(fresh, at=self.clock.now())

    def _record_trials(
        self,
        tried: Sequence[Strategy],
        result: WalkForwardResult,
        *,
        terms: TradingTerms,
        chosen: Sequence[str],
    ) -> None:
        ratios = (
            [sharpe(result.record.returns)]
            if len(tried) == 1
            else [_mean_train_sharpe(result, place) for place in range(len(tried))]
        )
        self.trials.record(
            [
                Trial(
                    key=trial_key(variant, terms=terms, chosen=chosen),
                    strategy=variant.name,
                    parameters=settings_of(variant),
                    sharpe=ratio,
                )
                for variant, ratio in zip(tried, ratios, strict=True)
            ],
            at=self.clock.now(),
        )


class _Desk:
    """The variants of a strategy, decided and laid out when they are first traded."""

    def __init__(
        self,
        tried: Sequence[Strategy],
        market: MarketPanel,
        *,
        features: FeatureStore,
        terms: TradingTerms,
    ) -> None:
        self._tried = tried
        self._market = market
        self._features = features
        self._terms = terms
        self._variants: list[Variant] = []

    def variants(self) -> list[Variant]:
        for one in self._tried[len(self._variants) :]:
            decided = decide(one, self._market, features=self._features)
            self._variants.append(
                Variant.of(one, decided, self._market, terms=self._terms, beside=self._variants)
            )
        return self._variants

    def newest_fit(self, months: WindowMonths) -> Mapping[str, Parameter]:
        """Return the parameters to trade with tomorrow: the best of the train months up to now."""
        if len(self._tried) == 1:
            return settings_of(self._tried[0])
        sessions = self._market.sessions
        start = train_row_before(sessions, len(sessions), months)
        lesson = learn(self.variants(), start=start, stop=len(sessions))
        return lesson.variant.parameters


def _mean_train_sharpe(result: WalkForwardResult, place: int) -> float | None:
    known = [
        ratio
        for window in result.windows
        if (ratio := window.train_sharpes[place]) is not None and np.isfinite(ratio)
    ]
    return mean(known) if known else None
