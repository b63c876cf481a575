"""A formula: a pure function whose parameters name panel fields or other formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PANEL_FIELDS: Final = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "traded_open",
    "traded_close",
    "split",
    "dividend",
    "split_factor",
)
"""Of bars, `sessions x symbols`."""

MARKET_FIELDS: Final = ("vix", "spy")
"""Of the market, one value a session: VIX in points, SPY as a total return level."""

REPORT_FIELDS: Final = (
    "revenue_ttm",
    "revenue_ttm_prior",
    "gross_profit_ttm",
    "operating_income_ttm",
    "ebitda_ttm",
    "net_income_ttm",
    "net_income_ttm_prior",
    "operating_cash_flow_ttm",
    "free_cash_flow_ttm",
    "interest_expense_ttm",
    "dividends_paid_ttm",
    "total_assets",
    "total_assets_prior",
    "current_assets",
    "total_liabilities",
    "current_liabilities",
    "equity",
    "equity_prior",
    "cash",
    "total_debt",
    "shares",
    "shares_prior",
)
"""Of the statements known on a session, USD: sums of four quarters (`ttm`) or the newest balance.

`prior` is the same a year before. `shares` are counted in shares of the symbol's first bar, so
that times `split_factor` they are those of the session.
"""

SHORT_FIELDS: Final = (
    "short_shares",
    "short_shares_before",
    "short_shares_mean_24",
    "short_shares_deviation_24",
    "short_volume",
)
"""Of the short interest known on a session, in shares of the symbol's first bar.

`before` is the report before; mean and sample deviation are of the newest 24 reports (a year);
`short_volume` is the average daily volume that came with the report.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Formula:
    """A function and where each of its parameters comes from, in their order."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[str | Formula, ...]

    def fields(self) -> frozenset[str]:
        """The panel fields it reads, directly or through other formulas."""
        return frozenset(
            name
            for parameter in self.parameters
            for name in ({parameter} if isinstance(parameter, str) else parameter.fields())
        )

    def functions(self) -> Iterator[Callable[..., Any]]:
        """Its function and those of the formulas it stands on."""
        yield self.function
        for parameter in self.parameters:
            if isinstance(parameter, Formula):
                yield from parameter.functions()
