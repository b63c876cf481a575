"""Daily bars from the gateway's texts; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.contracts import STOCK, Venue
from alpha_oracle.domain.bars import BarColumns, UnreadableRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alpha_oracle.domain.market import Session, Symbol

FIELDS: Final = ("date", "open", "high", "low", "close", "volume")
SHARES_PER_LOT: Final = 100.0
LONGEST_IN_DAYS: Final = 365

_DATE: Final = re.compile(r"\d{8}")
# The gateway's way to say that a number is not set.
_UNSET: Final = 1.7976931348623157e308


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A daily bar as received; `volume` in the gateway's unit."""

    session: Session
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What to ask of one contract: some time up to an instant."""

    con_id: int
    until: datetime
    duration: str
    venue: Venue = STOCK


def history(
    con_id: int, *, start: Session, end: Session, now: datetime, venue: Venue = STOCK
) -> History:
    """Return what to ask so that the answer reaches from `start` to `end`."""
    last_second = datetime.combine(end, time(23, 59, 59), calendar.NEW_YORK)
    return History(
        con_id=con_id,
        until=min(now, last_second),
        duration=duration(start, end),
        venue=venue,
    )


def duration(start: date, end: date) -> str:
    """Return how far back from `end` to ask: in sessions, or in years where those are too many."""
    sessions = len(calendar.sessions_between(start, end))
    if sessions <= LONGEST_IN_DAYS:
        return f"{sessions} D"
    years = end.year - start.year
    reaches = (start.month, start.day) > (end.month, end.day)
    return f"{years if reaches else years + 1} Y"


def read_row(symbol: Symbol, fields: Sequence[str]) -> Bar | UnreadableRow:
    """Return the bar of one row, or what was wrong with it."""
    received = dict(zip(FIELDS, fields, strict=False))
    day = received.get("date", "")
    if len(received) < len(FIELDS):
        return _unreadable(symbol, received, reason=f"{len(fields)} fields where a bar has 8")
    if not _DATE.fullmatch(day):
        return _unreadable(symbol, received, reason="the date is no YYYYMMDD")
    try:
        session = date.fromisoformat(day)
        numbers = {name: float(received[name]) for name in FIELDS[1:]}
    except ValueError as error:
        return _unreadable(symbol, received, reason=str(error))
    wrong = [name for name, number in numbers.items() if not 0.0 <= number < _UNSET]
    if wrong:
        reason = f"{', '.join(wrong)}: not a number, negative or not set"
        return _unreadable(symbol, received, reason=reason)
    return Bar(session=session, **numbers)


def has_fractions(bars: Iterable[Bar]) -> bool:
    """Whether volumes have fractions, as only lots do."""
    return any(not bar.volume.is_integer() for bar in bars)


def in_shares(bar: Bar) -> Bar:
    """Return a bar whose volume was in lots of 100."""
    return replace(bar, volume=float(round(bar.volume * SHARES_PER_LOT)))


def as_columns(bars: Mapping[Symbol, Sequence[Bar]]) -> BarColumns:
    """Return bars by symbol as the columns they travel in."""
    symbols = tuple(sorted(symbol for symbol, rows in bars.items() if rows))
    rows = [
        (index, bar)
        for index, symbol in enumerate(symbols)
        for bar in sorted(bars[symbol], key=lambda bar: bar.session)
    ]

    def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([getattr(bar, name) for _, bar in rows], dtype=np.float64)

    return BarColumns(
        symbols=symbols,
        symbol_index=np.array([index for index, _ in rows], dtype=np.int32),
        session=np.array([bar.session for _, bar in rows], dtype="datetime64[D]"),
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        volume=column("volume"),
    )


def _unreadable(symbol: Symbol, received: Mapping[str, str], *, reason: str) -> UnreadableRow:
    day = received.get("date", "")
    return UnreadableRow(
        symbol=symbol,
        session=f"{day[:4]}-{day[4:6]}-{day[6:]}" if _DATE.fullmatch(day) else day,
        reason=reason,
        received=received,
    )
