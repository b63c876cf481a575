"""The companies' books: every quarter's figures, as first told and as they really were.

All figures follow from what came before their quarter's end: the business follows a slow average
of what the market pays for it, margins wander and feel when the price falls. Amounts are whole
thousands of dollars, so that sums are exact: the balance sheet balances, quarters add up to the
year, and equity grows by what is earned, less what is paid out, plus what owners put in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic import capital
from alpha_oracle.adapters.synthetic.business import FINANCIALS, Business, draw_businesses
from alpha_oracle.adapters.synthetic.periods import (
    QUARTERS,
    FiscalCalendar,
    Restatements,
    draw_restatements,
    fiscal_calendar,
)
from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms
from alpha_oracle.domain.fundamentals import StatementItem as Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.market import Market

    Figures = NDArray[np.float64]

_UNIT_USD: Final = 1_000.0
_SEASON: Final = np.array([-0.5, -0.2, -0.3, 1.0])
_MARGIN_MEMORY: Final = 0.7
_MARGIN_SWING: Final = 0.18
_WRITE_OFF_FRACTION: Final = 0.02
_INTEREST: Final = 0.045
_OWNERS_PULL: Final = 0.15
_DEEPEST_EQUITY: Final = -0.3
_NOISES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Books:
    """Figures by item, `quarters x companies`; NaN where a company does not tell the item.

    `told` are the documents' of the quarters themselves, `actual` what an amendment says later.
    """

    business: Business
    fiscal: FiscalCalendar
    restatements: Restatements
    told: Mapping[Item, Figures]
    actual: Mapping[Item, Figures]


def keep_books(seed: int, market: Market) -> Books:
    """Return the books of every company of the market."""
    business = draw_businesses(seed, market.companies)
    fiscal = fiscal_calendar(
        seed,
        market.companies,
        year_end_month=business.year_end_month,
        first=market.sessions[0].item(),
        last=market.sessions[-1].item(),
    )
    restatements = draw_restatements(seed, market.companies, fiscal=fiscal)
    actual = _actual(seed, market, business=business, days=fiscal.end)
    return Books(
        business=business,
        fiscal=fiscal,
        restatements=restatements,
        told=_as_told(actual, restatements, tax=business.tax),
        actual=actual,
    )


def _actual(
    seed: int, market: Market, *, business: Business, days: NDArray[np.datetime64]
) -> dict[Item, Figures]:
    worth = capital.capitalisations(market, days)
    habitual = capital.habitual_worth(worth)
    noise = normals(
        seed, Purpose.QUARTER, owners=market.companies.owner, count=len(days) * _NOISES
    ).reshape(len(days), _NOISES, -1)
    margin = _margins(seed, market, business=business, noise=noise, ahead=np.log(worth / habitual))
    owed = _liabilities(market, business, habitual=habitual, noise=noise)
    income = _income(business, habitual=habitual, margin=margin, noise=noise, owed=owed)
    cash = _cash_flows(business, income=income, noise=noise)
    cash[Item.DIVIDENDS_PAID] = _whole(capital.dividends_paid(market, days, capital=worth))
    owned = _assets(business, income | cash, owed=owed, target=habitual / business.price_to_book)
    return _left_out(market, business, income | cash | owed | owned)


def _margins(
    seed: int, market: Market, *, business: Business, noise: Figures, ahead: Figures
) -> Figures:
    # A price far below its habit tells of a business in trouble: margins go with it.
    swing = np.zeros_like(ahead)
    swing[0] = noise[0, 0]
    for quarter in range(1, len(swing)):
        news = np.sqrt(1.0 - _MARGIN_MEMORY**2) * noise[quarter, 0]
        swing[quarter] = _MARGIN_MEMORY * swing[quarter - 1] + news
    share = _MARGIN_SWING * business.swing * swing + 0.25 * np.clip(ahead, -2.0, 1.0)
    margin = business.net_margin + np.abs(business.net_margin) * share
    margin -= 0.4 * np.maximum(-ahead - 0.5, 0.0)
    happens, much = (
        uniforms(seed, Purpose.WRITE_OFF, owners=market.companies.owner, count=2 * len(ahead))
        .reshape(len(ahead), 2, -1)
        .transpose(1, 0, 2)
    )
    margin -= np.where(happens < _WRITE_OFF_FRACTION, 0.1 + 0.5 * much, 0.0)
    return np.clip(margin, -1.5, 0.45)


def _liabilities(
    market: Market, business: Business, *, habitual: Figures, noise: Figures
) -> dict[Item, Figures]:
    a_share = business.liabilities / (1.0 - business.liabilities)
    usual = habitual / business.price_to_book * a_share
    liabilities = _whole(usual * np.exp(0.03 * noise[:, 1]))
    current = _whole(liabilities * np.minimum(business.current, 0.95))
    is_bank = market.companies.sector == FINANCIALS
    return {
        Item.TOTAL_LIABILITIES: liabilities,
        Item.CURRENT_LIABILITIES: current,
        Item.SHORT_TERM_DEBT: _whole(current * np.where(is_bank, 0.04, 0.12)),
        Item.LONG_TERM_DEBT: _whole((liabilities - current) * business.borrowed),
    }


def _income(
    business: Business,
    *,
    habitual: Figures,
    margin: Figures,
    noise: Figures,
    owed: Mapping[Item, Figures],
) -> dict[Item, Figures]:
    season = 1.0 + np.tile(_SEASON, len(habitual) // QUARTERS)[:, None] * business.season
    yearly = habitual / business.price_to_sales
    revenue = _whole(yearly / QUARTERS * season * np.exp(0.03 * noise[:, 2]))
    debt = owed[Item.SHORT_TERM_DEBT] + owed[Item.LONG_TERM_DEBT]
    interest = _whole(debt * (_INTEREST / QUARTERS))
    earned = revenue * margin
    before_tax = _whole(np.where(earned > 0.0, earned / (1.0 - business.tax), earned))
    tax = _whole(np.maximum(before_tax, 0.0) * business.tax)
    operating = before_tax + interest
    usual = _whole(revenue * np.clip(business.gross_margin + 0.01 * noise[:, 3], 0.1, 0.9))
    gross = np.maximum(usual, operating + _whole(0.03 * revenue))
    return {
        Item.REVENUE: revenue,
        Item.COST_OF_REVENUE: revenue - gross,
        Item.GROSS_PROFIT: gross,
        Item.OPERATING_INCOME: operating,
        Item.NET_INCOME: before_tax - tax,
        Item.INTEREST_EXPENSE: interest,
        Item.INCOME_TAX: tax,
    }


def _cash_flows(
    business: Business, *, income: Mapping[Item, Figures], noise: Figures
) -> dict[Item, Figures]:
    revenue = income[Item.REVENUE]
    wear = _whole(revenue * np.minimum(business.depreciation, 0.4) * np.exp(0.05 * noise[:, 4]))
    working_capital = _whole(0.03 * revenue * noise[:, 5])
    return {
        Item.DEPRECIATION_AMORTIZATION: wear,
        Item.OPERATING_CASH_FLOW: income[Item.NET_INCOME] + wear + working_capital,
        Item.CAPITAL_EXPENDITURE: _whole(wear * business.investment * np.exp(0.1 * noise[:, 1])),
    }


def _assets(
    business: Business,
    flows: Mapping[Item, Figures],
    *,
    owed: Mapping[Item, Figures],
    target: Figures,
) -> dict[Item, Figures]:
    liabilities = owed[Item.TOTAL_LIABILITIES]
    kept = flows[Item.NET_INCOME] - np.nan_to_num(flows[Item.DIVIDENDS_PAID])
    equity = np.empty_like(target)
    equity[0] = _whole(target[0])
    for quarter in range(1, len(target)):
        alone = equity[quarter - 1] + kept[quarter]
        put_in = _OWNERS_PULL * (target[quarter] - alone)
        least = _DEEPEST_EQUITY * liabilities[quarter]
        equity[quarter] = np.maximum(_whole(alone + put_in), _whole(least))
    assets = liabilities + equity
    usual = owed[Item.CURRENT_LIABILITIES] * business.current_ratio
    current = _whole(np.minimum(usual, 0.85 * assets))
    return {
        Item.EQUITY: equity,
        Item.TOTAL_ASSETS: assets,
        Item.CURRENT_ASSETS: current,
        Item.CASH: _whole(current * business.cash),
    }


def _left_out(
    market: Market, business: Business, figures: Mapping[Item, Figures]
) -> dict[Item, Figures]:
    is_bank = market.companies.sector == FINANCIALS
    untold = {
        Item.GROSS_PROFIT: ~business.tells_gross_profit,
        Item.COST_OF_REVENUE: is_bank,
        Item.CURRENT_ASSETS: is_bank,
        Item.CURRENT_LIABILITIES: is_bank,
        Item.INTEREST_EXPENSE: ~business.tells_interest,
    }
    return {
        item: np.where(untold[item], np.nan, values) if item in untold else values
        for item, values in figures.items()
    }


def _as_told(
    actual: Mapping[Item, Figures], restatements: Restatements, *, tax: NDArray[np.float64]
) -> dict[Item, Figures]:
    wrong = np.repeat(restatements.quarter, QUARTERS, axis=0)
    too_high = np.repeat(restatements.overstated, QUARTERS, axis=0)
    quarter = np.tile(np.arange(QUARTERS), len(restatements.quarter))[:, None]
    revenue = np.where(quarter == wrong, _whole(actual[Item.REVENUE] * too_high), 0.0)
    taxed = np.where(actual[Item.INCOME_TAX] > 0.0, _whole(revenue * tax), 0.0)
    years = (revenue - taxed).reshape(-1, QUARTERS, revenue.shape[1])
    so_far = np.cumsum(years, axis=1).reshape(revenue.shape)
    too_much = {
        Item.REVENUE: revenue,
        Item.GROSS_PROFIT: revenue,
        Item.OPERATING_INCOME: revenue,
        Item.INCOME_TAX: taxed,
        Item.NET_INCOME: revenue - taxed,
        Item.TOTAL_ASSETS: so_far,
        Item.EQUITY: so_far,
    }
    return {
        item: values + too_much[item] if item in too_much else values
        for item, values in actual.items()
    }


def _whole(values: Figures) -> Figures:
    return np.round(values / _UNIT_USD) * _UNIT_USD
