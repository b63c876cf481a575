"""How well a company stands: what it owes, what it can pay, and how much of its profit is cash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features.declaration import feature
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@feature(group="fundamental", inputs=("total_debt", "equity"), lookback_sessions=1)
def debt_to_equity(total_debt: Values, equity: Values) -> Values:
    """Debt against equity: (short-term + long-term debt) / shareholders' equity.

    Bhandari (1988), at book value. NaN where equity is not positive.
    """
    return over_positive(total_debt, equity)


@feature(group="fundamental", inputs=("total_liabilities", "total_assets"), lookback_sessions=1)
def liabilities_to_assets(total_liabilities: Values, total_assets: Values) -> Values:
    """All that is owed as a fraction of what is owned: total liabilities / total assets.

    Ohlson (1980). NaN where assets are not positive.
    """
    return over_positive(total_liabilities, total_assets)


@feature(group="fundamental", inputs=("current_assets", "current_liabilities"), lookback_sessions=1)
def current_ratio(current_assets: Values, current_liabilities: Values) -> Values:
    """What is due within a year, covered: current assets / current liabilities.

    NaN where nothing is due.
    """
    return over_positive(current_assets, current_liabilities)


@feature(
    group="fundamental",
    inputs=("operating_income_ttm", "interest_expense_ttm"),
    lookback_sessions=1,
)
def interest_coverage(operating_income_ttm: Values, interest_expense_ttm: Values) -> Values:
    """How often four quarters' interest was earned: operating income / interest expense.

    NaN where no interest was paid.
    """
    return over_positive(operating_income_ttm, interest_expense_ttm)


@feature(
    group="fundamental",
    inputs=("net_income_ttm", "operating_cash_flow_ttm", "total_assets", "total_assets_prior"),
    lookback_sessions=1,
)
def accruals(
    net_income_ttm: Values,
    operating_cash_flow_ttm: Values,
    total_assets: Values,
    total_assets_prior: Values,
) -> Values:
    """Profit that is not cash, as a fraction of mean assets now and a year before.

    (net income - operating cash flow) of four quarters / mean assets: Sloan (1996), measured from
    the cash flow statement as Hribar and Collins (2002) do. NaN where mean assets are not positive.
    """
    mean = 0.5 * (total_assets + total_assets_prior)
    return over_positive(net_income_ttm - operating_cash_flow_ttm, mean)
