"""Statements in the shapes of Alpha Vantage, from a table of quarters."""

from dataclasses import dataclass

STATEMENTS = {
    "INCOME_STATEMENT": (
        *("totalRevenue", "costOfRevenue", "grossProfit", "operatingIncome", "netIncome"),
        *("costofGoodsAndServicesSold", "researchAndDevelopment", "incomeTaxExpense"),
        *("interestExpense", "depreciationAndAmortization", "ebit", "ebitda"),
    ),
    "BALANCE_SHEET": (
        *("totalAssets", "totalCurrentAssets", "totalLiabilities", "totalCurrentLiabilities"),
        *("cashAndCashEquivalentsAtCarryingValue", "cashAndShortTermInvestments"),
        *("currentDebt", "shortTermDebt", "longTermDebt", "currentLongTermDebt"),
        *("longTermDebtNoncurrent", "shortLongTermDebtTotal", "totalShareholderEquity"),
        "commonStockSharesOutstanding",
    ),
    "CASH_FLOW": (
        *("operatingCashflow", "capitalExpenditures", "dividendPayout", "netIncome"),
        *("depreciationDepletionAndAmortization", "cashflowFromInvestment"),
    ),
}
FUNCTIONS = frozenset({*STATEMENTS, "EARNINGS", "OVERVIEW"})


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A quarter of a company; a figure by its name in whatever statement has it.

    `announced` of None: not listed among the earnings. The last of a fiscal year has the year's
    figures of flows in `year`.
    """

    end: str
    announced: str | None
    figures: dict
    at: str | None = None
    eps: str = "1.00"
    year: dict | None = None


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company's quarters, oldest first, and what the overview counts as its shares."""

    quarters: tuple
    shares: str = "1000"
    currency: str = "USD"

    def document(self, function, ticker):
        """The answer to one of the five functions."""
        if function == "OVERVIEW":
            return self._overview(ticker)
        if function == "EARNINGS":
            return self._earnings(ticker)
        newest_first = self.quarters[::-1]
        return {
            "symbol": ticker,
            "annualReports": [
                self._report(function, quarter, {**quarter.figures, **quarter.year})
                for quarter in newest_first
                if quarter.year is not None
            ],
            "quarterlyReports": [
                self._report(function, quarter, quarter.figures) for quarter in newest_first
            ],
        }

    def _overview(self, ticker):
        return {
            "Symbol": ticker,
            "AssetType": "Common Stock",
            "Currency": "USD",
            "PERatio": "14.1327",
            "SharesOutstanding": self.shares,
        }

    def _earnings(self, ticker):
        announced = [one for one in self.quarters[::-1] if one.announced is not None]
        # The first annual entry is of a year that is not over.
        return {
            "symbol": ticker,
            "annualEarnings": [
                {"fiscalDateEnding": one.end, "reportedEPS": "4.1"} for one in announced[:1]
            ],
            "quarterlyEarnings": [_announcement(one) for one in announced],
        }

    def _report(self, function, quarter, figures):
        names = STATEMENTS[function]
        return {
            "fiscalDateEnding": quarter.end,
            "reportedCurrency": self.currency,
            **{name: str(figures.get(name, "None")) for name in names},
        }


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A company whose answers are on file, by function; the others are empty objects."""

    documents: dict

    def document(self, function, _ticker):
        """The answer on file."""
        return self.documents.get(function, {})


def _announcement(quarter):
    told = {
        "fiscalDateEnding": quarter.end,
        "reportedDate": quarter.announced,
        "reportedEPS": quarter.eps,
        "estimatedEPS": "0.90",
        "surprise": "0.1",
        "surprisePercentage": "11.1111",
    }
    return told if quarter.at is None else {**told, "reportTime": quarter.at}
