"""What else a backtest says of a strategy, and how much of it may be chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.ranking import PerformanceMetrics
from alpha_oracle.domain.walk_forward import Parameter
from alpha_oracle.errors import ConfigurationError


class Sizing(StrEnum):
    """How much of equity an entry takes, below the position cap."""

    HALF_KELLY = "half_kelly"
    FLAT_CAP = "flat_cap"


def require_forward(start: Session | None, end: Session | None) -> None:
    """Refuse a range that ends before it starts; None is an end that was left open.

    Raises:
        ConfigurationError: it does.
    """
    if start is not None and end is not None and end < start:
        raise ConfigurationError(f"end {end} is before start {start}; swap them")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestInputs:
    """What a backtest is asked for.

    `start` None means the first session with a whole train window before it; `symbols` None the
    index's members of each session; `settings` are decision settings as runs record them.
    """

    strategy: str
    parameters: Mapping[str, Parameter]
    start: Session | None
    end: Session
    as_of: datetime
    symbols: tuple[Symbol, ...] | None
    sizing: Sizing
    is_walk_forward: bool
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthFigures:
    """What a year of a record was like; 252 sessions a year.

    `longest_drawdown_sessions` counts the sessions in a row that closed below a peak. None where
    the figure does not exist (no return, no fall).
    """

    cagr_pct: float | None
    volatility_pct: float | None
    calmar: float | None
    longest_drawdown_sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkFigures:
    """A record beside a benchmark, over the `sessions` both are known on.

    `beta` and `alpha_pct` (a year) are the least-squares line of the record's returns on the
    benchmark's. `correlation` is None where the record never moved.
    """

    sessions: int
    alpha_pct: float
    beta: float
    correlation: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The bounds that hold the middle 95 % of what a figure was in resampled histories."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"an interval from {self.low:g} to {self.high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResampledFigures:
    """Intervals of figures over `resamples` histories, drawn in blocks of random length.

    `block_sessions` is the mean length of a block; with `seed` it makes the draws repeatable. An
    interval is None where the figure does not exist in every resample.
    """

    resamples: int
    block_sessions: float
    seed: int
    sharpe: Interval | None
    sortino: Interval | None
    cagr_pct: Interval | None
    max_drawdown_pct: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceFigures:
    """How far a Sharpe ratio lies from what luck shows; probabilities are 0 to 1.

    `probabilistic_sharpe` is the confidence that the true ratio is above 0, `deflated_sharpe` that
    it is above `luckiest_sharpe`: the annualised ratio expected of the best of `trials` without
    skill. `sessions_needed` would make the former 95 %. None where there is no ratio to judge.
    """

    trials: int
    luckiest_sharpe: float | None
    probabilistic_sharpe: float | None
    deflated_sharpe: float | None
    sessions_needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestSummary:
    """What a backtest came to, and where its page lies."""

    strategy: str
    title: str
    notes: tuple[str, ...]
    first: Session | None
    last: Session | None
    capital_usd: float
    final_equity_usd: float
    metrics: PerformanceMetrics
    growth: GrowthFigures
    against_benchmark: BenchmarkFigures | None
    resampled: ResampledFigures
    chance: ChanceFigures
    coverage_pct: float | None
    tear_sheet: str
