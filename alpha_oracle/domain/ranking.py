"""What walk-forward testing says of a strategy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.walk_forward import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceMetrics:
    """Out-of-sample figures of a strategy. Ratios annualised with 252 sessions, risk-free 0.

    None where the figure does not exist (no losing trade, no variance, no trade).
    """

    sessions: int
    trades: int
    total_return_pct: float
    sharpe: float | None
    sortino: float | None
    max_drawdown_pct: float
    profit_factor: float | None
    win_rate: float | None
    avg_win_loss_ratio: float | None
    exposure_pct: float
    turnover: float
    costs_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankEvidence:
    """How far a ranking's figures can be believed.

    `sharpe_low` and `sharpe_high` hold the middle 95 % of the Sharpe ratios of resampled histories;
    `deflated_sharpe` is the confidence, 0 to 1, that the true ratio is above what the luckiest of
    `trials` tried without skill would show. `coverage_pct` is the share of the index's members of
    that time that had bars. `benchmark_return_pct`, `alpha_pct` (a year) and `beta` are against
    SPY's total return. None where unknown.
    """

    sharpe_low: float | None
    sharpe_high: float | None
    deflated_sharpe: float | None
    trials: int
    coverage_pct: float | None
    benchmark_return_pct: float | None
    alpha_pct: float | None
    beta: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRank:
    """A strategy's place in a session's ranking.

    `composite` is 0 to 1; `refusals` names each threshold it fell short of with its figures.
    `parameters` are those to trade with, fitted on the newest train months. `evidence` is None in
    rankings of before it was looked for.
    """

    session: Session
    rank: int
    strategy: str
    composite: float
    consistency: float
    windows: int
    metrics: PerformanceMetrics
    refusals: tuple[str, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    evidence: RankEvidence | None = None

    @property
    def is_eligible(self) -> bool:
        """Whether its entries may be traded."""
        return not self.refusals
