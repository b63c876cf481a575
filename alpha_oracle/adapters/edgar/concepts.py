"""Which XBRL concepts tell an item of the statements, the best first.

Companies change the concept they use over time, so that each document is asked for the first
measure it has of a period. Measures of one tier are names of the same figure, and a later document
may revise the one with the other; one of a lower tier is narrower or wider (it counts minorities,
restricted cash, one kind of debt) and never revises what a better one told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.domain.fundamentals import StatementItem

if TYPE_CHECKING:
    from collections.abc import Mapping

Measure: TypeAlias = tuple[str, ...]
"""Concepts that are summed up; one with a minus sign before it is taken away."""

Tier: TypeAlias = tuple[Measure, ...]

COVER_SHARES: Final = "EntityCommonStockSharesOutstanding"
"""In `dei`: shares outstanding by the cover of a document, some weeks after its period."""

BALANCE_SHARES: Final = ("CommonStockSharesOutstanding", "SharesOutstanding")
"""In `us-gaap`: shares at the end of a period, where the cover does not give one number."""


def _same(*concepts: str) -> Tier:
    return tuple((concept,) for concept in concepts)


MEASURES: Final[Mapping[StatementItem, tuple[Tier, ...]]] = {
    StatementItem.REVENUE: (
        _same(
            "Revenues",
            "RevenueFromContractWithCustomerExcludingAssessedTax",
            "SalesRevenueNet",
            "RevenuesNetOfInterestExpense",
            "RevenueFromContractWithCustomerIncludingAssessedTax",
        ),
        (
            ("SalesRevenueGoodsNet", "SalesRevenueServicesNet"),
            ("InterestAndDividendIncomeOperating", "NoninterestIncome"),
        ),
        _same("SalesRevenueGoodsNet", "SalesRevenueServicesNet"),
    ),
    StatementItem.COST_OF_REVENUE: (
        _same("CostOfRevenue", "CostOfGoodsAndServicesSold"),
        (("CostOfGoodsSold", "CostOfServices"),),
        _same("CostOfGoodsSold", "CostOfServices"),
    ),
    StatementItem.GROSS_PROFIT: (_same("GrossProfit"),),
    StatementItem.OPERATING_INCOME: (_same("OperatingIncomeLoss"),),
    StatementItem.NET_INCOME: (
        _same("NetIncomeLoss"),
        _same("NetIncomeLossAvailableToCommonStockholdersBasic"),
        _same("ProfitLoss"),
    ),
    StatementItem.DEPRECIATION_AMORTIZATION: (
        _same("DepreciationDepletionAndAmortization", "DepreciationAmortizationAndAccretionNet"),
        _same("DepreciationAndAmortization"),
        (("Depreciation", "AmortizationOfIntangibleAssets"),),
    ),
    StatementItem.INTEREST_EXPENSE: (
        _same("InterestExpense", "InterestExpenseNonoperating"),
        _same("InterestAndDebtExpense"),
        _same("InterestExpenseDebt"),
    ),
    StatementItem.INCOME_TAX: (_same("IncomeTaxExpenseBenefit"),),
    StatementItem.OPERATING_CASH_FLOW: (
        _same("NetCashProvidedByUsedInOperatingActivities"),
        _same("NetCashProvidedByUsedInOperatingActivitiesContinuingOperations"),
    ),
    StatementItem.CAPITAL_EXPENDITURE: (
        _same("PaymentsToAcquirePropertyPlantAndEquipment", "PaymentsToAcquireProductiveAssets"),
        _same("PaymentsToAcquireOtherPropertyPlantAndEquipment", "PaymentsForCapitalImprovements"),
    ),
    StatementItem.DIVIDENDS_PAID: (
        _same("PaymentsOfDividends"),
        _same("PaymentsOfDividendsCommonStock", "PaymentsOfOrdinaryDividends"),
    ),
    StatementItem.TOTAL_ASSETS: (_same("Assets"),),
    StatementItem.CURRENT_ASSETS: (_same("AssetsCurrent"),),
    StatementItem.TOTAL_LIABILITIES: (_same("Liabilities"),),
    StatementItem.CURRENT_LIABILITIES: (_same("LiabilitiesCurrent"),),
    StatementItem.EQUITY: (
        _same("StockholdersEquity"),
        _same("StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"),
    ),
    StatementItem.CASH: (
        _same("CashAndCashEquivalentsAtCarryingValue"),
        _same("CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"),
    ),
    StatementItem.SHORT_TERM_DEBT: (
        _same("DebtCurrent"),
        (
            ("ShortTermBorrowings", "LongTermDebtCurrent"),
            ("CommercialPaper", "LongTermDebtCurrent"),
        ),
        _same("LongTermDebtCurrent", "LongTermDebtAndCapitalLeaseObligationsCurrent"),
        _same("ShortTermBorrowings", "CommercialPaper"),
    ),
    StatementItem.LONG_TERM_DEBT: (
        _same("LongTermDebtNoncurrent", "LongTermDebtAndCapitalLeaseObligations"),
        (("LongTermDebt", "-LongTermDebtCurrent"),),
        _same("LongTermDebt"),
    ),
}
"""All but the shares outstanding, in USD."""

CONCEPTS: Final = frozenset(
    concept.removeprefix("-")
    for tiers in MEASURES.values()
    for tier in tiers
    for measure in tier
    for concept in measure
)
