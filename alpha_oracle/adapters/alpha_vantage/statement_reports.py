"""The reports of a statement, by the end of their period, and the rows that are none."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.alpha_vantage.refusals import REPORTS
from alpha_oracle.adapters.alpha_vantage.translate import read_date, refused_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow

ANNUAL_REPORTS: Final = "annualReports"

_CURRENCY: Final = "USD"
_FIRST_END: Final = date(1900, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long the periods of some reports are, and where an answer has them."""

    name: str
    months: int
    reports: str

    def start_of(self, end: date) -> date:
        """Return the first day of the period that ends on a day.

        Only ends are told. The period before ended as many months earlier, on the last of its
        month where this one does; a change of the fiscal year is not noticed.
        """
        years, month = divmod(end.year * 12 + end.month - 1 - self.months, 12)
        last = monthrange(years, month + 1)[1]
        is_last = end.day == monthrange(end.year, end.month)[1]
        ended = date(years, month + 1, last if is_last else min(end.day, last))
        return ended + timedelta(days=1)


QUARTER: Final = Length(name="quarter", months=3, reports=REPORTS)
YEAR: Final = Length(name="year", months=12, reports=ANNUAL_REPORTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The figures of a statement's reports, as texts by name, by the end of their period."""

    by_end: Mapping[date, Mapping[str, str]]
    refused: tuple[RefusedRow, ...]


def has_reports(document: Mapping[str, object]) -> bool:
    """Whether an answer has any report, of a quarter or a year."""
    return any(document.get(length.reports) for length in (QUARTER, YEAR))


def read_reports(
    document: Mapping[str, object],
    symbol: Symbol,
    *,
    statement: Statement,
    length: Length,
    today: date,
) -> Reports:
    """Return a statement's reports of one length in USD, those whose period was over `today`."""
    rows = document.get(length.reports, [])
    told = f"{statement} {length.name}"
    if not isinstance(rows, list):
        reason = f"{told}: {length.reports} is no list"
        return Reports(by_end={}, refused=(refused_row(symbol, reason, rows),))
    found: dict[date, Mapping[str, str]] = {}
    refused = []
    for row in rows:
        try:
            end, figures = _report(row, today=today)
        except ValueError as error:
            refused.append(refused_row(symbol, f"{told}: {error}", row))
            continue
        if found.setdefault(end, figures) != figures:
            refused.append(refused_row(symbol, f"{told}: a second report of {end}", row))
    return Reports(by_end=found, refused=tuple(refused))


def _report(row: object, *, today: date) -> tuple[date, Mapping[str, str]]:
    if not isinstance(row, dict):
        raise ValueError("the row is no object")  # noqa: TRY004 - a value, as any other there.
    figures = {str(name): str(value).strip() for name, value in row.items()}
    end = read_date(figures.get("fiscalDateEnding", ""))
    if end is None:
        raise ValueError("its fiscalDateEnding is no date")
    if not _FIRST_END <= end <= today:
        raise ValueError(f"no period that is over ends on {end}")
    currency = figures.get("reportedCurrency", "")
    if currency != _CURRENCY:
        # Ratios to prices in USD would be wrong by the exchange rate.
        raise ValueError(f"the report of {end} is in {currency[:20]!r}, not in {_CURRENCY}")
    return end, figures
