"""Figures of a run, as contracted: 252 sessions a year, risk-free 0, sample standard deviation.

A figure that does not exist is None and never a large or small number in its place. Returns are
fractions of the equity before, one a session; figures named `_pct` are in percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.backtests import BenchmarkFigures, GrowthFigures
from alpha_oracle.domain.ranking import PerformanceMetrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.research.simulator import BacktestResult

    Floats = NDArray[np.float64]

SESSIONS_A_YEAR: Final = 252
NOISE: Final = 1e-12
"""A standard deviation of daily returns below this is a constant series seen through floats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackRecord:
    """What figures are computed from: one entry a session, and one a trade.

    `returns` and `exposure` are fractions (of equity), `traded` is the notional bought and sold
    over equity, `costs` are USD, `profits` are USD after costs.
    """

    sessions: NDArray[np.datetime64]
    returns: Floats
    exposure: Floats
    traded: Floats
    costs: Floats
    profits: Floats


def track_record(result: BacktestResult) -> TrackRecord:
    """Return the record of a run from its second session on: the first only decides.

    What is still open at the end counts as a trade at its last mark.
    """
    equity = result.equity[1:]
    return TrackRecord(
        sessions=result.sessions[1:],
        returns=session_returns(result.equity),
        exposure=1.0 - _over(result.cash[1:], equity, lost=1.0),
        traded=_over(result.traded[1:], equity, lost=0.0),
        costs=result.costs[1:],
        profits=result.every_trade["pnl"],
    )


def session_returns(equity: Floats) -> Floats:
    """Return what each session but the first made of the equity before it; 0 once all is lost."""
    return _over(equity[1:], equity[:-1], lost=1.0) - 1.0


def stitched(records: Sequence[TrackRecord]) -> TrackRecord:
    """Return records end to end."""
    return TrackRecord(
        sessions=np.concatenate(
            [np.empty(0, "datetime64[D]"), *(record.sessions for record in records)]
        ),
        returns=_joined(record.returns for record in records),
        exposure=_joined(record.exposure for record in records),
        traded=_joined(record.traded for record in records),
        costs=_joined(record.costs for record in records),
        profits=_joined(record.profits for record in records),
    )


def performance(record: TrackRecord) -> PerformanceMetrics:
    """Return the figures of a track record."""
    win_rate, ratio = win_statistics(record.profits)
    sessions = len(record.returns)
    return PerformanceMetrics(
        sessions=sessions,
        trades=len(record.profits),
        total_return_pct=float(np.prod(1.0 + record.returns) - 1.0) * 100,
        sharpe=sharpe(record.returns),
        sortino=sortino(record.returns),
        max_drawdown_pct=max_drawdown_pct(record.returns),
        profit_factor=profit_factor(record.profits),
        win_rate=win_rate,
        avg_win_loss_ratio=ratio,
        exposure_pct=float(record.exposure.mean()) * 100 if sessions else 0.0,
        turnover=float(record.traded.mean()) / 2 * SESSIONS_A_YEAR if sessions else 0.0,
        costs_usd=float(record.costs.sum()),
    )


def sharpe(returns: Floats) -> float | None:
    """Return the annualised Sharpe ratio; None for a constant series or fewer than two returns."""
    if len(returns) < 2:  # noqa: PLR2004 - A sample deviation takes two.
        return None
    deviation = float(returns.std(ddof=1))
    if deviation < NOISE:
        return None
    return float(returns.mean()) / deviation * sqrt(SESSIONS_A_YEAR)


def sortino(returns: Floats) -> float | None:
    """Return the annualised Sortino ratio; None without a negative return.

    The downside deviation is the root mean square of negative returns over all sessions.
    """
    downside = sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) if len(returns) else 0.0
    if downside < NOISE:
        return None
    return float(returns.mean()) / downside * sqrt(SESSIONS_A_YEAR)


def cagr_pct(returns: Floats) -> float | None:
    """Return the growth a year that compounds to the whole growth.

    None without a return, and where so few returns compound to more than a float holds.
    """
    if len(returns) == 0:
        return None
    with np.errstate(over="ignore"):
        growth = np.prod(1.0 + returns) ** (SESSIONS_A_YEAR / len(returns))
    return float(growth - 1.0) * 100 if np.isfinite(growth) else None


