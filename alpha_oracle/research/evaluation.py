"""One strategy on the market of a session: what it wants, and how it would have done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.walk_forward import Trial
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.desk import Desk, informed
from alpha_oracle.research.metrics import sharpe
from alpha_oracle.research.walk_forward import stitch, trade_window
from alpha_oracle.research.window_keys import trial_key, window_keys
from alpha_oracle.research.window_records import read_back, recorded
from alpha_oracle.research.windows import plan_windows
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.parameters import settings_of, variants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.walk_forward import TrialStore, WindowStore
    from alpha_oracle.research.forecasting import PlannedForecasts, WindowForecaster
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.walk_forward import WalkForwardResult, WindowTest
    from alpha_oracle.research.windows import WindowMonths, WindowPlan
    from alpha_oracle.strategies.base import Strategy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluator:
    """Walks strategies forward; windows that are on record are not traded again.

    `forecaster` informs the strategies that decide by what models forecast.
    """

    features: FeatureStore
    windows: WindowStore
    trials: TrialStore
    clock: Clock
    forecaster: WindowForecaster | None = None

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

        Raises:
            ConfigurationError: it decides by forecasts and there is no recipe of a model.
            DataError: a model it needs could not be trained; says what is needed.
        """
        tried = variants(strategy, grid)
        plan = plan_windows(market.sessions, months)
        forecasts = self._forecasts_for(strategy, market, plan)
        keys = window_keys(
            tried,
            market,
            terms=terms,
            plan=plan,
            models=forecasts.keys if forecasts else (),
            read=forecasts.features if forecasts else (),
        )
        known = self.windows.load(keys)
        desk = Desk(tried, market, features=self.features, terms=terms, forecasts=forecasts)
        tests = [
            read_back(known[key]) if key in known else trade_window(desk.variants(window), window)
            for key, window in zip(keys, plan.windows, strict=True)
        ]
        self._keep(tests, keys, known=set(known), strategy=strategy)
        result = stitch(
            _informed_ones(tests) if forecasts else tests,
            strategy=strategy.name,
            note=f"{plan.note}; {forecasts.note}" if forecasts and tests else plan.note,
            reused=len(known),
        )
        chosen = (*self.recipe_told(strategy), *(universe or ()))
        self._record_trials(tried, result, terms=terms, chosen=chosen)
        return replace(result, parameters=desk.newest_fit(months), keys=tuple(keys))

    def recalled(
        self, strategy: str, keys: Sequence[str], *, note: str, until: Session
    ) -> WalkForwardResult:
        """Return an informed walk-forward by its windows' keys, oldest first, as it is on record.

        It trades with what its newest window chose. Where a window is not on record any more, or
        ends after the session `until`, the result has none, and its note says so.
        """
        known = self.windows.load(keys)
        lacking = len(set(keys) - set(known))
        if lacking:
            note = f"{note}; {lacking} of its {len(keys)} windows are not on record: train anew"
        elif any(window.outcome.test_end > until for window in known.values()):
            lacking, note = len(keys), f"{note} end after {until}: nobody could know them then"
        tests = [] if lacking else [read_back(known[key]) for key in keys]
        result = stitch(_informed_ones(tests), strategy=strategy, note=note, reused=len(tests))
        parameters = tests[-1].outcome.parameters if tests else {}
        return replace(result, parameters=parameters, keys=tuple(keys) if tests else ())

    def informed(
        self, strategy: Strategy, market: MarketPanel, *, months: WindowMonths
    ) -> Strategy:
        """Return the strategy as it may trade the whole market once: informed, if it is to be.

        Each session's forecast is then that of the newest window's model trained before it.

        Raises:
            ConfigurationError: as `evaluate`.
            DataError: as `evaluate`.
        """
        plan = plan_windows(market.sessions, months)
        forecasts = self._forecasts_for(strategy, market, plan)
        return informed(strategy, forecasts.newest()) if forecasts else strategy

    def recipe_told(self, strategy: Strategy) -> tuple[str, ...]:
        """Return what a trial of a strategy was made by beside its parameters: a model's recipe."""
        if self.forecaster is None or not isinstance(strategy, InformedStrategy):
            return ()
        return (repr(self.forecaster.recipe),)

    def _forecasts_for(
        self, strategy: Strategy, market: MarketPanel, plan: WindowPlan
    ) -> PlannedForecasts | None:
        if not isinstance(strategy, InformedStrategy):
            return None
        if self.forecaster is None:
            raise ConfigurationError(
                f"{strategy.name} decides by what models forecast, and none is set up here"
            )
        return self.forecaster.over(market, plan)

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


def _informed_ones(tests: Sequence[WindowTest]) -> Sequence[WindowTest]:
    # The first window buys nothing: its idle sessions say nothing of what the strategy is worth.
    return tests[1:] or tests


def _mean_train_sharpe(result: WalkForwardResult, place: int) -> float | None:
    known = [
        ratio
        for window in result.windows
        if (ratio := window.train_sharpes[place]) is not None and np.isfinite(ratio)
    ]
    return mean(known) if known else None
