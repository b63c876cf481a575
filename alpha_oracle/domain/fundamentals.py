"""Figures of companies' statements, each with the filing that told it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - construction compares them.
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import Absence
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow


class StatementItem(StrEnum):
    """A line of the statements, under one name whatever a source calls it. Amounts are USD."""

    REVENUE = "revenue"
    COST_OF_REVENUE = "cost_of_revenue"
    GROSS_PROFIT = "gross_profit"
    OPERATING_INCOME = "operating_income"
    NET_INCOME = "net_income"
    DEPRECIATION_AMORTIZATION = "depreciation_amortization"
    INTEREST_EXPENSE = "interest_expense"
    INCOME_TAX = "income_tax"
    OPERATING_CASH_FLOW = "operating_cash_flow"
    CAPITAL_EXPENDITURE = "capital_expenditure"
    DIVIDENDS_PAID = "dividends_paid"
    TOTAL_ASSETS = "total_assets"
    CURRENT_ASSETS = "current_assets"
    TOTAL_LIABILITIES = "total_liabilities"
    CURRENT_LIABILITIES = "current_liabilities"
    EQUITY = "equity"
    CASH = "cash"
    SHORT_TERM_DEBT = "short_term_debt"
    LONG_TERM_DEBT = "long_term_debt"
    SHARES_OUTSTANDING = "shares_outstanding"


ITEMS: Final = tuple(StatementItem)
"""In the order that `FactColumns.item` counts them."""

INSTANT_ITEMS: Final = frozenset(
    {
        StatementItem.TOTAL_ASSETS,
        StatementItem.CURRENT_ASSETS,
        StatementItem.TOTAL_LIABILITIES,
        StatementItem.CURRENT_LIABILITIES,
        StatementItem.EQUITY,
        StatementItem.CASH,
        StatementItem.SHORT_TERM_DEBT,
        StatementItem.LONG_TERM_DEBT,
        StatementItem.SHARES_OUTSTANDING,
    }
)
"""Items of a day; the others are of a period (a quarter, the year to date, a year)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancialFact:
    """A figure as one document gave it.

    `period_start` (None for an item of a day) and `period_end` are both included. `value` is USD,
    or shares as then counted; costs, expenditure and dividends paid are positive. `known_at` is
    when the public could read `document` (an accession number where there is one).
    """

    symbol: Symbol
    item: StatementItem
    period_start: date | None
    period_end: date
    value: float
    known_at: datetime
    document: str

    def __post_init__(self) -> None:
        if (self.period_start is None) != (self.item in INSTANT_ITEMS):
            raise ValueError(f"{self.symbol} {self.item}: period start {self.period_start}")
        if self.period_start is not None and self.period_start >= self.period_end:
            raise ValueError(f"{self.symbol} {self.item}: ends before its start")
        if not isfinite(self.value):
            raise ValueError(f"{self.symbol} {self.item}: value {self.value}")
        if self.known_at.date() < self.period_end:
            raise ValueError(f"{self.symbol} {self.item}: known before {self.period_end} is over")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFacts:
    """What a source told of one symbol's statements.

    `absence` tells why there is nothing; both empty: nothing new since it was asked last.
    """

    facts: tuple[FinancialFact, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    absence: Absence | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactColumns:
    """Facts as arrays of one length, every revision a row of its own.

    Rows ascend by symbol, then `known_at`, then item, period end and start. `symbols` is the
    ascending dictionary of `symbol_index`; `item` counts `ITEMS`; `period_start` is NaT for items
    of a day; `known_at` is UTC.
    """

    symbols: tuple[Symbol, ...]
    symbol_index: NDArray[np.int32]
    item: NDArray[np.int16]
    period_start: NDArray[np.datetime64]
    period_end: NDArray[np.datetime64]
    value: NDArray[np.float64]
    known_at: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.value)
