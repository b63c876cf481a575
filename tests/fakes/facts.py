"""Facts in memory, by their definition: held to the same suite as the store on Postgres."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.fundamentals import ITEMS, FactColumns
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from alpha_oracle.domain.fundamentals import FinancialFact, StatementItem
    from alpha_oracle.domain.market import Symbol

    Figure = tuple[StatementItem, date, date | None]

PREFERRED = ("files", "edgar", "alpha_vantage", "synthetic")


class Told(NamedTuple):
    value: float
    known_at: datetime


class InMemoryFacts:
    """Implements `FactStore`; `told` has what a document told of a figure, oldest first."""

    def __init__(self) -> None:
        self.told: dict[tuple[Symbol, str], dict[Figure, dict[str, list[Told]]]] = {}

    def store(
        self, facts: Sequence[FinancialFact], *, source: str, received_at: datetime
    ) -> StoreReport:
        given = self._each_once(facts)
        inserted = corrected = 0
        for fact in given:
            figures = self.told.setdefault((fact.symbol, source), {})
            told = figures.setdefault(figure_of(fact), {}).setdefault(fact.document, [])
            if not told:
                told.append(Told(fact.value, fact.known_at))
                inserted += 1
            elif told[-1].value != fact.value:
                known_at = max(fact.known_at, received_at, told[-1].known_at)
                told.append(Told(fact.value, known_at))
                corrected += 1
        unchanged = len(given) - inserted - corrected
        return StoreReport(inserted=inserted, unchanged=unchanged, corrected=corrected)

    def load(self, *, as_of: datetime, symbols: Sequence[Symbol] | None = None) -> FactColumns:
        rows = [
            (symbol, told.known_at, ITEMS.index(item), end, start, told.value)
            for symbol, source in self._speaking()
            if symbols is None or symbol in symbols
            for (item, end, start), documents in self.told[symbol, source].items()
            for told in revisions(documents, as_of=as_of)
        ]
        return as_columns(sorted(rows, key=lambda row: (*row[:4], str(row[4] or ""))))

    def _each_once(self, facts: Sequence[FinancialFact]) -> list[FinancialFact]:
        kept: dict[tuple[object, ...], FinancialFact] = {}
        for fact in facts:
            other = kept.setdefault((fact.symbol, fact.document, *figure_of(fact)), fact)
            if other.value != fact.value:
                raise DataError(f"{fact.symbol} {fact.item} is given twice by {fact.document}")
        return list(kept.values())

    def _speaking(self) -> list[tuple[Symbol, str]]:
        def preference(key: tuple[Symbol, str]) -> tuple[int, str]:
            source = key[1]
            return PREFERRED.index(source) if source in PREFERRED else len(PREFERRED), source

        best: dict[Symbol, tuple[Symbol, str]] = {}
        for key in sorted(self.told, key=preference):
            best.setdefault(key[0], key)
        return list(best.values())


def figure_of(fact: FinancialFact) -> Figure:
    return fact.item, fact.period_end, fact.period_start


def revisions(documents: dict[str, list[Told]], *, as_of: datetime) -> Iterable[Told]:
    """What took the place of what, by asking at every instant at which anything became known."""
    instants = {told.known_at for of_one in documents.values() for told in of_one}
    before = None
    for instant in sorted(instants):
        value = value_at(documents, instant)
        if instant <= as_of and value != before:
            yield Told(value, instant)
            before = value


def value_at(documents: dict[str, list[Told]], instant: datetime) -> float:
    """What the latest document filed by then was by then last found to say."""
    filed = {name: told for name, told in documents.items() if told[0].known_at <= instant}
    latest = max(filed, key=lambda name: (filed[name][0].known_at, name))
    return [told.value for told in filed[latest] if told.known_at <= instant][-1]


def as_columns(
    rows: Sequence[tuple[Symbol, datetime, int, date, date | None, float]],
) -> FactColumns:
    symbols = tuple(sorted({row[0] for row in rows}))
    return FactColumns(
        symbols=symbols,
        symbol_index=np.array([symbols.index(row[0]) for row in rows], np.int32),
        known_at=np.array([row[1].replace(tzinfo=None) for row in rows], "datetime64[us]"),
        item=np.array([row[2] for row in rows], np.int16),
        period_end=np.array([row[3] for row in rows], "datetime64[D]"),
        period_start=np.array([row[4] for row in rows], "datetime64[D]"),
        value=np.array([row[5] for row in rows], np.float64),
    )
