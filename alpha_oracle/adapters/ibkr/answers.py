"""What the gateway answered to a batch, sorted into bars, rows nobody can read, and absences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.adapters.ibkr.contracts import Missing
from alpha_oracle.adapters.ibkr.translate import Bar, read_row
from alpha_oracle.domain.bars import Absence, AbsenceKind, UnreadableRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.market import Session, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answers of a batch."""

    bars: dict[Symbol, list[Bar]]
    unreadable: tuple[UnreadableRow, ...]
    absent: tuple[Absence, ...]


def take(
    answers: Mapping[Symbol, Sequence[tuple[str, ...]] | Missing],
    *,
    start: Session,
    end: Session,
    source: str,
) -> Taken:
    """Return what stands in the answers for the sessions `start` to `end`, which all are finished.

    Rows of other sessions are left out: the history of some days back may reach further, and a
    session under way has a bar that is not finished.
    """
    bars: dict[Symbol, list[Bar]] = {}
    unreadable: list[UnreadableRow] = []
    absent: list[Absence] = []
    for symbol, answer in sorted(answers.items()):
        if isinstance(answer, Missing):
            absent.append(_absence(symbol, answer, source=source))
            continue
        read = [read_row(symbol, row) for row in answer]
        bars[symbol] = [row for row in read if isinstance(row, Bar) and start <= row.session <= end]
        broken = [row for row in read if isinstance(row, UnreadableRow)]
        broken = [row for row in broken if _may_be_of(row, start=start, end=end)]
        unreadable.extend(broken)
        if not bars[symbol] and not broken:
            missing = _outside(read, start=start, end=end)
            absent.append(_absence(symbol, missing, source=source))
    return Taken(bars=bars, unreadable=tuple(unreadable), absent=tuple(absent))


def _absence(symbol: Symbol, missing: Missing, *, source: str) -> Absence:
    return Absence(symbol=symbol, source=source, kind=missing.kind, reason=missing.reason)


def _may_be_of(row: UnreadableRow, *, start: Session, end: Session) -> bool:
    # ISO dates compare as texts; a date that nobody can read may be any.
    is_date = len(row.session) == len("2016-01-04") and row.session[4:8:3] == "--"
    return not is_date or start.isoformat() <= row.session <= end.isoformat()


def _outside(read: Sequence[Bar | UnreadableRow], *, start: Session, end: Session) -> Missing:
    days = sorted(str(row.session) for row in read)
    return Missing(
        kind=AbsenceKind.NO_DATA,
        reason=f"IBKR has no bar from {start} to {end}, only from {days[0]} to {days[-1]}",
    )
