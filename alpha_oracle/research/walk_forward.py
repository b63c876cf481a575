"""Walk-forward: each test window is traded with what its train window taught, then stitched.

A train window trades at the flat position cap; its closed trades give the win rate and the win/loss
ratio that size the test window by half Kelly. Test windows overlap, so each session out of sample
counts once: in the newest window that reached it (the last one runs to its end). A trade counts
where its entry does, and may close later inside its own window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.research.metrics import (
    TrackRecord,
    kelly_inputs,
    stitched,
    track_record,
    win_statistics,
)
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.risk.sizing import half_kelly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import Session
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulator import BacktestResult, TradingTerms
    from alpha_oracle.research.windows import Window, WindowPlan
    from alpha_oracle.strategies.base import Decisions, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOutcome:
    """What one window taught and how its test went."""

    train_start: Session
    test_start: Session
    test_end: Session
    train_trades: int
    kelly_fraction: float
    return_pct: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WalkForwardResult:
    """A strategy out of sample: its windows and the stitched record, session by session."""

    strategy: str
    windows: tuple[WindowOutcome, ...]
    record: TrackRecord
    note: str


def walk_forward(
    decisions: Decisions,
    market: MarketPanel,
    *,
    strategy: Strategy,
    terms: TradingTerms,
    plan: WindowPlan,
) -> WalkForwardResult:
    """Trade every window of a plan and stitch what is out of sample."""
    outcomes: list[WindowOutcome] = []
    pieces: list[TrackRecord] = []
    for window, sessions in zip(plan.windows, _reach(plan.windows), strict=True):
        outcome, test = _trade(window, decisions, market, strategy=strategy, terms=terms)
        outcomes.append(outcome)
        pieces.append(track_record(test, sessions=sessions))
    return WalkForwardResult(
        strategy=strategy.name,
        windows=tuple(outcomes),
        record=stitched(pieces),
        note=plan.note,
    )


def _trade(
    window: Window,
    decisions: Decisions,
    market: MarketPanel,
    *,
    strategy: Strategy,
    terms: TradingTerms,
) -> tuple[WindowOutcome, BacktestResult]:
    days = market.sessions
    last_train = days[window.test_start - 1].item()
    train = backtest(
        decisions,
        market,
        strategy=strategy,
        kelly_fraction=FLAT_CAP,
        terms=terms,
        start=days[window.train_start].item(),
        end=last_train,
    )
    fraction = half_kelly(*kelly_inputs(*win_statistics(train.trades["pnl"])))
    # The test decides from the last train close on, so that its first session can trade.
    test = backtest(
        decisions,
        market,
        strategy=strategy,
        kelly_fraction=fraction,
        terms=terms,
        start=last_train,
        end=days[window.test_stop - 1].item(),
    )
    outcome = WindowOutcome(
        train_start=days[window.train_start].item(),
        test_start=days[window.test_start].item(),
        test_end=days[window.test_stop - 1].item(),
        train_trades=len(train.trades),
        kelly_fraction=fraction,
        return_pct=float(test.equity[-1] / test.equity[0] - 1.0) * 100,
    )
    return outcome, test


def _reach(windows: Sequence[Window]) -> list[int]:
    # How many test sessions of each window count: up to where the next one starts, all of the last.
    starts = [window.test_start for window in windows]
    return [
        min(next_start, window.test_stop) - window.test_start
        for window, next_start in zip(
            windows, [*starts[1:], *(window.test_stop for window in windows[-1:])], strict=True
        )
    ]
