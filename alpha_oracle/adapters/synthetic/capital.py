"""What the companies are worth to the market, and how many shares of them there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.streams import Purpose, normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.market import Market

_DAYS_A_YEAR: Final = 365.25
_GROWTH_BEFORE: Final = 0.06
_HABIT_QUARTERS: Final = 4.0
"""Half of what a quarter's value still counts after so many quarters."""


def last_bars(market: Market) -> NDArray[np.int64]:
    """Return the row of the last bar at or before each session, -1 before the first.

    `sessions x companies`.
    """
    rows = np.arange(len(market.sessions))[:, None]
    return np.maximum.accumulate(np.where(np.isnan(market.bars.close), -1, rows), axis=0)


def capitalisations(market: Market, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return what each company was worth at the last close on or before days, USD.

    `days` is `quarters x companies`, ascending. Shares are those before any buyback. Before its
    listing a company is worth what it listed at, less steady growth.
    """
    companies = market.companies
    columns = np.arange(len(companies.symbols))
    row = np.searchsorted(market.sessions, days, side="right") - 1
    bar = np.where(row < 0, -1, last_bars(market)[np.maximum(row, 0), columns])
    traded = np.maximum(bar, 0)
    price = market.bars.close[traded, columns] * market.actions.shares[traded, columns]
    early = _years(listing_days(market) - days)
    before = companies.character.first_price_usd * np.exp(-_GROWTH_BEFORE * np.maximum(early, 0.0))
    return companies.character.shares * np.where(bar < 0, before, price)


def habitual_worth(capital: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slow average, by quarter, that companies' businesses follow, USD."""
    weight = 1.0 - 0.5 ** (1.0 / _HABIT_QUARTERS)
    logs = np.log(capital)
    for quarter in range(1, len(logs)):
        logs[quarter] = logs[quarter - 1] + weight * (logs[quarter] - logs[quarter - 1])
    return np.exp(logs)


def shares_outstanding(
    seed: int, market: Market, days: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return the share counts of days, as then counted: after splits, buybacks and issues.

    `days` has one column a company.
    """
    companies = market.companies
    pace = normals(seed, Purpose.BUYBACK, owners=companies.owner, count=1)[0]
    yearly = np.clip(0.012 + 0.015 * pace, -0.03, 0.05)
    kept = np.exp(-yearly * _years(days - listing_days(market)))
    row = np.maximum(np.searchsorted(market.sessions, days, side="right") - 1, 0)
    split = market.actions.shares[row, np.arange(len(companies.symbols))]
    return np.asarray(np.round(companies.character.shares * kept * split))


def dividends_paid(
    market: Market, days: NDArray[np.datetime64], *, capital: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the cash paid out in the quarters that end on `days`, USD; NaN for who never pays.

    What was paid before the market's start is what was usual.
    """
    companies = market.companies
    columns = np.arange(len(companies.symbols))
    listed = companies.is_listed(len(market.sessions))
    paid = np.where(listed, market.actions.dividend * market.actions.shares, 0.0)
    so_far = np.concatenate([np.zeros((1, len(columns))), np.cumsum(paid, axis=0)])
    at = so_far[np.searchsorted(market.sessions, days, side="right"), columns]
    told = companies.character.shares * np.diff(at, axis=0, prepend=0.0)
    usual = companies.character.quarterly_yield * capital
    begun = days - np.timedelta64(92, "D") >= listing_days(market)
    cash = np.where(begun, told, usual)
    return np.where(companies.character.quarterly_yield > 0.0, cash, np.nan)


def listing_days(market: Market) -> NDArray[np.datetime64]:
    """Return the day each company listed."""
    return market.sessions[market.companies.listed]


def last_days(market: Market) -> NDArray[np.datetime64]:
    """Return the session of each company's delisting; far ahead where the market ends before."""
    gone = market.companies.delisted
    known = market.sessions[np.minimum(gone, len(market.sessions) - 1)]
    return np.where(gone < len(market.sessions), known, np.datetime64("9999-12-31", "D"))


def _years(span: NDArray[np.timedelta64]) -> NDArray[np.float64]:
    return span / np.timedelta64(1, "D") / _DAYS_A_YEAR
