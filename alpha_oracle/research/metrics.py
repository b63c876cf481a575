"""Figures of a run, as contracted: 252 sessions a year, risk-free 0, sample standard deviation.

A figure that does not exist is None and never a large or small number in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

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
    """What figures are computed from: one entry a session, and one a closed trade.

    `returns` and `exposure` are fractions (of equity), `traded` is the notional bought and sold
    over equity, `costs` are USD, `profits` are USD after costs.
    """

    sessions: NDArray[np.datetime64]
    returns: Floats
    exposure: Floats
    traded: Floats
    costs: Floats
    profits: Floats


def track_record(result: BacktestResult, *, sessions: int | None = None) -> TrackRecord:
    """Return the record of a run from its second session on: the first only decides.

    With `sessions`, that many of them and the trades entered on them, whenever those closed.
    """
    count = len(result.sessions) - 1 if sessions is None else sessions
    run = slice(1, count + 1)
    equity = result.equity[run]
    return TrackRecord(
        sessions=result.sessions[run],
        returns=equity / result.equity[:count] - 1.0,
        exposure=1.0 - result.cash[run] / equity,
        traded=result.traded[run] / equity,
        costs=result.costs[run],
        profits=result.trades["pnl"][result.trades["entry"] <= count],
    )


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


def max_drawdown_pct(returns: Floats) -> float:
    """Return the deepest fall from a peak, the start included, in percent (0 or more)."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    return float(np.max(1.0 - equity / np.maximum.accumulate(equity))) * 100


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


def _joined(parts: Iterable[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])
