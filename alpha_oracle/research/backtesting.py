"""One backtest by hand: what the strategy did before its start sizes it, then it trades once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.backtests import Sizing
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.research.simulation.records import DAILY_LOSS, DRAWDOWN, REFUSALS
from alpha_oracle.research.simulator import FLAT_CAP
from alpha_oracle.research.walk_forward import learn
from alpha_oracle.research.windows import plan_windows, train_row_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulator import BacktestResult
    from alpha_oracle.research.walk_forward import Lesson, Variant
    from alpha_oracle.research.windows import WindowMonths

MIN_TRAIN_SESSIONS: Final = 21
"""What traded for less than a month before the start teaches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneRun:
    """A run, and how its entries were sized in a sentence."""

    result: BacktestResult
    sizing_note: str


def run_once(
    variant: Variant,
    *,
    start: Session | None,
    end: Session,
    months: WindowMonths,
    sizing: Sizing,
) -> OneRun:
    """Trade a strategy from the open of `start` to the close of `end`.

    Half Kelly is that of the trades it closed at the flat cap in the train months before the
    start, as in a walk-forward. Where the history before it is shorter than a month, the run
    starts cold: at the flat cap.

    Raises:
        ConfigurationError: the range has no session, or only one.
        DataError: the market has no session before the start: nothing could have decided.
    """
    panel = variant.simulator.panel
    first = first_row(panel, start, months=months)
    stop = int(np.searchsorted(panel.sessions, np.datetime64(end, "D"), side="right"))
    if stop <= first:
        raise ConfigurationError(
            f"no session with bars from {panel.sessions[first - 1] if start is None else start} "
            f"to {end}; choose a range inside the stored history"
        )
    fraction, note = FLAT_CAP, "every entry at the flat position cap, as asked"
    if sizing is Sizing.HALF_KELLY:
        fraction, note = _kelly_before(variant, first, months=months)
    result = variant.simulator.run_rows(slice(first - 1, stop), kelly_fraction=fraction)
    return OneRun(result=result, sizing_note=note)


def first_row(panel: MarketPanel, start: Session | None, *, months: WindowMonths) -> int:
    """Return the first row that trades: that of `start`, else of the first test window.

    Raises:
        ConfigurationError: no bar is stored on or after `start`.
        DataError: fewer than two sessions are stored up to there.
    """
    if start is None:
        windows = plan_windows(panel.sessions, months).windows
        row = windows[0].test_start if windows else 1
    else:
        row = max(int(np.searchsorted(panel.sessions, np.datetime64(start, "D"))), 1)
    if row >= len(panel.sessions):
        if start is None or len(panel.sessions) < 2:  # noqa: PLR2004 - One decides, one trades.
            raise DataError("one session is stored and nothing can trade on it; import more bars")
        raise ConfigurationError(
            f"no bars are stored from {start} on; the last session is {panel.sessions[-1]}"
        )
    return row


def run_notes(
    halted_by: NDArray[np.int64],
    refused: NDArray[np.int64],
    *,
    sessions: NDArray[np.datetime64],
    panel: MarketPanel,
) -> Iterator[str]:
    """Yield what a reader must know of a run beside its figures."""
    sector = panel.context.sector
    if sector is None or not (sector >= 0).any():
        yield (
            "no sector is on record: the sector limit was not applied, and live trading refuses "
            "every entry until sectors are imported"
        )
    for code, name in ((DRAWDOWN, "the drawdown limit"), (DAILY_LOSS, "the daily loss limit")):
        halted = np.flatnonzero(halted_by == code)
        if len(halted):
            yield (
                f"{name} halted entries on {len(halted)} of {len(sessions)} sessions, "
                f"first on {sessions[halted[0]]}, last on {sessions[halted[-1]]}"
            )
    counted = [
        f"{count:,} by {REFUSALS[code]}" for code, count in enumerate(refused.tolist()) if count
    ]
    if counted:
        yield "entries wished for and not bought: " + ", ".join(counted)


def _kelly_before(variant: Variant, first: int, *, months: WindowMonths) -> tuple[float, str]:
    sessions = variant.simulator.panel.sessions
    start = train_row_before(sessions, first, months)
    if first - start < MIN_TRAIN_SESSIONS:
        return FLAT_CAP, "a cold start: no history before it, every entry at the flat position cap"
    lesson = learn([variant], start=start, stop=first)
    span = f"{sessions[start]} to {sessions[first - 1]}"
    if not lesson.train_trades:
        return FLAT_CAP, (
            f"a cold start: no trade closed from {span}, every entry at the flat position cap"
        )
    return lesson.kelly_fraction, _told(lesson, span)


def _told(lesson: Lesson, span: str) -> str:
    win_rate = 100.0 * (lesson.win_rate or 0.0)
    ratio = lesson.avg_win_loss_ratio
    odds = "no loser" if ratio is None and win_rate else f"{ratio or 0.0:.2f} won for 1 lost"
    said = f"half Kelly of {lesson.train_trades} trades from {span}: {win_rate:.0f} % won, {odds}"
    if lesson.kelly_fraction > 0:
        return f"{said}: {100.0 * lesson.kelly_fraction:.1f} % of equity, at most the position cap"
    return f"{said}: no edge, so nothing is bought (size by the flat cap to see it trade)"
