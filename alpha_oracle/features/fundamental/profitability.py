"""What a company earns on what it sells and what it owns, from the statements known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features.declaration import feature
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@feature(
    group="fundamental", inputs=("net_income_ttm", "equity", "equity_prior"), lookback_sessions=1
)
def roe(net_income_ttm: Values, equity: Values, equity_prior: Values) -> Values:
    """Return on equity: net income of four quarters / mean of equity now and a year before.

    NaN where the mean is not positive.
    """
    return over_positive(net_income_ttm, 0.5 * (equity + equity_prior))


@feature(
    group="fundamental",
    inputs=("net_income_ttm", "total_assets", "total_assets_prior"),
    lookback_sessions=1,
)
def roa(net_income_ttm: Values, total_assets: Values, total_assets_prior: Values) -> Values:
    """Return on assets: net income of four quarters / mean of assets now and a year before.

    NaN where the mean is not positive.
    """
    return over_positive(net_income_ttm, 0.5 * (total_assets + total_assets_prior))


@feature(group="fundamental", inputs=("gross_profit_ttm", "revenue_ttm"), lookback_sessions=1)
def gross_margin(gross_profit_ttm: Values, revenue_ttm: Values) -> Values:
    """Gross profit of four quarters as a fraction of revenue: gross profit / revenue.

    NaN where nothing was sold.
    """
    return over_positive(gross_profit_ttm, revenue_ttm)


@feature(group="fundamental", inputs=("operating_income_ttm", "revenue_ttm"), lookback_sessions=1)
def operating_margin(operating_income_ttm: Values, revenue_ttm: Values) -> Values:
    """Operating income of four quarters as a fraction of revenue: operating income / revenue.

    NaN where nothing was sold.
    """
    return over_positive(operating_income_ttm, revenue_ttm)


@feature(group="fundamental", inputs=("net_income_ttm", "revenue_ttm"), lookback_sessions=1)
def net_margin(net_income_ttm: Values, revenue_ttm: Values) -> Values:
    """Net income of four quarters as a fraction of revenue: net income / revenue.

    NaN where nothing was sold.
    """
    return over_positive(net_income_ttm, revenue_ttm)


@feature(group="fundamental", inputs=("gross_profit_ttm", "total_assets"), lookback_sessions=1)
def gross_profitability(gross_profit_ttm: Values, total_assets: Values) -> Values:
    """Gross profit of four quarters as a fraction of assets: gross profit / total assets.

    Novy-Marx (2013). NaN where assets are not positive.
    """
    return over_positive(gross_profit_ttm, total_assets)


@feature(
    group="fundamental",
    inputs=("revenue_ttm", "total_assets", "total_assets_prior"),
    lookback_sessions=1,
)
def asset_turnover(revenue_ttm: Values, total_assets: Values, total_assets_prior: Values) -> Values:
    """Sales on assets: revenue of four quarters / mean of assets now and a year before.

    NaN where the mean is not positive.
    """
    return over_positive(revenue_ttm, 0.5 * (total_assets + total_assets_prior))
