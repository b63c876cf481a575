"""Fundamental features: figures worked by hand, and a company from its filings to its ratios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import registry
from alpha_oracle.features.assembly import build_context
from alpha_oracle.features.context import KnownValues, MarketContext
from alpha_oracle.features.formula import REPORT_FIELDS
from tests.fakes.insiders import filing_columns
from tests.fakes.short_interest import position_columns
from tests.unit.features.panels import a_whole_panel
from tests.unit.features.reference_rows import fact_rows, facts_of_rows, split

# A company of 10 shares at 30 USD: its market value is 300.
STATE = {
    "revenue_ttm": 150.0,
    "revenue_ttm_prior": 120.0,
    "gross_profit_ttm": 60.0,
    "operating_income_ttm": 24.0,
    "ebitda_ttm": 40.0,
    "net_income_ttm": 15.0,
    "net_income_ttm_prior": 12.0,
    "operating_cash_flow_ttm": 33.0,
    "free_cash_flow_ttm": 18.0,
    "interest_expense_ttm": 8.0,
    "dividends_paid_ttm": 6.0,
    "total_assets": 220.0,
    "total_assets_prior": 180.0,
    "current_assets": 90.0,
    "total_liabilities": 110.0,
    "current_liabilities": 60.0,
    "equity": 110.0,
    "equity_prior": 90.0,
    "cash": 20.0,
    "total_debt": 60.0,
    "shares": 10.0,
    "shares_prior": 8.0,
}

WORKED = {
    "log_market_cap": np.log(300.0),
    "pe_ttm": 300 / 15,
    "earnings_yield": 15 / 300,
    "pb": 300 / 110,
    "book_to_market": 110 / 300,
    "ps": 300 / 150,
    "ev_to_ebitda": (300 + 60 - 20) / 40,
    "free_cash_flow_yield": 18 / 300,
    "dividend_yield": 6 / 300,
    "roe": 15 / 100,
    "roa": 15 / 200,
    "gross_margin": 60 / 150,
    "operating_margin": 24 / 150,
    "net_margin": 15 / 150,
    "gross_profitability": 60 / 220,
    "asset_turnover": 150 / 200,
    "debt_to_equity": 60 / 110,
    "liabilities_to_assets": 110 / 220,
    "current_ratio": 90 / 60,
    "interest_coverage": 24 / 8,
    "accruals": (15 - 33) / 200,
    "revenue_growth": 150 / 120 - 1,
    "earnings_growth": 3 / 12,
    "asset_growth": 220 / 180 - 1,
    "shares_growth": 10 / 8 - 1,
}

# What makes a denominator nothing or less: there the ratio says nothing.
MEANINGLESS = {
    "pe_ttm": {"net_income_ttm": -1.0},
    "pb": {"equity": 0.0},
    "book_to_market": {"equity": -5.0},
    "ps": {"revenue_ttm": 0.0},
    "ev_to_ebitda": {"ebitda_ttm": -1.0},
    "roe": {"equity": -200.0},
    "gross_margin": {"revenue_ttm": 0.0},
    "debt_to_equity": {"equity": -1.0},
    "current_ratio": {"current_liabilities": 0.0},
    "interest_coverage": {"interest_expense_ttm": 0.0},
    "revenue_growth": {"revenue_ttm_prior": 0.0},
    "earnings_growth": {"net_income_ttm_prior": 0.0},
    "shares_growth": {"shares_prior": 0.0},
}


def a_panel_of(*states):
    """A symbol at 30 USD a state, all known from the second session on."""
    panel = a_whole_panel(symbols=len(states), sessions=4)
    known = KnownValues(
        offsets=np.arange(len(states) + 1),
        row=np.ones(len(states), dtype=np.int64),
        values={name: np.array([state[name] for state in states]) for name in REPORT_FIELDS},
    )
    price = np.full(panel.close.shape, 30.0)
    return replace(panel, traded_close=price, context=MarketContext(reports=known))


def value_of(name, **changes):
    (feature,) = registry.named([name])
    values = feature.compute(a_panel_of({**STATE, **changes}))
    assert np.isnan(values[0, 0])
    assert values[1, 0] == values[3, 0] or np.isnan(values[1:]).all()
    return values[3, 0]


@pytest.mark.parametrize(("name", "expected"), WORKED.items(), ids=WORKED)
def test_a_ratio_is_what_it_comes_to_by_hand(name, expected):
    assert value_of(name) == pytest.approx(expected, rel=1e-12)


def test_every_fundamental_feature_of_one_company_is_worked_by_hand():
    ours = {feature.name for feature in registry.all() if feature.group == "fundamental"}
    assert ours - WORKED.keys() == {name for name in ours if name.endswith("_sector_percentile")}


@pytest.mark.parametrize(("name", "changes"), MEANINGLESS.items(), ids=MEANINGLESS)
def test_a_ratio_to_nothing_or_less_is_unknown(name, changes):
    assert np.isnan(value_of(name, **changes))


def test_a_loss_has_a_yield_and_growth_towards_profit_is_positive():
    assert value_of("earnings_yield", net_income_ttm=-15.0) == pytest.approx(-0.05)
    grown = value_of("earnings_growth", net_income_ttm=3.0, net_income_ttm_prior=-12.0)
    assert grown == pytest.approx(15 / 12)


def test_a_percentile_of_a_sector_ranks_its_members_alone():
    """Five of one sector, one of them no member, and one whose sector is another."""
    incomes = (15.0, 30.0, 3.0, 60.0, 45.0, 1.0)
    panel = a_panel_of(*({**STATE, "net_income_ttm": income} for income in incomes))
    sector = np.tile(np.array([0, 0, 0, 0, 0, 1], dtype=np.int16), (4, 1))
    is_member = np.ones(sector.shape, dtype=np.bool_)
    is_member[:, 3] = False
    panel = replace(
        panel,
        is_member=is_member,
        context=replace(panel.context, sector=sector, sector_names=("Energy", "Utilities")),
    )
    (feature,) = registry.named(["earnings_yield_sector_percentile"])
    expected = [1.5 / 4, 2.5 / 4, 0.5 / 4, np.nan, 3.5 / 4, np.nan]
    np.testing.assert_allclose(feature.compute(panel)[2], expected)


FILED = """
revenue            2014-01-01 2014-12-31 150 2016-01-06T21:00
net_income         2014-01-01 2014-12-31 15  2016-01-06T21:00
net_income         2014-01-01 2014-12-31 12  2016-01-12T22:30
shares_outstanding -          2015-12-31 10  2016-01-06T21:00
"""


def test_price_to_earnings_from_filings_across_a_split():
    """Ten shares at 30 USD earn 15, amended after the decision of 2016-01-12 to 12.

    On 2016-01-14 each becomes two at 15 USD: nothing about the company changed.
    """
    panel = a_whole_panel(symbols=1, sessions=12)
    assert str(panel.sessions[8]) == "2016-01-14"
    ratio, price = np.ones((12, 1)), np.full((12, 1), 30.0)
    ratio[8], price[8:] = 2.0, 15.0
    context = build_context(
        sessions=panel.sessions,
        symbols=panel.symbols,
        first_bar=np.zeros(1, dtype=np.int64),
        facts=facts_of_rows(fact_rows(FILED, symbol=panel.symbols[0])),
        filings=filing_columns(()),
        covered={},
        positions=position_columns(()),
        vix=(),
        spy=None,
        sectors=(),
        actions=[split("2016-01-14", 2, symbol=panel.symbols[0])],
    )
    panel = replace(panel, split=ratio, traded_close=price, context=context)
    (feature,) = registry.named(["pe_ttm"])
    expected = [np.nan] * 2 + [20.0] * 5 + [25.0] * 5
    np.testing.assert_allclose(feature.compute(panel)[:, 0], expected)
