"""What a session is decided by, from the settings its first run recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.config import DecisionSettings, parse_decision_settings
from alpha_oracle.research.ranker import ScoreWeights, StrategyRanker, Thresholds
from alpha_oracle.research.simulator import TradingCosts, TradingLimits, TradingTerms
from alpha_oracle.research.windows import WindowMonths

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTerms:
    """How strategies are simulated, ranked and told to trade."""

    trading: TradingTerms
    months: WindowMonths
    ranker: StrategyRanker
    window: ExecutionWindow


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
    )


def _trading(settings: DecisionSettings) -> TradingTerms:
    return TradingTerms(
        capital_usd=settings.capital_usd,
        limits=TradingLimits(
            max_position_pct=settings.risk.position.max_position_pct,
            max_positions=settings.risk.portfolio.max_positions,
            min_cash_pct=settings.risk.portfolio.min_cash_pct,
        ),
        costs=TradingCosts(**settings.research.costs.model_dump()),
    )
