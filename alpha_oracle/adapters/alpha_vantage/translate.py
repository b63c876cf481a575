"""From Alpha Vantage's JSON to bars and corporate actions: strings everywhere, newest first."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite, nan
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.alpha_vantage.refusals import SERIES, SYMBOL
from alpha_oracle.domain.bars import UnreadableRow
from alpha_oracle.domain.market import ActionKind, CorporateAction, parse_symbol
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import DataError, SourceAway, UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol

    Row = tuple[date, float, float, float, float, float]

_META: Final = "Meta Data"
_PRICES: Final = ("open", "high", "low", "close", "volume")
_SPLIT: Final = "split coefficient"
_DIVIDEND: Final = "dividend amount"
_NOT_GIVEN: Final = frozenset({"", "none", "null", "-", "nan"})
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|[+-]?\.\d+")
_NAME: Final = re.compile(r"^\d+[a-z]?\.\s*")
LONGEST_VALUE: Final = 100
"""Of a text that cannot be used no more is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailySeries:
    """A symbol's answer, its days told apart; days after the last finished session are left out.

    `points` counts all days as they came. `nameless` are the rows whose date is none.
    """

    symbol: Symbol
    days: Mapping[date, object]
    nameless: Mapping[str, object]
    points: int

    @property
    def oldest(self) -> date | None:
        """The first day."""
        return min(self.days, default=None)

    @property
    def newest(self) -> date | None:
        """The last finished day."""
        return max(self.days, default=None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolBars:
    """A symbol's rows `(session, open, high, low, close, volume)`, ascending, and its actions."""

    symbol: Symbol
    rows: tuple[Row, ...]
    unreadable: tuple[UnreadableRow, ...]
    actions: tuple[CorporateAction, ...]


def parse_document(body: bytes) -> dict[str, object]:
    """Return an answer as a JSON object.

    Raises:
        SourceAway: it is none: a page of HTML, or cut off.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        kind = "a page of HTML" if body.lstrip()[:1] == b"<" else "no JSON"
    else:
        if isinstance(document, dict):
            return document
        kind = "JSON that is no object"
    raise SourceAway(
        f"Alpha Vantage sent {kind} ({len(body)} bytes) in place of an answer; ask again later"
    )


def symbol_told(document: Mapping[str, object]) -> str:
    """Return the symbol an answer says it is about; empty where it does not say."""
    meta = document.get(_META)
    # A series says so in its meta data, an answer about a company beside what it holds.
    told = meta if isinstance(meta, dict) else {"symbol": _symbol_beside(document)}
    return _by_name(told).get("symbol", "")[:LONGEST_VALUE]


def is_about(document: Mapping[str, object], symbol: Symbol) -> bool:
    """Whether an answer says that it is about a symbol."""
    try:
        return parse_symbol(symbol_told(document)) == symbol
    except UnknownSymbol:
        return False


def read_series(
    document: Mapping[str, object], symbol: Symbol, *, finished: Session
) -> DailySeries:
    """Return a symbol's days up to the last session that had finished.

    Raises:
        DataError: the answer is about another symbol, or does not say about which.
    """
    series = document.get(SERIES)
    if not isinstance(series, dict) or not is_about(document, symbol):
        raise DataError(
            f"Alpha Vantage was asked for {symbol} and answered about "
            f"{symbol_told(document)!r}; nothing of it was taken"
        )
    days = {text: read_date(text) for text in series}
    return DailySeries(
        symbol=symbol,
        days={
            day: series[text] for text, day in days.items() if day is not None and day <= finished
        },
        nameless={text: series[text] for text, day in days.items() if day is None},
        points=len(series),
    )


def bars_of(series: DailySeries, *, start: Session, end: Session) -> SymbolBars:
    """Return what a series says of the days from `start` to `end`, both included."""
    rows: list[Row] = []
    unreadable = [
        _unreadable(series.symbol, text, "its date is no date", row)
        for text, row in series.nameless.items()
    ]
    actions: list[CorporateAction] = []
    sessions = frozenset(calendar.sessions_between(start, end))
    for day in sorted(day for day in series.days if start <= day <= end):
        row = series.days[day]
        try:
            told = _by_name(row)
            prices = _prices(told)
            actions += _actions(series.symbol, told, day=day) if day in sessions else ()
            rows.append((day, *prices))
        except ValueError as error:
            unreadable.append(_unreadable(series.symbol, day.isoformat(), str(error), row))
    return SymbolBars(
        symbol=series.symbol,
        rows=tuple(rows),
        unreadable=tuple(unreadable),
        actions=tuple(actions),
    )


def _symbol_beside(document: Mapping[str, object]) -> object:
    return document.get("symbol", document.get(SYMBOL, ""))


def _by_name(row: object) -> dict[str, str]:
    if not isinstance(row, dict):
        raise ValueError("the row is no object")  # noqa: TRY004 - a value, as any other there.
    return {_NAME.sub("", str(name)).lower(): str(value) for name, value in row.items()}


def _prices(told: Mapping[str, str]) -> tuple[float, float, float, float, float]:
    values = [read_number(told, name) for name in _PRICES]
    if all(value is None for value in values):
        raise ValueError("no price is given")
    opened, high, low, close, volume = (nan if value is None else float(value) for value in values)
    return opened, high, low, close, volume


def is_given(text: str | None) -> bool:
    """Whether a value is anything but one of Alpha Vantage's words for nothing."""
    return text is not None and text.strip().lower() not in _NOT_GIVEN


def read_number(told: Mapping[str, str], name: str) -> str | None:
    """Return the text of a finite number among `told`; None where it is not given.

    Raises:
        ValueError: something else stands there.
    """
    text = told.get(name, "").strip()
    if not is_given(text):
        return None
    if not _NUMBER.fullmatch(text) or not isfinite(float(text)):
        raise ValueError(f"{name} {text[:LONGEST_VALUE]!r} is no number")
    return text


def _actions(symbol: Symbol, told: Mapping[str, str], *, day: Session) -> list[CorporateAction]:
    known_at = calendar.session_open(day)
    coefficient = Decimal(read_number(told, _SPLIT) or 1)
    dividend = Decimal(read_number(told, _DIVIDEND) or 0)
    if coefficient <= 0 or dividend < 0:
        raise ValueError(f"{_SPLIT} {coefficient}, {_DIVIDEND} {dividend}: no such action")
    found = []
    if coefficient != 1:
        found.append(_action(symbol, day, ActionKind.SPLIT, coefficient, known_at))
    if dividend > 0:
        found.append(_action(symbol, day, ActionKind.DIVIDEND, dividend, known_at))
    return found


def _action(
    symbol: Symbol, day: Session, kind: ActionKind, value: Decimal, known_at: datetime
) -> CorporateAction:
    return CorporateAction(symbol=symbol, ex_date=day, kind=kind, value=value, known_at=known_at)


def refused_row(symbol: Symbol, reason: str, row: object) -> RefusedRow:
    """Return a row about a company that cannot be used, with what stood there."""
    return RefusedRow(subject=symbol, reason=reason, received=_received(row))


def _unreadable(symbol: Symbol, session: str, reason: str, row: object) -> UnreadableRow:
    return UnreadableRow(
        symbol=symbol,
        session=session[:LONGEST_VALUE],
        reason=reason,
        received=_received(row),
    )


def _received(row: object) -> dict[str, str]:
    told = row if isinstance(row, dict) else {"row": row}
    return {str(name): str(value)[:LONGEST_VALUE] for name, value in told.items()}


def read_date(text: str) -> date | None:
    """Return the day of a text like `2016-06-06`; None where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
