"""Company facts translated: from concepts as each document gave them to items of the statements.

`fy` and `fp` of EDGAR's rows are of the document, not of the period, and are not used.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.concepts import (
    BALANCE_SHARES,
    CONCEPTS,
    COVER_SHARES,
    MEASURES,
)
from alpha_oracle.adapters.edgar.documents import day_of, list_of, object_of
from alpha_oracle.adapters.edgar.submissions import ACCESSION
from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, ITEMS, FinancialFact, StatementItem
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from alpha_oracle.adapters.edgar.concepts import Measure
    from alpha_oracle.domain.market import Symbol

PERIODIC: Final = frozenset(
    f"{form}{amended}"
    for form in ("10-K", "10-Q", "10-KT", "10-QT", "20-F", "40-F")
    for amended in ("", "/A")
)
"""The forms whose figures are taken: quarterly, annual and transition reports."""

_USD: Final = "USD"
_SHARES: Final = "shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a figure is about: both days included, `start` None for a figure of a day."""

    start: date | None
    end: date


@dataclass(slots=True, kw_only=True)
class Statement:
    """A document's figures by period and concept."""

    accession: str
    filed_on: date
    figures: dict[Period, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What company facts hold for us, by accession number, and the rows that could not be read."""

    by_accession: Mapping[str, Statement]
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    item: StatementItem
    period: Period
    value: float
    tier: int
    known_at: datetime
    accession: str

    @property
    def order(self) -> tuple[datetime, int, date, date, str]:
        start = self.period.start or self.period.end
        return self.known_at, _RANK[self.item], self.period.end, start, self.accession


_RANK: Final = {item: rank for rank, item in enumerate(ITEMS)}


def read_statements(document: Mapping[str, object], symbol: Symbol, *, cik: str) -> Statements:
    """Return the figures of company facts that are of our concepts, units and forms.

    Raises:
        DataError: it is another company's, or has another shape.
    """
    told = str(document.get("cik"))
    if not told.isdecimal() or int(told) != int(cik):
        raise DataError(f"EDGAR's company facts of CIK {cik} are of CIK {told[:20]!r}")
    taxonomies = object_of(document.get("facts"), what="company facts")
    statements: dict[str, Statement] = {}
    refused: list[RefusedRow] = []
    for concept, row in _rows(taxonomies):
        if row.get("form") in PERIODIC:
            try:
                _add(statements, concept, row)
            except ValueError as error:
                refused.append(_refusal(symbol, concept, row, reason=str(error)))
    return Statements(by_accession=statements, refused=tuple(refused))


def to_facts(
    statements: Statements, symbol: Symbol, *, known_at: Mapping[str, datetime]
) -> tuple[tuple[FinancialFact, ...], tuple[RefusedRow, ...]]:
    """Return every figure of every document, ascending by `known_at`, and those that cannot be.

    `known_at` has the instant of each accession number.
    """
    told = [
        one
        for statement in statements.by_accession.values()
        for one in _told(statement, known_at[statement.accession])
    ]
    facts, refused = [], []
    for one in _never_for_worse(sorted(told, key=lambda one: one.order)):
        try:
            facts.append(_fact(one, symbol))
        except ValueError as error:
            received = {"value": repr(one.value), "known_at": one.known_at.isoformat()}
            refused.append(
                RefusedRow(
                    subject=f"{symbol} {one.accession}", reason=str(error), received=received
                )
            )
    return tuple(facts), tuple(refused)


def _rows(taxonomies: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    wanted = (
        ("us-gaap", CONCEPTS, _USD),
        ("us-gaap", BALANCE_SHARES, _SHARES),
        ("dei", (COVER_SHARES,), _SHARES),
    )
    for taxonomy, concepts, unit in wanted:
        known = object_of(taxonomies.get(taxonomy, {}), what=f"company facts: {taxonomy}")
        for concept in sorted(concepts):
            what = f"company facts: {concept}"
            units = object_of(
                object_of(known.get(concept, {}), what=what).get("units", {}), what=what
            )
            for row in list_of(units.get(unit, []), what=what):
                yield concept, object_of(row, what=what)


def _add(statements: dict[str, Statement], concept: str, row: Mapping[str, object]) -> None:
    accession, value = row.get("accn"), row.get("val")
    if not isinstance(accession, str) or not ACCESSION.fullmatch(accession):
        raise ValueError("it names no document")
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("its value is no number")
    start = None if row.get("start") is None else day_of(row["start"])
    period = Period(start=start, end=day_of(row.get("end")))
    filed_on = day_of(row.get("filed"))
    statement = statements.setdefault(accession, Statement(accession=accession, filed_on=filed_on))
    figures = statement.figures.setdefault(period, {})
    if figures.setdefault(concept, float(value)) != float(value):
        raise ValueError(f"its document tells {figures[concept]!r} of the same period too")


def _refusal(symbol: Symbol, concept: str, row: Mapping[str, object], *, reason: str) -> RefusedRow:
    received = {str(key)[:40]: str(value)[:80] for key, value in list(row.items())[:12]}
    return RefusedRow(subject=f"{symbol} {concept}", reason=reason, received=received)


def _told(statement: Statement, known_at: datetime) -> Iterator[_Told]:
    def told(item: StatementItem, period: Period, *, value: float, tier: int = 0) -> _Told:
        return _Told(
            item=item,
            period=period,
            value=value,
            tier=tier,
            known_at=known_at,
            accession=statement.accession,
        )

    for period, figures in statement.figures.items():
        for item in MEASURES:
            if (item in INSTANT_ITEMS) == (period.start is None):
                best = _best(item, figures)
                if best is not None:
                    yield told(item, period, value=best[0], tier=best[1])
    for period, value in _shares(statement):
        yield told(StatementItem.SHARES_OUTSTANDING, period, value=value)


def _best(item: StatementItem, figures: Mapping[str, float]) -> tuple[float, int] | None:
    for tier, measures in enumerate(MEASURES[item]):
        for measure in measures:
            value = _sum(measure, figures)
            if value is not None:
                return value, tier
    return None


def _sum(measure: Measure, figures: Mapping[str, float]) -> float | None:
    total = 0.0
    for part in measure:
        value = figures.get(part.removeprefix("-"))
        if value is None:
            return None
        total += -value if part.startswith("-") else value
    return total


def _shares(statement: Statement) -> Iterator[tuple[Period, float]]:
    days = {period: figures for period, figures in statement.figures.items() if not period.start}
    covers = [(period, one[COVER_SHARES]) for period, one in days.items() if COVER_SHARES in one]
    if covers:
        yield from covers
        return
    for concept in BALANCE_SHARES:
        found = [(period, one[concept]) for period, one in days.items() if concept in one]
        if found:
            # Those of earlier days stand there as counted now, after every split since.
            yield max(found, key=lambda one: one[0].end)
            return


def _never_for_worse(told: Sequence[_Told]) -> Iterator[_Told]:
    best: dict[tuple[StatementItem, Period], int] = defaultdict(lambda: len(CONCEPTS))
    for one in told:
        if one.tier <= best[one.item, one.period]:
            best[one.item, one.period] = one.tier
            yield one


def _fact(one: _Told, symbol: Symbol) -> FinancialFact:
    return FinancialFact(
        symbol=symbol,
        item=one.item,
        period_start=one.period.start,
        period_end=one.period.end,
        value=one.value,
        known_at=one.known_at,
        document=one.accession,
    )
