"""Reads figures of statements from a CSV or Parquet file: a figure a row, or a statement a row."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.files import statement_headers as headers
from alpha_oracle.adapters.files.headers import plain_name
from alpha_oracle.adapters.files.records import read_records
from alpha_oracle.adapters.files.values import MISSING_WORDS, parse_dates
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.fundamentals import (
    INSTANT_ITEMS,
    FinancialFact,
    ReceivedFacts,
    StatementItem,
)
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DATES: Final = (headers.PERIOD_START, headers.PERIOD_END, headers.PUBLISHED, headers.RESTATED)
_MONTHS: Final = {"FY": 12, "Q1": 3, "Q2": 3, "Q3": 3, "Q4": 3}
_ITEMS: Final = {plain_name(item): item for item in StatementItem}
_NEVER_NEGATIVE: Final = frozenset({StatementItem.COST_OF_REVENUE, StatementItem.DIVIDENDS_PAID})
_NUMBER: Final = re.compile(r"-?(\d{1,18}\.?\d{0,18}|\.\d{1,18})([eE][-+]?\d{1,3})?")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_USD: Final = frozenset({"", "USD"})

_Key = tuple[Symbol, StatementItem, date | None, date, str]


def read_statements(path: Path) -> ReceivedFacts:
    """Read `symbol,item,period_end,value,known_at[,period_start]`, or one column an item.

    Columns are matched in any case, under our names or SimFin's. A date of knowledge is that day's
    end in New York, the later of publication and restatement: restated figures are not known
    before. A fiscal period in place of a start begins the day after the same day a year (`FY`) or
    three months (`Q1` to `Q4`) earlier, month ends being the same day. A document is named by the
    file and the day it was known, where no column names it.

    Raises:
        DataError: the file cannot be read, or its header lacks what a figure needs.
    """
    columns = headers.StatementColumns(path=path)
    records = read_records(path, columns.choose)
    dates: dict[str, list[date | None]] = {
        key: parse_dates([row[key] for row in records.rows], path=path)
        for key in _DATES
        if key in columns.present
    }
    found = _Found(columns=columns)
    for line in records.broken:
        found.refuse({"line": line.text}, line.reason)
    for position, row in enumerate(records.rows):
        days: dict[str, date | None] = {key: column[position] for key, column in dates.items()}
        try:
            _take(_statement(row, days, columns), row, found)
        except (ValueError, UnknownSymbol) as error:
            found.refuse(row, str(error))
    return ReceivedFacts(facts=tuple(found.facts.values()), refused=tuple(found.refused))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    symbol: Symbol
    period_start: date | None
    period_end: date
    known_at: datetime
    document: str
    why_no_start: str


@dataclass(slots=True, kw_only=True)
class _Found:
    columns: headers.StatementColumns
    facts: dict[_Key, FinancialFact] = field(default_factory=dict)
    rows: dict[_Key, Mapping[str, str]] = field(default_factory=dict)
    twice: set[_Key] = field(default_factory=set)
    refused: list[RefusedRow] = field(default_factory=list)

    def refuse(self, row: Mapping[str, str], reason: str, *, figure: str | None = None) -> None:
        others = set(self.columns.items) - {figure} if figure else ()
        received = {key: text for key, text in row.items() if text and key not in others}
        received["file"] = self.columns.path.name
        subject = row.get(headers.SYMBOL, "")
        self.refused.append(RefusedRow(subject=subject, reason=reason, received=received))

    def keep(self, fact: FinancialFact, row: Mapping[str, str]) -> None:
        key = (fact.symbol, fact.item, fact.period_start, fact.period_end, fact.document)
        reason = f"{fact.item} of {fact.period_end} stands there more than once, with other figures"
        if key in self.twice:
            self.refuse(row, reason, figure=fact.item)
            return
        before = self.facts.setdefault(key, fact)
        if before != fact:
            self.twice.add(key)
            del self.facts[key]
            self.refuse(self.rows[key], reason, figure=fact.item)
            self.refuse(row, reason, figure=fact.item)
        self.rows.setdefault(key, row)


def _statement(
    row: Mapping[str, str], days: Mapping[str, date | None], columns: headers.StatementColumns
) -> _Statement:
    currency = row.get(headers.CURRENCY, "").upper()
    if currency not in _USD:
        raise ValueError(f"the figures are in {currency}, not in USD")
    period_end = _required(days, row, headers.PERIOD_END)
    known_at = _known_at(row, days)
    if known_at.date() < period_end:
        raise ValueError(f"known at {known_at.isoformat()}, before {period_end} is over")
    start, why_no_start = _start(row, days, period_end)
    return _Statement(
        symbol=_symbol(row[headers.SYMBOL], is_simfin=columns.is_simfin),
        period_start=start,
        period_end=period_end,
        known_at=known_at,
        document=row.get(headers.DOCUMENT) or _document(columns.path, known_at),
        why_no_start=why_no_start,
    )


def _take(statement: _Statement, row: Mapping[str, str], found: _Found) -> None:
    columns = found.columns
    cells = {item: row[item] for item in columns.items if _stands(row[item])}
    if columns.is_long:
        cells = {_item(row[headers.ITEM]): row[headers.VALUE]}
    for item, text in cells.items():
        try:
            fact = _fact(statement, item, text, sign=columns.sign(item))
        except ValueError as error:
            found.refuse(row, str(error), figure=item)
        else:
            found.keep(fact, row)


def _stands(text: str) -> bool:
    return text.lower() not in MISSING_WORDS


def _fact(statement: _Statement, item: StatementItem, text: str, *, sign: float) -> FinancialFact:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{item} {text[:40]!r} is no number")
    value = sign * float(text) + 0.0  # No cost is 0, not -0.
    if value < 0 and item in _NEVER_NEGATIVE:
        raise ValueError(
            f"{item} {text} is of the wrong sign: SimFin writes costs below zero, our files above"
        )
    is_of_a_day = item in INSTANT_ITEMS
    if not is_of_a_day and statement.period_start is None:
        raise ValueError(f"{item}: {statement.why_no_start}")
    return FinancialFact(
        symbol=statement.symbol,
        item=item,
        period_start=None if is_of_a_day else statement.period_start,
        period_end=statement.period_end,
        value=value,
        known_at=statement.known_at,
        document=statement.document,
    )


def _document(path: Path, known_at: datetime) -> str:
    # What is known by the end of a day is a document of that day.
    day = (known_at - timedelta(seconds=1)).astimezone(NEW_YORK).date()
    return f"{path.name} {day}"


def _symbol(text: str, *, is_simfin: bool) -> Symbol:
    if is_simfin and "_" in text:
        raise UnknownSymbol(f"{text!r} is SimFin's name for shares no longer listed, no ticker")
    return parse_symbol(text)


def _item(text: str) -> StatementItem:
    try:
        return _ITEMS[plain_name(text)]
    except KeyError:
        raise ValueError(f"item {text!r} is none; expected {', '.join(StatementItem)}") from None


def _required(days: Mapping[str, date | None], row: Mapping[str, str], key: str) -> date:
    day = days[key]
    if day is None:
        raise ValueError(f"{key} {row[key]!r} is no date")
    return day


def _known_at(row: Mapping[str, str], days: Mapping[str, date | None]) -> datetime:
    text = row.get(headers.KNOWN_AT, "")
    told = [
        _required(days, row, key) for key in (headers.PUBLISHED, headers.RESTATED) if row.get(key)
    ]
    instants = [_end_of(max(told))] if told else []
    if text:
        instants.append(_instant(text))
    if not instants:
        raise ValueError("no date tells when the public could know it")
    return max(instants)


def _instant(text: str) -> datetime:
    if day := _DAY.fullmatch(text):
        return _end_of(date.fromisoformat(day[1]))
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"known_at {text} names no time zone; write 2016-02-01T21:30:00Z")
    return instant.astimezone(UTC)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), NEW_YORK).astimezone(UTC)


def _start(
    row: Mapping[str, str], days: Mapping[str, date | None], period_end: date
) -> tuple[date | None, str]:
    if row.get(headers.PERIOD_START):
        return _required(days, row, headers.PERIOD_START), ""
    period = row.get(headers.FISCAL_PERIOD, "").upper()
    if period in _MONTHS:
        return _same_day_before(period_end, months=_MONTHS[period]) + timedelta(days=1), ""
    what = f"fiscal period {period!r} is none of {', '.join(_MONTHS)}" if period else "no period"
    return None, f"{what}; add a period_start"


def _same_day_before(day: date, *, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    is_month_end = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_month_end else min(day.day, last))
