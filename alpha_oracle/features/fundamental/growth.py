"""How a company's statements moved against those of a year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.declaration import feature
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@feature(group="fundamental", inputs=("revenue_ttm", "revenue_ttm_prior"), lookback_sessions=1)
def revenue_growth(revenue_ttm: Values, revenue_ttm_prior: Values) -> Values:
    """Revenue of four quarters against that of the four a year before, as a fraction.

    revenue / prior - 1; Lakonishok, Shleifer and Vishny (1994). NaN where nothing was sold before.
    """
    return over_positive(revenue_ttm, revenue_ttm_prior) - 1.0


@feature(
    group="fundamental", inputs=("net_income_ttm", "net_income_ttm_prior"), lookback_sessions=1
)
def earnings_growth(net_income_ttm: Values, net_income_ttm_prior: Values) -> Values:
    """Change of four quarters' net income against a year before, as a fraction of its size.

    (net income - prior) / |prior|: after a loss, too, better is positive. NaN where it was 0.
    """
    change = net_income_ttm - net_income_ttm_prior
    return over_positive(change, np.abs(net_income_ttm_prior))


@feature(group="fundamental", inputs=("total_assets", "total_assets_prior"), lookback_sessions=1)
def asset_growth(total_assets: Values, total_assets_prior: Values) -> Values:
    """Total assets against those of a year before, as a fraction: assets / prior - 1.

    Cooper, Gulen and Schill (2008). NaN where there were none.
    """
    return over_positive(total_assets, total_assets_prior) - 1.0


@feature(group="fundamental", inputs=("shares", "shares_prior"), lookback_sessions=1)
def shares_growth(shares: Values, shares_prior: Values) -> Values:
    """Shares outstanding against those of a year before, splits aside, as a fraction.

    Net issuance: shares / prior - 1; Pontiff and Woodgate (2008). NaN where there were none.
    """
    return over_positive(shares, shares_prior) - 1.0