def volatility_pct(returns: Floats) -> float | None:
    """Return the annualised sample deviation; None for fewer than two returns."""
    if len(returns) < 2:  # noqa: PLR2004 - A sample deviation takes two.
        return None
    return float(returns.std(ddof=1)) * sqrt(SESSIONS_A_YEAR) * 100


def drawdowns_pct(returns: Floats) -> Floats:
    """Return how far each session's equity lies below its peak, the start included (0 or more)."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    return (1.0 - equity / np.maximum.accumulate(equity))[1:] * 100


def max_drawdown_pct(returns: Floats) -> float:
    """Return the deepest fall from a peak, the start included (0 or more)."""
    return float(drawdowns_pct(returns).max(initial=0.0))


def longest_drawdown_sessions(returns: Floats) -> int:
    """Return the most sessions in a row that closed below a peak; the last may not have ended."""
    surfaced = np.flatnonzero(drawdowns_pct(returns) <= NOISE * 100)
    between = np.diff(np.concatenate(([-1], surfaced, [len(returns)])))
    return int(between.max()) - 1


def growth_figures(returns: Floats) -> GrowthFigures:
    """Return what a year of the record was like. Calmar is annual growth over the deepest fall."""
    growth, deepest = cagr_pct(returns), max_drawdown_pct(returns)
    return GrowthFigures(
        cagr_pct=growth,
        volatility_pct=volatility_pct(returns),
        calmar=None if growth is None or deepest < NOISE else growth / deepest,
        longest_drawdown_sessions=longest_drawdown_sessions(returns),
    )


def benchmark_figures(returns: Floats, benchmark: Floats) -> BenchmarkFigures | None:
    """Return the least-squares line of returns on a benchmark's, over the sessions both are known.

    `benchmark` has the shape of `returns`, NaN where unknown. None where fewer than two sessions
    are known or the benchmark never moved. The intercept of a session is compounded to a year.
    """
    known = ~np.isnan(benchmark)
    ours, theirs = returns[known], benchmark[known]
    if len(ours) < 2 or theirs.std() < NOISE:  # noqa: PLR2004 - A line takes two.
        return None
    moved = theirs - theirs.mean()
    beta = float(moved @ ours / (moved @ moved))
    intercept = float(ours.mean()) - beta * float(theirs.mean())
    return BenchmarkFigures(
        sessions=len(ours),
        alpha_pct=((1.0 + intercept) ** SESSIONS_A_YEAR - 1.0) * 100,
        beta=beta,
        correlation=beta * float(theirs.std() / ours.std()) if ours.std() >= NOISE else None,
    )


def rolling_sharpe(returns: Floats, *, window_sessions: int) -> Floats:
    """Return the Sharpe ratio of the sessions up to each one; NaN until the window is full."""
    rolled = np.full(len(returns), np.nan)
    if len(returns) >= window_sessions:
        windows = np.lib.stride_tricks.sliding_window_view(returns, window_sessions)
        deviation = windows.std(axis=1, ddof=1)
        constant = deviation < NOISE
        ratio = windows.mean(axis=1) / np.where(constant, np.nan, deviation)
        rolled[window_sessions - 1 :] = ratio * sqrt(SESSIONS_A_YEAR)
    return rolled


def profit_factor(profits: Floats) -> float | None:
    """Return what the winners won over what the losers lost; None without a loser."""
    lost = -float(profits[profits < 0].sum())
    return float(profits[profits > 0].sum()) / lost if lost > 0 else None


def win_statistics(profits: Floats) -> tuple[float | None, float | None]:
    """Return the win rate (None without a trade) and average win over average loss.

    The ratio is None where either side is missing. A trade that broke even counts as a trade.
    """
    if len(profits) == 0:
        return None, None
    wins, losses = profits[profits > 0], profits[profits < 0]
    ratio = float(wins.mean() / -losses.mean()) if len(wins) and len(losses) else None
    return len(wins) / len(profits), ratio


def kelly_inputs(win_rate: float | None, ratio: float | None) -> tuple[float, float]:
    """Return what half Kelly is asked with: nothing won is 0, no loser an infinite ratio."""
    if win_rate is None or win_rate <= 0:
        return 0.0, 0.0
    return win_rate, inf if ratio is None else ratio


def _over(part: Floats, equity: Floats, *, lost: float) -> Floats:
    # `lost` stands where there is no equity left.
    over: Floats = np.divide(part, equity, out=np.full(len(part), lost), where=equity > 0.0)
    return over


def _joined(parts: Iterable[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])
