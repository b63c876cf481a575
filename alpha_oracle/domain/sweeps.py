"""A sweep: one strategy with every combination of a grid's values, each a backtest."""

from collections.abc import Mapping
from dataclasses import dataclass

from alpha_oracle.domain.backtests import ChanceFigures
from alpha_oracle.domain.market import Session
from alpha_oracle.domain.ranking import PerformanceMetrics
from alpha_oracle.domain.walk_forward import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptVariant:
    """What one combination came to, judged beside every trial on record after the sweep.

    `parameters` are those of the grid, in the order the strategy declares them; `notes` are what a
    reader must know of the run.
    """

    parameters: Mapping[str, Parameter]
    notes: tuple[str, ...]
    metrics: PerformanceMetrics
    chance: ChanceFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSummary:
    """What a sweep came to: its variants, the best Sharpe ratio first, those without one last.

    `trials` is how many trials are on record with it; `first` and `last` are the sessions traded,
    None where there was none.
    """

    strategy: str
    title: str
    first: Session | None
    last: Session | None
    capital_usd: float
    trials: int
    variants: tuple[SweptVariant, ...]
