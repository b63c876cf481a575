"""What a session is decided by, from the settings its first run recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.config import DecisionSettings, parse_decision_settings
from alpha_oracle.research.ranker import ScoreWeights, StrategyRanker, Thresholds
from alpha_oracle.research.simulator import TradingCosts, TradingLimits, TradingTerms
from alpha_oracle.research.window_keys import digest_of
from alpha_oracle.research.windows import WindowMonths
from alpha_oracle.risk.commissions import SCHEDULES
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.parameters import settings_of, variants, with_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.config import CostSettings
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.strategies.base import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTerms:
    """How strategies are simulated, ranked and told to trade.

    `defaults` are parameters that settings give a strategy in place of its own. A model whose data
    is older than `max_model_age` is stale.
    """

    trading: TradingTerms
    months: WindowMonths
    ranker: StrategyRanker
    window: ExecutionWindow
    parameters: Mapping[str, Mapping[str, Sequence[Parameter]]]
    defaults: Mapping[str, Mapping[str, Parameter]]
    max_model_age: timedelta

    def strategy(self, name: str, /, **parameters: Parameter) -> Strategy:
        """Return a strategy with its parameters; those not given are the settings' or its own.

        Raises:
            ConfigurationError: no usable strategy has that name, or it refuses a parameter.
        """
        return with_parameters(
            registry.named(name), **{**self.defaults.get(name, {}), **parameters}
        )

    def grid(self, strategy: str) -> Mapping[str, Sequence[Parameter]]:
        """Return the values to try of a strategy's parameters; empty where it is taken as it is."""
        return self.parameters.get(strategy, {})

    def key_of(self, strategy: str) -> str:
        """Return what stands for how a strategy is walked forward: terms, months, parameters.

        Raises:
            ConfigurationError: as `strategy`.
        """
        tried = variants(self.strategy(strategy), self.grid(strategy))
        ways = (repr(sorted(settings_of(variant).items())) for variant in tried)
        return digest_of(repr(self.trading), repr(self.months), *ways)


def decision_terms(recorded: Mapping[str, object]) -> DecisionTerms:
    """Return the terms for settings as they were recorded.

    Raises:
        ConfigurationError: they are of another version; says how to decide with those of now.
    """
    settings = parse_decision_settings(recorded)
    return DecisionTerms(
        trading=_trading(settings),
        months=WindowMonths(
            train=settings.strategy.walk_forward.train_months,
            test=settings.strategy.walk_forward.test_months,
            step=settings.strategy.walk_forward.step_months,
        ),
        ranker=StrategyRanker(
            weights=ScoreWeights(**settings.strategy.weights.model_dump()),
            thresholds=Thresholds(
                min_sharpe=settings.strategy.min_sharpe,
                min_profit_factor=settings.strategy.min_profit_factor,
                max_drawdown_pct=settings.strategy.max_drawdown_pct,
            ),
        ),
        window=ExecutionWindow(**settings.execution.model_dump()),
        parameters=settings.strategy.parameters,
        defaults={
            MLSignalStrategy.name: {"confidence_threshold": settings.ml.confidence_threshold}
        },
        max_model_age=timedelta(days=settings.ml.max_age_days),
    )


def _trading(settings: DecisionSettings) -> TradingTerms:
    position, portfolio = settings.risk.position, settings.risk.portfolio
    return TradingTerms(
        capital_usd=settings.capital_usd,
        limits=TradingLimits(
            max_position_pct=position.max_position_pct,
            max_sector_pct=position.max_sector_pct,
            min_price_usd=position.min_price,
            max_positions=portfolio.max_positions,
            max_trades_per_day=portfolio.max_trades_per_day,
            min_cash_pct=portfolio.min_cash_pct,
            max_drawdown_pct=portfolio.max_drawdown_pct,
            max_daily_loss_pct=portfolio.max_daily_loss_pct,
        ),
        costs=trading_costs(settings.research.costs),
    )


def trading_costs(settings: CostSettings) -> TradingCosts:
    """Return what trading costs: the schedule, with the figures that are set apart."""
    apart = {
        "per_share": settings.commission_per_share_usd,
        "minimum": settings.min_commission_usd,
        "max_pct": settings.max_commission_pct,
    }
    schedule = SCHEDULES[settings.schedule]
    return TradingCosts(
        commission=schedule._replace(
            **{name: figure for name, figure in apart.items() if figure is not None}
        ),
        slippage_bps=settings.slippage_bps,
        impact=settings.impact,
    )
