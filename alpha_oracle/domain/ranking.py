"""What walk-forward testing says of a strategy."""

from dataclasses import dataclass

from alpha_oracle.domain.market import Session


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
class StrategyRank:
    """A strategy's place in a session's ranking.

    `composite` is 0 to 1; `refusals` names each threshold it fell short of with its figures.
    """

    session: Session
    rank: int
    strategy: str
    composite: float
    consistency: float
    windows: int
    metrics: PerformanceMetrics
    refusals: tuple[str, ...]

    @property
    def is_eligible(self) -> bool:
        """Whether its entries may be traded."""
        return not self.refusals
