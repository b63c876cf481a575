"""What the market pays for a company: its price against what the statements known then tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.declaration import feature, shared
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel


@shared
def market_cap(traded_close: Panel, split_factor: Panel, shares: Panel) -> Panel:
    """Close as traded x the newest known count of shares, in the shares of the session, USD."""
    return traded_close * split_factor * shares


@feature(
    group="fundamental", inputs=("traded_close", "split_factor", "shares"), lookback_sessions=1
)
def log_market_cap(market_cap: Panel) -> Panel:
    """Natural logarithm of the market value of equity in USD: ln(close x shares).

    Size, Banz (1981). NaN where the count of shares is unknown.
    """
    return np.log(market_cap)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "net_income_ttm"),
    lookback_sessions=1,
)
def pe_ttm(market_cap: Panel, net_income_ttm: Panel) -> Panel:
    """Price to earnings of four quarters: market value / net income.

    NaN where nothing was earned: a price per dollar of loss orders nothing. `earnings_yield` is
    known there.
    """
    return over_positive(market_cap, net_income_ttm)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "net_income_ttm"),
    lookback_sessions=1,
)
def earnings_yield(market_cap: Panel, net_income_ttm: Panel) -> Panel:
    """Earnings of four quarters as a fraction of price: net income / market value.

    Basu (1977); negative with a loss.
    """
    return over_positive(net_income_ttm, market_cap)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "equity"),
    lookback_sessions=1,
)
def pb(market_cap: Panel, equity: Panel) -> Panel:
    """Price to book: market value / shareholders' equity.

    NaN where equity is not positive.
    """
    return over_positive(market_cap, equity)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "equity"),
    lookback_sessions=1,
)
def book_to_market(market_cap: Panel, equity: Panel) -> Panel:
    """Book value as a fraction of price: shareholders' equity / market value.

    Fama and French (1992), who leave out companies whose equity is not positive: NaN there.
    """
    return 1.0 / over_positive(market_cap, equity)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "revenue_ttm"),
    lookback_sessions=1,
)
def ps(market_cap: Panel, revenue_ttm: Panel) -> Panel:
    """Price to sales of four quarters: market value / revenue.

    Barbee, Mukherji and Raines (1996). NaN where nothing was sold.
    """
    return over_positive(market_cap, revenue_ttm)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "total_debt", "cash", "ebitda_ttm"),
    lookback_sessions=1,
)
def ev_to_ebitda(market_cap: Panel, total_debt: Panel, cash: Panel, ebitda_ttm: Panel) -> Panel:
    """Enterprise value to EBITDA of four quarters: (market value + debt - cash) / EBITDA.

    Loughran and Wellman (2011), without preferred stock and minorities. NaN where EBITDA is not
    positive.
    """
    return over_positive(market_cap + total_debt - cash, ebitda_ttm)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "free_cash_flow_ttm"),
    lookback_sessions=1,
)
def free_cash_flow_yield(market_cap: Panel, free_cash_flow_ttm: Panel) -> Panel:
    """Free cash flow of four quarters as a fraction of price: cash flow / market value.

    Operating cash flow less capital expenditure; after Lakonishok, Shleifer and Vishny (1994).
    """
    return over_positive(free_cash_flow_ttm, market_cap)


@feature(
    group="fundamental",
    inputs=("traded_close", "split_factor", "shares", "dividends_paid_ttm"),
    lookback_sessions=1,
)
def dividend_yield(market_cap: Panel, dividends_paid_ttm: Panel) -> Panel:
    """Dividends paid in four quarters as a fraction of price: dividends / market value.

    Litzenberger and Ramaswamy (1979). NaN where the statements tell of none: a company that pays
    nothing leaves the line out.
    """
    return over_positive(dividends_paid_ttm, market_cap)
