"""The five questions about a company, and how the package composes them.

OVERVIEW, the three statements and EARNINGS cost a request each, whatever of them is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alpha_vantage.fundamentaldata import FundamentalData

from alpha_oracle.adapters.alpha_vantage.refusals import EARNINGS, REPORTS, SYMBOL

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Symbol


class Statement(StrEnum):
    """What is asked for, in Alpha Vantage's word for the function, and in the order of asking.

    The announcements come first: they tell whether there is anything new to ask for.
    """

    EARNINGS = "EARNINGS"
    INCOME_STATEMENT = "INCOME_STATEMENT"
    BALANCE_SHEET = "BALANCE_SHEET"
    CASH_FLOW = "CASH_FLOW"
    OVERVIEW = "OVERVIEW"


_HOLDS: Final[Mapping[Statement, str]] = {
    Statement.EARNINGS: EARNINGS,
    Statement.INCOME_STATEMENT: REPORTS,
    Statement.BALANCE_SHEET: REPORTS,
    Statement.CASH_FLOW: REPORTS,
    Statement.OVERVIEW: SYMBOL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementQuestion:
    """One of the five about a symbol: all its history, for there is no asking for less."""

    symbol: Symbol
    statement: Statement

    @property
    def name(self) -> str:
        """What the request is called where answers are kept."""
        return f"{self.statement} {self.symbol}"

    @property
    def holds(self) -> str:
        """The key under which an answer has what is asked for."""
        return _HOLDS[self.statement]

    @property
    def ticker(self) -> str:
        """The symbol as Alpha Vantage lists it: class shares with a hyphen, `BRK-B`."""
        return self.symbol.replace(".", "-")


class StatementRequests(FundamentalData):  # type: ignore[misc]  # the package has no types.
    """Composes the requests; `exchange` sends one and gives the body under any name."""

    def __init__(self, *, key: str, exchange: Callable[[str], Mapping[str, bytes]]) -> None:
        super().__init__(key=key, output_format="json")
        self._exchange = exchange

    def ask(self, question: StatementQuestion) -> bytes:
        """Return the body of the answer."""
        # Annual and quarterly reports come in one answer; the package's pairs ask for the same.
        ways: Mapping[Statement, Callable[[str], tuple[Mapping[str, bytes] | bytes, object]]] = {
            Statement.EARNINGS: self.get_earnings_quarterly,
            Statement.INCOME_STATEMENT: self.get_income_statement_quarterly,
            Statement.BALANCE_SHEET: self.get_balance_sheet_quarterly,
            Statement.CASH_FLOW: self.get_cash_flow_quarterly,
            Statement.OVERVIEW: self.get_company_overview,
        }
        answered, _ = ways[question.statement](question.ticker)
        # Of the overview the package picks nothing out.
        return answered[question.holds] if isinstance(answered, Mapping) else answered

    def _handle_api_call(self, url: str) -> Mapping[str, bytes]:
        return self._exchange(url)
