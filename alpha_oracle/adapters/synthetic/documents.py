"""Annual and quarterly reports of the generated companies: which figures stand in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic import capital
from alpha_oracle.adapters.synthetic.books import keep_books
from alpha_oracle.adapters.synthetic.filing import accession, instant
from alpha_oracle.adapters.synthetic.periods import QUARTERS
from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, FinancialFact
from alpha_oracle.domain.fundamentals import StatementItem as Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.books import Books
    from alpha_oracle.adapters.synthetic.market import Market
    from alpha_oracle.domain.market import Symbol

_FLOWS: Final = (
    Item.REVENUE,
    Item.GROSS_PROFIT,
    Item.NET_INCOME,
    Item.COST_OF_REVENUE,
    Item.OPERATING_INCOME,
    Item.INTEREST_EXPENSE,
    Item.INCOME_TAX,
    Item.DEPRECIATION_AMORTIZATION,
    Item.OPERATING_CASH_FLOW,
    Item.CAPITAL_EXPENDITURE,
    Item.DIVIDENDS_PAID,
)
_SELECTED: Final = 3
"""So many of them some annual reports tell of the last quarter alone."""

_INCOME: Final = 7
"""So many of them are told of quarters; cash flows only of the year to date."""

_ALL: Final = len(_FLOWS)
_BALANCE: Final = tuple(
    item for item in Item if item in INSTANT_ITEMS and item is not Item.SHARES_OUTSTANDING
)
_ANNUAL: Final = QUARTERS - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A document of a company about its fiscal quarter `quarter`, counted from its first."""

    quarter: int
    accession: str
    known_at: datetime
    cover: date
    shares: float
    is_amendment: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Figures:
    # By company, quarter and place in `_FLOWS` or `_BALANCE`.
    flow: NDArray[np.float64]
    so_far: NDArray[np.float64]
    balance: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Library:
    """Every report of every company, whether due or not."""

    books: Books
    owner: Sequence[int]
    start: np.datetime64
    listed: NDArray[np.datetime64]
    gone: NDArray[np.datetime64]
    shares: NDArray[np.float64]
    amended_shares: NDArray[np.float64]
    told: _Figures
    actual: _Figures

    def reports(self, column: int, *, until: datetime) -> list[Report]:
        """Return a company's reports known by an instant, by when they were filed."""
        made = (*self._originals(column), *self._amendments(column))
        return sorted(
            (report for report in made if report.known_at <= until),
            key=lambda report: (report.known_at, report.accession),
        )

    def facts(
        self, symbol: Symbol, column: int, *, reports: Sequence[Report]
    ) -> Iterator[FinancialFact]:
        """Give the figures of reports, in their order."""
        starts = self.books.fiscal.start[:, column].tolist()
        ends = self.books.fiscal.end[:, column].tolist()
        for report in reports:
            for item, start, end, value in self._lines(column, report, starts=starts, ends=ends):
                if value == value:  # noqa: PLR0124 - NaN, at a fraction of the cost of isnan.
                    yield FinancialFact(
                        symbol=symbol,
                        item=item,
                        period_start=start,
                        period_end=end,
                        value=value,
                        known_at=report.known_at,
                        document=report.accession,
                    )

    def _originals(self, column: int) -> Iterator[Report]:
        fiscal = self.books.fiscal
        for quarter in np.flatnonzero(self._is_told(column)).tolist():
            filed = fiscal.filed[quarter, column].item()
            yield Report(
                quarter=quarter,
                accession=accession(self.owner[column], filed, 2 * quarter),
                known_at=instant(filed, int(fiscal.second[quarter, column])),
                cover=fiscal.cover[quarter, column].item(),
                shares=float(self.shares[quarter, column]),
                is_amendment=False,
            )

    def _amendments(self, column: int) -> Iterator[Report]:
        again = self.books.restatements
        told = self._is_told(column)[_ANNUAL::QUARTERS] & (again.quarter[:, column] >= 0)
        told &= again.filed[:, column] < self.gone[column]
        for year in np.flatnonzero(told).tolist():
            filed, quarter = again.filed[year, column].item(), QUARTERS * year + _ANNUAL
            yield Report(
                quarter=quarter,
                accession=accession(self.owner[column], filed, 2 * quarter + 1),
                known_at=instant(filed, int(again.second[year, column])),
                cover=again.cover[year, column].item(),
                shares=float(self.amended_shares[year, column]),
                is_amendment=True,
            )

    def _is_told(self, column: int) -> NDArray[np.bool_]:
        # Founders bring a history; who lists later first tells of the quarter it lists in.
        filed, end = self.books.fiscal.filed[:, column], self.books.fiscal.end[:, column]
        told: NDArray[np.bool_] = (filed > end) & (filed < self.gone[column])
        if self.listed[column] > self.start:
            told &= (end >= self.listed[column]) & (filed > self.listed[column])
        return told

    def _lines(
        self, column: int, report: Report, *, starts: Sequence[date], ends: Sequence[date]
    ) -> Iterator[tuple[Item, date | None, date, float]]:
        figures = self.actual if report.is_amendment else self.told
        for first, last, count in self._periods(column, report):
            values = figures.flow if first == last else figures.so_far
            told = values[column, last, :count].tolist()
            for item, value in zip(_FLOWS, told, strict=False):
                yield item, starts[first], ends[last], value
        balance = figures.balance[column, report.quarter].tolist()
        for item, value in zip(_BALANCE, balance, strict=True):
            yield item, None, ends[report.quarter], value
        yield Item.SHARES_OUTSTANDING, None, report.cover, report.shares

    def _periods(self, column: int, report: Report) -> Iterator[tuple[int, int, int]]:
        # The first and last quarter of each period told, and how many of the flows.
        place = report.quarter % QUARTERS
        opening = report.quarter - place
        yield opening, report.quarter, _ALL
        if place != _ANNUAL and place > 0:
            yield report.quarter, report.quarter, _INCOME
        if report.is_amendment:
            yield from self._corrected(column, opening)
        if place == _ANNUAL and self.books.business.tells_last_quarter[column]:
            yield report.quarter, report.quarter, _SELECTED

    def _corrected(self, column: int, opening: int) -> Iterator[tuple[int, int, int]]:
        # What quarterly reports told wrong: the quarter, and the year to date from it on.
        wrong = int(self.books.restatements.quarter[opening // QUARTERS, column])
        if wrong != _ANNUAL:
            yield opening + wrong, opening + wrong, _INCOME
        for later in range(max(wrong, 1), _ANNUAL):
            yield opening, opening + later, _INCOME


def write_library(seed: int, market: Market) -> Library:
    """Return the reports of every company of the market."""
    books = keep_books(seed, market)
    companies = market.companies
    return Library(
        books=books,
        owner=companies.owner.tolist(),
        start=market.sessions[0],
        listed=capital.listing_days(market),
        gone=capital.last_days(market),
        shares=capital.shares_outstanding(seed, market, books.fiscal.cover),
        amended_shares=capital.shares_outstanding(seed, market, books.restatements.cover),
        told=_figures(books.told),
        actual=_figures(books.actual),
    )


def _figures(values: Mapping[Item, NDArray[np.float64]]) -> _Figures:
    flow = np.stack([values[item].T for item in _FLOWS], axis=2)
    years = flow.reshape(len(flow), -1, QUARTERS, len(_FLOWS))
    return _Figures(
        flow=flow,
        so_far=np.cumsum(years, axis=2).reshape(flow.shape),
        balance=np.stack([values[item].T for item in _BALANCE], axis=2),
    )
