"""A backtest as a person will read it: every figure computed, nothing laid out yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import Symbol
from alpha_oracle.research import metrics
from alpha_oracle.research.calendar_returns import CalendarReturns, calendar_returns
from alpha_oracle.research.chance import chance_figures
from alpha_oracle.research.resampling import resampled_figures
from alpha_oracle.research.simulation.records import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.backtests import (
        BenchmarkFigures,
        ChanceFigures,
        GrowthFigures,
        ResampledFigures,
    )
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import PerformanceMetrics
    from alpha_oracle.domain.walk_forward import WindowOutcome
    from alpha_oracle.research.simulator import BacktestResult
    from alpha_oracle.research.trades import Trades

ROLLING_SESSIONS: Final = 126
"""Half a year: what the rolling Sharpe ratio looks back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLine:
    """A trade. `pnl_usd` is after costs, dividends included; `reason` is why it closed.

    `return_pct` is the profit over what was paid, `commission_usd` that of both orders (None: not
    on record).
    """

    symbol: Symbol
    entry: Session
    exit: Session
    quantity: int
    pnl_usd: float
    return_pct: float
    reason: str
    commission_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a report is about: parameters and terms as label and text, and what to know first.

    `coverage_pct` is the share of the index's members that had bars, None where nobody counted.
    """

    title: str
    strategy: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    coverage_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BacktestReport:
    """Everything a tear sheet shows.

    `equity` and `cash` (USD at each close), `drawdown_pct`, `rolling_sharpe` (NaN until known) and
    `benchmark` (its growth from 1 at its first known close, NaN where unknown) have one entry a
    session. `windows` are empty for a run that was not walked forward.
    """

    about: Heading
    capital_usd: float
    sessions: NDArray[np.datetime64]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    drawdown_pct: NDArray[np.float64]
    rolling_sharpe: NDArray[np.float64]
    benchmark: NDArray[np.float64] | None
    calendar: CalendarReturns
    metrics: PerformanceMetrics
    growth: GrowthFigures
    against_benchmark: BenchmarkFigures | None
    resampled: ResampledFigures
    chance: ChanceFigures
    trades: tuple[TradeLine, ...]
    windows: tuple[WindowOutcome, ...]


def backtest_report(  # noqa: D417 - The rest says what it is.
    record: metrics.TrackRecord,
    *,
    about: Heading,
    capital_usd: float,
    trial_sharpes: Sequence[float | None],
    seed: int,
    benchmark_closes: NDArray[np.float64] | None = None,
    trades: Sequence[TradeLine] = (),
    windows: Sequence[WindowOutcome] = (),
) -> BacktestReport:
    """Return the report of a track record; the same arguments give the same report.

    Args:
        trial_sharpes: annualised ratios of everything tried, this record included; None for a
            trial without one.
        seed: of the resampled histories.
        benchmark_closes: total return index or price by session, NaN where unknown, one more than
            the record has sessions: the close before its first one leads.
    """
    returns = record.returns
    equity = np.cumprod(1.0 + returns) * np.float64(capital_usd)
    return BacktestReport(
        about=about,
        capital_usd=capital_usd,
        sessions=record.sessions,
        equity=equity,
        cash=equity * (1.0 - record.exposure),
        drawdown_pct=metrics.drawdowns_pct(returns),
        rolling_sharpe=metrics.rolling_sharpe(returns, window_sessions=ROLLING_SESSIONS),
        benchmark=None if benchmark_closes is None else _growth(benchmark_closes),
        calendar=calendar_returns(record.sessions, returns),
        metrics=metrics.performance(record),
        growth=metrics.growth_figures(returns),
        against_benchmark=(
            None
            if benchmark_closes is None
            else metrics.benchmark_figures(
                returns, np.diff(benchmark_closes) / benchmark_closes[:-1]
            )
        ),
        resampled=resampled_figures(returns, seed=seed),
        chance=chance_figures(returns, trial_sharpes=trial_sharpes),
        trades=tuple(trades),
        windows=tuple(windows),
    )


def trade_lines(
    trades: Trades, *, commissions: Sequence[float | None] | None = None
) -> tuple[TradeLine, ...]:
    """Return trades as lines; `commissions` (USD) has one entry a trade, where known."""
    paid = commissions if commissions is not None else [None] * len(trades.pnl)
    columns = (trades.symbol, trades.entry, trades.exit, trades.quantity, trades.pnl)
    rest = (trades.pnl / trades.paid * 100, trades.reason)
    return tuple(
        TradeLine(
            symbol=Symbol(symbol),
            entry=entry,
            exit=end,
            quantity=quantity,
            pnl_usd=pnl,
            return_pct=return_pct,
            reason=REASONS[reason],
            commission_usd=commission,
        )
        for symbol, entry, end, quantity, pnl, return_pct, reason, commission in zip(
            *(column.tolist() for column in (*columns, *rest)), paid, strict=True
        )
    )


def commissions_usd(result: BacktestResult) -> list[float]:
    """Return the commissions of each trade of a run, those of its purchase and its sale.

    A symbol is bought and sold at most once a session, so they are found by symbol and session. A
    close that is no order (delisted, cashed out) costs none, nor does what is still open.
    """
    fills, trades = result.fills, result.every_trade
    by_order = {
        (session, symbol, quantity > 0): commission
        for session, symbol, quantity, commission in zip(
            *(fills[name].tolist() for name in ("session", "symbol", "quantity", "commission")),
            strict=True,
        )
    }
    return [
        by_order.get((entry, symbol, True), 0.0) + by_order.get((end, symbol, False), 0.0)
        for symbol, entry, end in zip(
            *(trades[name].tolist() for name in ("symbol", "entry", "exit")), strict=True
        )
    ]


def best_trades(report: BacktestReport, *, count: int) -> list[TradeLine]:
    """Return the trades that won most, the best first; losers never count as best."""
    won = [trade for trade in report.trades if trade.pnl_usd > 0]
    return sorted(won, key=attrgetter("pnl_usd"), reverse=True)[:count]


def worst_trades(report: BacktestReport, *, count: int) -> list[TradeLine]:
    """Return the trades that lost most, the worst first; winners never count as worst."""
    lost = [trade for trade in report.trades if trade.pnl_usd < 0]
    return sorted(lost, key=attrgetter("pnl_usd"))[:count]


def _growth(closes: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if np.isnan(closes[1:]).all():
        return None
    first = np.flatnonzero(~np.isnan(closes))[0]
    return np.asarray(closes[1:] / closes[first], np.float64)
