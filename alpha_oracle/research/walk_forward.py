"""Walk-forward: each test window is traded with what its train window taught, then stitched.

A train window trades every variant of a strategy at the flat position cap. The one with the best
Sharpe ratio there is tested; its closed trades give the win rate and the win/loss ratio that size
the test window by half Kelly. A trade still open when the train window ends teaches nothing: what
it became was decided by the test window. One open when its test window ends counts at its last
mark: a rule that keeps its losers shows them. Test windows overlap, so each session out of sample
counts once: in the newest window that reached it (the last one runs to its end). A trade counts
where its entry does, and may close later inside its own window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.walk_forward import WindowOutcome
from alpha_oracle.research.metrics import (
    TrackRecord,
    kelly_inputs,
    session_returns,
    sharpe,
    stitched,
    track_record,
    win_statistics,
)
from alpha_oracle.research.simulation.records import REFUSALS
from alpha_oracle.research.simulator import FLAT_CAP, Simulator
from alpha_oracle.research.trades import Trades
from alpha_oracle.risk.sizing import half_kelly
from alpha_oracle.strategies.parameters import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.windows import Window, WindowPlan
    from alpha_oracle.strategies.base import Decisions, Strategy

NOTHING: Final = np.empty(0, np.int64)
NO_REFUSALS: Final = np.zeros(len(REFUSALS), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variant:
    """A strategy with its parameters, and its decisions laid out on the market."""

    strategy: Strategy
    parameters: Mapping[str, Parameter]
    simulator: Simulator

    @classmethod
    def of(
        cls,
        strategy: Strategy,
        decisions: Decisions,
        market: MarketPanel,
        *,
        terms: TradingTerms,
        beside: Sequence[Variant] = (),
    ) -> Variant:
        """Lay out what a strategy decided on a market, sharing what the variants beside it have."""
        return cls(
            strategy=strategy,
            parameters=settings_of(strategy),
            simulator=Simulator.of(
                decisions,
                market,
                strategy=strategy,
                terms=terms,
                market=beside[0].simulator.market if beside else None,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What a train window taught: which variant to trade, and how much of equity an entry takes."""

    variant: Variant
    train_sharpes: tuple[float | None, ...]
    train_trades: int
    win_rate: float | None
    avg_win_loss_ratio: float | None
    kelly_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowTest:
    """A test window, whole: its sessions and the trades closed on them."""

    outcome: WindowOutcome
    record: TrackRecord
    trades: Trades
    halted_by: NDArray[np.int64]
    refused: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WalkForwardResult:
    """A strategy out of sample: its windows and the stitched record, session by session.

    `halted_by` is by session as in `BacktestResult`; `refused` counts over the whole test windows,
    overlaps included. `reused` windows were on record; `parameters` are to be traded with next;
    `keys` are those of the windows on record, where they are kept.
    """

    strategy: str
    windows: tuple[WindowOutcome, ...]
    record: TrackRecord
    trades: Trades
    halted_by: NDArray[np.int64]
    refused: NDArray[np.int64]
    note: str
    reused: int = 0
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


def walk_forward(
    decisions: Decisions,
    market: MarketPanel,
    *,
    strategy: Strategy,
    terms: TradingTerms,
    plan: WindowPlan,
) -> WalkForwardResult:
    """Trade every window of a plan by a strategy as it is, and stitch what is out of sample."""
    variant = Variant.of(strategy, decisions, market, terms=terms)
    tests = [trade_window([variant], window) for window in plan.windows]
    return stitch(tests, strategy=strategy.name, note=plan.note)


def trade_window(variants: Sequence[Variant], window: Window) -> WindowTest:
    """Learn from a train window and trade the test window after it."""
    panel = variants[0].simulator.panel
    days = panel.sessions
    lesson = learn(variants, start=window.train_start, stop=window.test_start)
    # The test decides from the last train close on, so that its first session can trade.
    test = lesson.variant.simulator.run_rows(
        slice(window.test_start - 1, window.test_stop), kelly_fraction=lesson.kelly_fraction
    )
    return WindowTest(
        outcome=WindowOutcome(
            train_start=days[window.train_start].item(),
            test_start=days[window.test_start].item(),
            test_end=days[window.test_stop - 1].item(),
            parameters=lesson.variant.parameters,
            train_sharpes=lesson.train_sharpes,
            train_trades=lesson.train_trades,
            win_rate=lesson.win_rate,
            avg_win_loss_ratio=lesson.avg_win_loss_ratio,
            kelly_fraction=lesson.kelly_fraction,
            return_pct=float(test.equity[-1] / test.equity[0] - 1.0) * 100,
        ),
        record=track_record(test),
        trades=Trades.of(test),
        halted_by=test.halted_by[1:],
        refused=test.refused,
    )


def learn(variants: Sequence[Variant], *, start: int, stop: int) -> Lesson:
    """Trade every variant over the sessions from row `start` to before `stop`; keep the best.

    Of equal ones the first is kept. Statistics are those of its trades closed by then.
    """
    runs = [
        variant.simulator.run_rows(slice(start, stop), kelly_fraction=FLAT_CAP)
        for variant in variants
    ]
    ratios = [sharpe(session_returns(run.equity)) for run in runs]
    scores = [-inf if ratio is None else ratio for ratio in ratios]
    best = scores.index(max(scores))
    win_rate, ratio = win_statistics(runs[best].trades["pnl"])
    return Lesson(
        variant=variants[best],
        train_sharpes=tuple(ratios),
        train_trades=len(runs[best].trades),
        win_rate=win_rate,
        avg_win_loss_ratio=ratio,
        kelly_fraction=half_kelly(*kelly_inputs(win_rate, ratio)),
    )


def stitch(
    tests: Sequence[WindowTest], *, strategy: str, note: str, reused: int = 0
) -> WalkForwardResult:
    """Put test windows, oldest first, end to end, each session once."""
    counted = [_up_to(test, count) for test, count in zip(tests, _reach(tests), strict=True)]
    return WalkForwardResult(
        strategy=strategy,
        windows=tuple(test.outcome for test in tests),
        record=stitched([test.record for test in counted]),
        trades=Trades.joined([test.trades for test in counted]),
        halted_by=np.concatenate([NOTHING, *(test.halted_by for test in counted)]),
        refused=np.sum([NO_REFUSALS, *(test.refused for test in tests)], axis=0),
        note=note,
        reused=reused,
    )


def _up_to(test: WindowTest, count: int) -> WindowTest:
    record = test.record
    trades = test.trades.entered_by(record.sessions[count - 1])
    return replace(
        test,
        record=TrackRecord(
            sessions=record.sessions[:count],
            returns=record.returns[:count],
            exposure=record.exposure[:count],
            traded=record.traded[:count],
            costs=record.costs[:count],
            profits=trades.pnl,
        ),
        trades=trades,
        halted_by=test.halted_by[:count],
    )


def _reach(tests: Sequence[WindowTest]) -> list[int]:
    # How many test sessions of each window count: up to where the next one starts, all of the last.
    nexts = [np.datetime64(test.outcome.test_start, "D") for test in tests[1:]]
    before_next = [
        int(np.searchsorted(test.record.sessions, start))
        for test, start in zip(tests, nexts, strict=False)
    ]
    return [*before_next, *(len(test.record.sessions) for test in tests[-1:])]
