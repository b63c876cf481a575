"""What the columns of statement files are called, by us and by SimFin, and what they hold.

A file of ours names the end of a period `period_end`, and writes costs as positive amounts. One
of SimFin's names it `Report Date`, and writes what goes out as negative ones. The two share names,
as `Cost of Revenue`: by the name of that one column they are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.files.headers import plain_name
from alpha_oracle.adapters.files.records import columns_by_key, require_columns
from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, StatementItem
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SYMBOL: Final = "symbol"
PERIOD_END: Final = "period_end"
PERIOD_START: Final = "period_start"
FISCAL_PERIOD: Final = "fiscal_period"
KNOWN_AT: Final = "known_at"
PUBLISHED: Final = "publish_date"
RESTATED: Final = "restated_date"
CURRENCY: Final = "currency"
DOCUMENT: Final = "document"
ITEM: Final = "item"
VALUE: Final = "value"

_REPORT_DATE: Final = "report_date"
_REQUIRED: Final = {
    SYMBOL: ("symbol", "ticker", "ticker_symbol"),
    PERIOD_END: ("period_end", _REPORT_DATE),
}
_OPTIONAL: Final = {
    name: (name,)
    for name in (
        PERIOD_START,
        FISCAL_PERIOD,
        KNOWN_AT,
        PUBLISHED,
        RESTATED,
        CURRENCY,
        DOCUMENT,
        ITEM,
        VALUE,
    )
}
_OURS: Final[Mapping[str, Sequence[str]]] = {item: (item.value,) for item in StatementItem}
_SIMFIN_NAMES: Final = {
    StatementItem.REVENUE: "Revenue",
    StatementItem.COST_OF_REVENUE: "Cost of Revenue",
    StatementItem.GROSS_PROFIT: "Gross Profit",
    StatementItem.OPERATING_INCOME: "Operating Income (Loss)",
    StatementItem.NET_INCOME: "Net Income",
    StatementItem.DEPRECIATION_AMORTIZATION: "Depreciation & Amortization",
    StatementItem.INTEREST_EXPENSE: "Interest Expense, Net",
    StatementItem.INCOME_TAX: "Income Tax (Expense) Benefit, Net",
    StatementItem.OPERATING_CASH_FLOW: "Net Cash from Operating Activities",
    StatementItem.CAPITAL_EXPENDITURE: "Change in Fixed Assets & Intangibles",
    StatementItem.DIVIDENDS_PAID: "Dividends Paid",
    StatementItem.TOTAL_ASSETS: "Total Assets",
    StatementItem.CURRENT_ASSETS: "Total Current Assets",
    StatementItem.TOTAL_LIABILITIES: "Total Liabilities",
    StatementItem.CURRENT_LIABILITIES: "Total Current Liabilities",
    StatementItem.EQUITY: "Total Equity",
    StatementItem.CASH: "Cash, Cash Equivalents & Short Term Investments",
    StatementItem.SHORT_TERM_DEBT: "Short Term Debt",
    StatementItem.LONG_TERM_DEBT: "Long Term Debt",
}
# Its share counts are averages over the period, none is of a day: they are not taken.
_SIMFIN: Final[Mapping[str, Sequence[str]]] = {
    item: (name,) for item, name in _SIMFIN_NAMES.items()
}
_SIMFIN_GOES_OUT: Final = frozenset(
    {
        StatementItem.COST_OF_REVENUE,
        StatementItem.INTEREST_EXPENSE,
        StatementItem.INCOME_TAX,
        StatementItem.CAPITAL_EXPENDITURE,
        StatementItem.DIVIDENDS_PAID,
    }
)


@dataclass(slots=True, kw_only=True)
class StatementColumns:
    """Which column holds what, filled by `choose` from a file's header."""

    path: Path
    is_simfin: bool = False
    items: tuple[StatementItem, ...] = ()
    present: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_long(self) -> bool:
        """Whether a row is one figure, not a statement."""
        return ITEM in self.present

    def sign(self, item: StatementItem) -> float:
        """What an item is multiplied with to be positive where something goes out."""
        return -1.0 if self.is_simfin and item in _SIMFIN_GOES_OUT else 1.0

    def choose(self, names: Sequence[str]) -> dict[str, str]:
        """Return the columns to read, by key.

        Raises:
            DataError: there is no symbol, no end of the period, no figure, or nothing that tells
                when the public could know one.
        """
        chosen = columns_by_key(names, {**_REQUIRED, **_OPTIONAL}, path=self.path)
        self._require_knowledge(chosen)
        require_columns(chosen, names, _REQUIRED, path=self.path)
        self.is_simfin = plain_name(chosen[PERIOD_END]) == plain_name(_REPORT_DATE)
        chosen |= self._figures(chosen, names)
        self.present = frozenset(chosen)
        self._require_periods()
        return chosen

    def _figures(self, chosen: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
        if (ITEM in chosen) != (VALUE in chosen):
            raise DataError(f"{self.path}: columns item and value go together; one is missing")
        if ITEM in chosen:
            return {}
        spellings = _SIMFIN if self.is_simfin else _OURS
        found = columns_by_key(names, spellings, path=self.path)
        if self.is_simfin and StatementItem.OPERATING_CASH_FLOW not in found:
            # Beside income it is only the part that is told apart there, below zero.
            found.pop(StatementItem.DEPRECIATION_AMORTIZATION, None)
        self.items = tuple(item for item in StatementItem if item in found)
        if not found:
            raise DataError(
                f"{self.path} has no column with a figure; found {', '.join(names)}; expected "
                f"item and value, or columns such as {', '.join(list(StatementItem)[:5])}"
            )
        return found

    def _require_knowledge(self, chosen: Mapping[str, str]) -> None:
        if KNOWN_AT not in chosen and PUBLISHED not in chosen:
            raise DataError(
                f"{self.path} does not tell when the public could know its figures: add a column "
                "known_at (an instant like 2016-02-01T21:30:00Z, or a date) or publish_date, with "
                "restated_date where figures were restated later"
            )

    def _require_periods(self) -> None:
        if self.is_long or self.present & {PERIOD_START, FISCAL_PERIOD}:
            return
        periods = [item for item in self.items if item not in INSTANT_ITEMS]
        if periods:
            raise DataError(
                f"{self.path} does not tell which period its {periods[0]} is of: add a column "
                "period_start, or fiscal_period (FY for a year, Q1 to Q4 for a quarter)"
            )
