"""From answers to what a fetch returns: bars, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.alpha_vantage.coverage import reaches_back, reaches_end
from alpha_oracle.adapters.alpha_vantage.refusals import RefusalKind
from alpha_oracle.adapters.alpha_vantage.translate import bars_of
from alpha_oracle.domain.bars import Absence, AbsenceKind, BarBatch, BarColumns, ReceivedBars
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.answers import Answer
    from alpha_oracle.adapters.alpha_vantage.client import Question
    from alpha_oracle.adapters.alpha_vantage.coverage import Span
    from alpha_oracle.adapters.alpha_vantage.translate import DailySeries, SymbolBars
    from alpha_oracle.domain.market import Session, Symbol

SOURCE: Final = "alpha_vantage"
"""The name the bars carry."""
YOUNG: Final = timedelta(minutes=15)
"""An answer this young, a refusal too, is not asked for again, whatever it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """A symbol's answer as read: its bars, or why there are none.

    `newest` is the last finished day of its series, asked for or not.
    """

    symbol: Symbol
    bars: SymbolBars | None = None
    absence: Absence | None = None
    newest: Session | None = None


def read_answer(answer: Answer[Question], span: Span) -> Reading:
    """Return what an answer says of the sessions asked for."""
    symbol = answer.question.symbol
    if answer.refusal is not None:
        kind = _ABSENCES.get(answer.refusal.kind, AbsenceKind.REFUSED)
        return _absent(symbol, kind, f'it said: "{answer.refusal.text}"')
    try:
        series = answer.series
    except DataError as error:
        # One answer mixed up must not keep the other symbols of its batch from coming in.
        return _absent(symbol, AbsenceKind.FAILED, str(error))
    if not series.points:
        return _absent(symbol, AbsenceKind.FAILED, "an answer without a single day")
    bars = bars_of(series, start=span.start, end=span.end)
    absence = None if bars.rows or bars.unreadable else _without(series, span)
    return Reading(symbol=symbol, bars=bars, absence=absence, newest=series.newest)


def is_usable(answer: Answer[Question], span: Span, *, now: datetime) -> bool:
    """Whether a kept answer spares a request."""
    age = now - answer.received_at
    if answer.refusal is not None:
        return age < YOUNG
    try:
        series = answer.series
    except DataError:
        return False
    if not reaches_back(series, span, full=answer.question.full):
        return False
    could_have_it = span.end <= calendar.latest_finished_session(answer.received_at)
    return reaches_end(series, span) or (could_have_it and age < YOUNG)


def lacks_the_start(answer: Answer[Question], span: Span) -> bool:
    """Whether a compact answer holds data, but not all there may be of the sessions asked for."""
    if answer.refusal is not None:
        return False
    try:
        return not reaches_back(answer.series, span, full=answer.question.full)
    except DataError:
        return False


def refused(symbol: Symbol, reason: str) -> Reading:
    """Return a reading of a symbol that could not be asked for."""
    return _absent(symbol, AbsenceKind.REFUSED, reason)


def received_bars(readings: Sequence[Reading]) -> ReceivedBars:
    """Return readings, ascending by symbol, as the answer of a bar source."""
    with_rows = [reading.bars for reading in readings if reading.bars and reading.bars.rows]
    told = [reading.bars for reading in readings if reading.bars]
    return ReceivedBars(
        bars=_columns(with_rows),
        batch=BarBatch(source=SOURCE, basis=PriceBasis.RAW),
        unreadable=tuple(row for bars in told for row in bars.unreadable),
        actions=tuple(action for bars in told for action in bars.actions),
        absent=tuple(reading.absence for reading in readings if reading.absence),
    )


_ABSENCES: Final = {
    RefusalKind.INVALID_CALL: AbsenceKind.UNKNOWN_SYMBOL,
    RefusalKind.NOTHING_SAID: AbsenceKind.FAILED,
}


def _absent(symbol: Symbol, kind: AbsenceKind, reason: str) -> Reading:
    absence = Absence(symbol=symbol, source=SOURCE, kind=kind, reason=reason)
    return Reading(symbol=symbol, absence=absence)


def _without(series: DailySeries, span: Span) -> Absence:
    asked = f"{span.start}" if span.start == span.end else f"{span.start} to {span.end}"
    return Absence(
        symbol=series.symbol,
        source=SOURCE,
        kind=AbsenceKind.NO_DATA,
        reason=f"no bar of {asked}; its bars run from {series.oldest} to {series.newest}",
    )


def _columns(found: Sequence[SymbolBars]) -> BarColumns:
    rows = [row for bars in found for row in bars.rows]
    values = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 5)
    opened, high, low, close, volume = (values[:, column].copy() for column in range(5))
    return BarColumns(
        symbols=tuple(bars.symbol for bars in found),
        symbol_index=np.repeat(
            np.arange(len(found), dtype=np.int32), [len(bars.rows) for bars in found]
        ).astype(np.int32),
        session=np.array([row[0] for row in rows], dtype="datetime64[D]"),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )
