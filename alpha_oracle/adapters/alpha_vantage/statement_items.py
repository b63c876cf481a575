"""From Alpha Vantage's statements to facts: which figure is which item, and since when known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement
from alpha_oracle.adapters.alpha_vantage.statement_reports import QUARTER, YEAR, read_reports
from alpha_oracle.adapters.alpha_vantage.translate import read_number, refused_row
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, FinancialFact, StatementItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from alpha_oracle.adapters.alpha_vantage.announcements import Announcements
    from alpha_oracle.adapters.alpha_vantage.statement_reports import Length
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow

    Figure = tuple[Statement, str]

_INCOME: Final = Statement.INCOME_STATEMENT
_BALANCE: Final = Statement.BALANCE_SHEET
_CASH: Final = Statement.CASH_FLOW

# The first that is given counts. `costofGoodsAndServicesSold` is no second name of the cost of
# revenue: the two differ by orders of magnitude. `currentDebt` counts the current part of
# long-term debt twice where `shortTermDebt`, which has it in, is given beside it.
FIGURES: Final[Mapping[StatementItem, tuple[Figure, ...]]] = {
    StatementItem.REVENUE: ((_INCOME, "totalRevenue"),),
    StatementItem.COST_OF_REVENUE: ((_INCOME, "costOfRevenue"),),
    StatementItem.GROSS_PROFIT: ((_INCOME, "grossProfit"),),
    StatementItem.OPERATING_INCOME: ((_INCOME, "operatingIncome"),),
    StatementItem.NET_INCOME: ((_INCOME, "netIncome"),),
    StatementItem.DEPRECIATION_AMORTIZATION: (
        (_CASH, "depreciationDepletionAndAmortization"),
        (_INCOME, "depreciationAndAmortization"),
    ),
    StatementItem.INTEREST_EXPENSE: ((_INCOME, "interestExpense"),),
    StatementItem.INCOME_TAX: ((_INCOME, "incomeTaxExpense"),),
    StatementItem.OPERATING_CASH_FLOW: ((_CASH, "operatingCashflow"),),
    StatementItem.CAPITAL_EXPENDITURE: ((_CASH, "capitalExpenditures"),),
    StatementItem.DIVIDENDS_PAID: ((_CASH, "dividendPayout"),),
    StatementItem.TOTAL_ASSETS: ((_BALANCE, "totalAssets"),),
    StatementItem.CURRENT_ASSETS: ((_BALANCE, "totalCurrentAssets"),),
    StatementItem.TOTAL_LIABILITIES: ((_BALANCE, "totalLiabilities"),),
    StatementItem.CURRENT_LIABILITIES: ((_BALANCE, "totalCurrentLiabilities"),),
    StatementItem.EQUITY: ((_BALANCE, "totalShareholderEquity"),),
    StatementItem.CASH: ((_BALANCE, "cashAndCashEquivalentsAtCarryingValue"),),
    StatementItem.SHORT_TERM_DEBT: ((_BALANCE, "shortTermDebt"), (_BALANCE, "currentDebt")),
    StatementItem.LONG_TERM_DEBT: (
        (_BALANCE, "longTermDebtNoncurrent"),
        (_BALANCE, "longTermDebt"),
    ),
    StatementItem.SHARES_OUTSTANDING: ((_BALANCE, "commonStockSharesOutstanding"),),
}
_OUTFLOWS: Final = frozenset({StatementItem.CAPITAL_EXPENDITURE, StatementItem.DIVIDENDS_PAID})
"""What was paid out comes positive mostly, and negative as in a cash flow statement at times."""

_SHARES: Final = "SharesOutstanding"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyFacts:
    """What the statements of one symbol say, and what of them cannot be used."""

    facts: tuple[FinancialFact, ...]
    refused: tuple[RefusedRow, ...]


@dataclass(slots=True, kw_only=True)
class _Reader:
    symbol: Symbol
    announcements: Announcements
    received_at: datetime
    facts: dict[tuple[StatementItem, date, date | None], FinancialFact]
    refused: list[RefusedRow]

    def read(self, documents: Mapping[Statement, Mapping[str, object]], length: Length) -> None:
        today = self.received_at.astimezone(NEW_YORK).date()
        by_end: dict[date, dict[Statement, Mapping[str, str]]] = {}
        for statement, document in documents.items():
            reports = read_reports(
                document, self.symbol, statement=statement, length=length, today=today
            )
            self.refused += reports.refused
            for end, figures in reports.by_end.items():
                by_end.setdefault(end, {})[statement] = figures
        for end in sorted(by_end):
            self._take(by_end[end], end, length)

    def _take(
        self, reports: Mapping[Statement, Mapping[str, str]], end: date, length: Length
    ) -> None:
        # Without an announcement it is known since it came, never earlier.
        known_at = self.announcements.known_at(end) or self.received_at
        for item, value in self._values(reports, end, length):
            start = None if item in INSTANT_ITEMS else length.start_of(end)
            fact = FinancialFact(
                symbol=self.symbol,
                item=item,
                period_start=start,
                period_end=end,
                value=value,
                known_at=known_at,
                # Not the statement's own name: should a figure come from another one next time,
                # it is a correction of now, not another document of then.
                document=f"{length.name} to {end}",
            )
            # The last day of a year is one of a quarter too, read before.
            self.facts.setdefault((item, end, start), fact)

    def _values(
        self, reports: Mapping[Statement, Mapping[str, str]], end: date, length: Length
    ) -> Iterator[tuple[StatementItem, float]]:
        for item, candidates in FIGURES.items():
            for statement, name in candidates:
                figures = reports.get(statement, {})
                try:
                    value = _value(item, figures, name)
                except ValueError as error:
                    reason = f"{statement} {length.name} to {end}: {error}"
                    self.refused.append(refused_row(self.symbol, reason, figures))
                    break
                if value is not None:
                    yield item, value
                    break


def read_statements(
    documents: Mapping[Statement, Mapping[str, object]],
    symbol: Symbol,
    *,
    announcements: Announcements,
    received_at: datetime,
) -> CompanyFacts:
    """Return the facts of the three statements, ascending by the end of their period.

    Quarterly cash flows are of the quarter alone, as Alpha Vantage gives them.
    """
    reader = _Reader(
        symbol=symbol,
        announcements=announcements,
        received_at=received_at,
        facts={},
        refused=list(announcements.refused),
    )
    for length in (QUARTER, YEAR):
        reader.read({one: documents[one] for one in (_INCOME, _BALANCE, _CASH)}, length)
    facts = sorted(reader.facts.values(), key=lambda fact: (fact.period_end, fact.document))
    return CompanyFacts(facts=tuple(facts), refused=tuple(reader.refused))


def read_overview(
    document: Mapping[str, object], symbol: Symbol, *, received_at: datetime
) -> CompanyFacts:
    """Return the shares now outstanding, as of the New York day they were told.

    Nothing else of an overview is used: it has no date, and its ratios are of prices of then.
    """
    told = {_SHARES: str(document.get(_SHARES, ""))}
    day = received_at.astimezone(NEW_YORK).date()
    try:
        value = _value(StatementItem.SHARES_OUTSTANDING, told, _SHARES)
    except ValueError as error:
        refused = refused_row(symbol, f"OVERVIEW of {day}: {error}", told)
        return CompanyFacts(facts=(), refused=(refused,))
    if value is None:
        return CompanyFacts(facts=(), refused=())
    fact = FinancialFact(
        symbol=symbol,
        item=StatementItem.SHARES_OUTSTANDING,
        period_start=None,
        period_end=day,
        value=value,
        known_at=received_at,
        document=f"overview of {day}",
    )
    return CompanyFacts(facts=(fact,), refused=())


def _value(item: StatementItem, figures: Mapping[str, str], name: str) -> float | None:
    text = read_number(figures, name)
    if text is None:
        return None
    value = float(text)
    if item is StatementItem.SHARES_OUTSTANDING and value <= 0.0:
        raise ValueError(f"{name} {text}: no company has so few shares")
    return abs(value) if item in _OUTFLOWS else value
