"""Decisions of one close as signals: exits of every strategy, entries of those that are eligible.

A wish that stands is signalled on every session, whatever was signalled before: as in the
simulator, who already holds the lot ignores it, and who had no room may have some today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.signals import Direction, Signal
from alpha_oracle.errors import DataError
from alpha_oracle.strategies.base import STRENGTH_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.calendar import ExecutionWindow
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.ranking import StrategyRank
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.strategies.base import Decisions, Strategy

PRICE_DIGITS: Final = 4
FULL_STRENGTH: Final = 1.0


def signals_of(
    session: Session,
    strategy: Strategy,
    *,
    decisions: Decisions,
    market: MarketPanel,
    rank: StrategyRank,
    open_entries: Mapping[Symbol, Session],
    window: ExecutionWindow,
) -> list[Signal]:
    """Return a strategy's signals of a session: exits by symbol, then entries, strongest first.

    `open_entries` are the symbols of its LONGs without an exit since, with the latest session of
    each: they are closed where the strategy wants out or the longest hold ends with the next
    session, by a SHORT where it expects a fall, else by a FLAT. A LONG that stands beside it is
    told too: who holds the lot does not buy it at the open that sells it, who never got it does.
    Signals expire with the next session's execution window.

    Raises:
        DataError: the market has no such session.
    """
    close = _Close(
        session=session,
        strategy=strategy,
        decisions=decisions,
        market=market,
        row=_row(market, session),
        rank=rank,
        expires_at=window.end(calendar.next_session_after(session)),
    )
    entries = close.entries() if rank.is_eligible else ()
    return [
        *close.exits(open_entries),
        *sorted(entries, key=lambda one: (-one.strength, one.symbol)),
    ]


def in_order_of_work(signals: Sequence[Signal], ranking: Sequence[StrategyRank]) -> list[Signal]:
    """Return the signals of all strategies as they are to be worked.

    Exits first, then entries by the strategy's rank, strength, symbol: cash goes to the best.
    """
    place = {rank.strategy: rank.rank for rank in ranking}
    return sorted(
        signals,
        key=lambda one: (
            one.direction is Direction.LONG,
            place[one.strategy],
            -one.strength,
            one.symbol,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Close:
    session: Session
    strategy: Strategy
    decisions: Decisions
    market: MarketPanel
    row: int
    rank: StrategyRank
    expires_at: datetime

    def exits(self, open_entries: Mapping[Symbol, Session]) -> Iterator[Signal]:
        columns = {symbol: column for column, symbol in enumerate(self.market.symbols)}
        for symbol, since in sorted(open_entries.items()):
            if symbol in columns and self._is_over(columns[symbol], since):
                yield self._signal(columns[symbol], *self._ending(columns[symbol]))

    def entries(self) -> Iterator[Signal]:
        strengths = self.decisions.entry[self.row]
        for column in np.flatnonzero(strengths > 0).tolist():
            yield self._signal(column, Direction.LONG, float(strengths[column]))

    def _is_over(self, column: int, since: Session) -> bool:
        # A LONG of `since` is bought on the session after it; an exit of today is sold tomorrow.
        held = len(calendar.sessions_between(since, self.session)) - 1
        return bool(self.decisions.exit[self.row, column]) or held >= self.strategy.max_hold_days

    def _ending(self, column: int) -> tuple[Direction, float]:
        short = self.decisions.short
        if short is None or np.isnan(short[self.row, column]):
            return Direction.FLAT, FULL_STRENGTH
        return Direction.SHORT, float(short[self.row, column])

    def _signal(self, column: int, direction: Direction, strength: float) -> Signal:
        return Signal(
            session=self.session,
            strategy=self.strategy.name,
            symbol=self.market.symbols[column],
            direction=direction,
            strength=round(strength, STRENGTH_DIGITS),
            decided_at=calendar.decision_instant(self.session),
            expires_at=self.expires_at,
            min_hold_days=self.strategy.min_hold_days,
            max_hold_days=self.strategy.max_hold_days,
            reference_price=round(self._last_close(column), PRICE_DIGITS),
            win_rate=self.rank.metrics.win_rate,
            avg_win_loss_ratio=self.rank.metrics.avg_win_loss_ratio,
        )

    def _last_close(self, column: int) -> float:
        closes = self.market.traded_close[: self.row + 1, column]
        known = closes[np.isfinite(closes)]
        if len(known) == 0:
            symbol = self.market.symbols[column]
            raise DataError(f"no close of {symbol} up to {self.session}; import its bars")
        return float(known[-1])


def _row(market: MarketPanel, session: Session) -> int:
    row = int(np.searchsorted(market.sessions, np.datetime64(session, "D")))
    if row == len(market.sessions) or market.sessions[row] != np.datetime64(session, "D"):
        raise DataError(f"no bars of session {session}; run its pipeline first")
    return row
