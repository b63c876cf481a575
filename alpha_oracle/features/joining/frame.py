"""The sessions and symbols that reference rows are laid out in, and when each row counts.

A row known at an instant counts from the first session whose decision is not before it. Shares,
however they were counted, are brought to shares of their symbol's first bar: a split changes what
is counted after it and nothing that was counted before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.features.corporate_steps import Steps, product_through

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import CorporateAction, Symbol

    Positions = NDArray[np.int64]
    Values = NDArray[np.float64]

EPOCH: Final = date(1970, 1, 1)
EPOCH_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Sessions and symbols of a panel.

    `days` are the sessions, `day_before` the one before them all and `first_day` that of each
    symbol's first bar, counted from 1970. `decisions` are the sessions' decision instants and
    `decision_before` that of the one before, in microseconds from 1970.
    """

    symbols: tuple[Symbol, ...]
    column_of: Mapping[Symbol, int]
    days: Positions
    day_before: int
    decisions: Positions
    decision_before: int
    first_day: Positions
    splits: Steps

    @property
    def sessions(self) -> int:
        """How many there are; as a row, it means never."""
        return len(self.days)

    def columns_of(self, symbols: Sequence[Symbol]) -> Positions:
        """Return each symbol's column; -1 where it has none."""
        return np.array([self.column_of.get(symbol, -1) for symbol in symbols], dtype=np.int64)

    def rows_of_instants(self, microseconds: Positions) -> Positions:
        """Return the first session at whose decision each instant has passed.

        Negative for what was known at the decision before the first session.
        """
        rows = np.searchsorted(self.decisions, microseconds, side="left").astype(np.int64)
        rows[microseconds <= self.decision_before] = -1
        return rows

    def in_first_bars(self, columns: Positions, days: Positions) -> Values:
        """Return how many shares of a symbol's first bar one share counted on a day is."""
        then = self._split_through(columns, days)
        factor: Values = self._split_through(columns, self.first_day[columns]) / then
        return factor

    def offsets(self, columns: Positions) -> Positions:
        """Return where the entries of each symbol begin among ascending columns, and the end."""
        return np.searchsorted(columns, np.arange(len(self.symbols) + 1)).astype(np.int64)

    def _split_through(self, columns: Positions, days: Positions) -> Values:
        return product_through(self.splits, self.splits.values, columns=columns, days=days)


def build_frame(
    sessions: NDArray[np.datetime64],
    symbols: tuple[Symbol, ...],
    *,
    first_bar: Positions,
    actions: Sequence[CorporateAction],
) -> Frame:
    """Return the frame of a panel; a symbol without any bar counts as from the last session."""
    days = sessions.astype("datetime64[D]").astype(np.int64)
    column_of = {symbol: column for column, symbol in enumerate(symbols)}
    named = [session.item() for session in sessions.astype("datetime64[D]")]
    before = calendar.latest_session_on_or_before(named[0] - timedelta(days=1))
    rows = np.where(first_bar < 0, len(days) - 1, np.minimum(first_bar, len(days) - 1))
    return Frame(
        symbols=symbols,
        column_of=column_of,
        days=days,
        day_before=int(day_numbers([before])[0]),
        decisions=instants([calendar.decision_instant(session) for session in named]),
        decision_before=int(instants([calendar.decision_instant(before)])[0]),
        first_day=days[rows],
        splits=_splits(actions, column_of),
    )


def instants(of: Sequence[datetime]) -> Positions:
    """Return aware instants as microseconds from 1970."""
    counted = ((instant - EPOCH_INSTANT) // MICROSECOND for instant in of)
    return np.fromiter(counted, dtype=np.int64, count=len(of))


def day_numbers(of: Sequence[date]) -> Positions:
    """Return days counted from 1970."""
    first = EPOCH.toordinal()
    return np.fromiter((day.toordinal() - first for day in of), dtype=np.int64, count=len(of))


def days_of(of: NDArray[np.datetime64]) -> Positions:
    """Return days, or the days of instants, counted from 1970; of NaT the least number."""
    return of.astype("datetime64[D]").astype(np.int64)


def microseconds_of(of: NDArray[np.datetime64]) -> Positions:
    """Return instants as microseconds from 1970."""
    return of.astype("datetime64[us]").astype(np.int64)


def _splits(actions: Sequence[CorporateAction], column_of: Mapping[Symbol, int]) -> Steps:
    splits = [
        (column_of[action.symbol], action.ex_date.toordinal(), float(action.value))
        for action in actions
        if action.kind is ActionKind.SPLIT and action.symbol in column_of
    ]
    table = np.array(sorted(splits), dtype=np.float64).reshape(-1, 3)
    columns = table[:, 0].astype(np.int64)
    return Steps(
        columns=columns,
        days=table[:, 1].astype(np.int64) - EPOCH.toordinal(),
        values=table[:, 2],
        previous=np.zeros(len(columns), dtype=np.int64),
    )
