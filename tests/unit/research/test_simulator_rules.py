"""One rule of the simulator at a time, on the smallest market that shows it."""

import numpy as np
import pytest

from alpha_oracle.research.simulation import records
from alpha_oracle.research.simulator import FLAT_CAP, TradingCosts, backtest
from alpha_oracle.risk.commissions import FREE, IBKR_FIXED, IBKR_TIERED
from alpha_oracle.strategies.base import decisions
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms

NONE = np.nan


def _run(market, *, entries=(), exits=(), decided=None, strategy=None, **terms):
    return backtest(
        decided or some_decisions(market, entries=entries, exits=exits),
        market,
        strategy=strategy or Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(**{"capital": 10_000, "cap": 20, **terms}),
    )


def _schedule(commission):
    return TradingCosts(commission=commission, slippage_bps=0.0)


@pytest.mark.parametrize(
    ("schedule", "price", "bought", "sold"),
    [
        # 100 shares: 0.50 is below the minimum; a sale pays 0.278 bps of 5,000 on top.
        pytest.param(IBKR_FIXED, 50.0, 1.0, 1.139, id="fixed, minimum"),
        # 10,000 shares: 50, and 0.139 of the sale.
        pytest.param(IBKR_FIXED, 0.5, 50.0, 50.139, id="fixed, by the share"),
        # 50,000 shares: 250 is more than 1 % of 5,000.
        pytest.param(IBKR_FIXED, 0.1, 50.0, 50.139, id="fixed, maximum"),
        # 100 shares: 0.35 and 0.32 of exchange and clearing.
        pytest.param(IBKR_TIERED, 50.0, 0.67, 0.809, id="tiered, minimum"),
        # 1,000 shares: 3.50 and 3.20.
        pytest.param(IBKR_TIERED, 5.0, 6.7, 6.839, id="tiered, by the share"),
        # 50,000 shares: 175 is more than 1 % of 5,000; 160 of exchange and clearing stay.
        pytest.param(IBKR_TIERED, 0.1, 210.0, 210.139, id="tiered, maximum"),
    ],
)
def test_a_schedule_charges_its_minimum_its_share_and_its_maximum(schedule, price, bought, sold):
    market = a_market({"AAA": [price] * 4})
    result = _run(
        market,
        entries=[(0, "AAA", 1.0)],
        exits=[(2, "AAA")],
        capital=25_000,
        costs=_schedule(schedule),
    )
    assert result.fills["commission"] == pytest.approx([bought, sold], abs=1e-9)
    assert result.cash[-1] == pytest.approx(25_000 - bought - sold, abs=1e-9)


def test_cash_pays_for_the_commission_of_what_it_buys():
    market = a_market({"AAA": [10.0, 10.0]})
    costs = _schedule(FREE._replace(per_share=0.5))
    result = _run(market, entries=[(0, "AAA", 1.0)], capital=1000, cap=100, costs=costs)
    # 1,000 / 10.50 = 95.2.
    assert result.fills["quantity"].tolist() == [95]
    assert result.cash[-1] == pytest.approx(1000 - 95 * 10.5)


@pytest.mark.parametrize(("price", "bought"), [(4.99, 0), (5.0, 1), (5.01, 1)])
def test_a_share_on_the_minimum_price_is_bought(price, bought):
    market = a_market({"AAA": [price, price]})
    result = _run(market, entries=[(0, "AAA", 1.0)], min_price=5)
    assert len(result.fills) == bought
    assert result.refused[records.PENNY_STOCK] == 1 - bought


def test_the_minimum_price_is_of_the_open_that_trades():
    market = a_market({"AAA": [50.0, 50.0, 4.0]}, {"AAA": [50.0, 50.0, 4.0]})
    result = _run(market, entries=[(1, "AAA", 1.0)], min_price=5)
    assert result.refused[records.PENNY_STOCK] == 1


def test_trades_of_a_day_count_exits_and_exits_are_never_held_back():
    market = a_market({name: [10.0] * 6 for name in ("AAA", "BBB", "CCC")})
    result = _run(
        market,
        entries=[(0, "AAA", 0.9), (0, "BBB", 0.8), (2, "CCC", 0.7), (3, "CCC", 0.7)],
        exits=[(2, "AAA"), (2, "BBB")],
        trades=2,
    )
    assert [(int(fill["session"]), int(fill["quantity"])) for fill in result.fills] == [
        *[(1, 200), (1, 200)],
        *[(3, -200), (3, -200)],
        (4, 200),
    ]
    assert result.refused[records.TRADES_A_DAY] == 1


@pytest.mark.parametrize(
    ("opened", "halt"),
    [(9.0, records.DRAWDOWN), (9.01, records.NOT_REFUSED)],
    ids=["on the bound", "a cent above"],
)
def test_a_drawdown_on_its_bound_halts(opened, halt):
    # Everything in AAA: equity falls as it does, from a peak of 10,000.
    market = a_market(
        {"AAA": [10.0, 10.0, opened], "BBB": [1.0] * 3}, {"AAA": [10.0] * 3, "BBB": [1.0] * 3}
    )
    result = _run(market, entries=[(0, "AAA", 0.9), (1, "BBB", 0.9)], cap=100, drawdown=10)
    assert result.halted_by.tolist() == [records.NOT_REFUSED, records.NOT_REFUSED, halt]


@pytest.mark.parametrize(
    ("opened", "halt"),
    [(9.7, records.DAILY_LOSS), (9.71, records.NOT_REFUSED)],
    ids=["on the bound", "a cent above"],
)
def test_a_loss_of_the_day_on_its_bound_halts(opened, halt):
    market = a_market(
        {"AAA": [10.0, 10.0, opened], "BBB": [1.0] * 3}, {"AAA": [10.0] * 3, "BBB": [1.0] * 3}
    )
    result = _run(market, entries=[(0, "AAA", 0.9), (1, "BBB", 0.9)], cap=100, daily_loss=3)
    assert result.halted_by.tolist() == [records.NOT_REFUSED, records.NOT_REFUSED, halt]


def test_entries_resume_once_the_drawdown_has_recovered():
    prices = {"AAA": [10.0, 10.0, 8.0, 9.5, 9.5], "BBB": [1.0] * 5}
    market = a_market(prices, {"AAA": [10.0, 10.0, 9.5, 9.5, 9.5], "BBB": [1.0] * 5})
    wishes = [(0, "AAA", 0.9), (1, "BBB", 0.9), (2, "BBB", 0.9)]
    result = _run(market, entries=wishes, cap=90, drawdown=10)
    assert result.halted_by.tolist() == [-1, -1, records.DRAWDOWN, -1, -1]
    assert [int(fill["session"]) for fill in result.fills] == [1, 3]


def test_an_open_is_no_peak():
    # 14 at the open of 2 falls back to 10 by the close; 9.5 lies 5 % below what closes have seen.
    market = a_market(
        {"AAA": [10.0, 10.0, 14.0, 9.5], "BBB": [1.0] * 4, "CCC": [1.0] * 4},
        {"AAA": [10.0, 10.0, 10.0, 9.5], "BBB": [1.0] * 4, "CCC": [1.0] * 4},
    )
    wishes = [(0, "AAA", 0.9), (1, "BBB", 0.9), (2, "CCC", 0.9)]
    result = _run(market, entries=wishes, cap=50, drawdown=10)
    assert (result.halted_by == records.NOT_REFUSED).all()


def test_an_entry_lapses_at_a_bar_without_volume_and_an_exit_waits_behind_it():
    market = a_market({"AAA": [10.0] * 8, "BBB": [10.0] * 8})
    market.volume[[1, 4, 5], [0, 1, 1]] = 0.0
    result = _run(market, entries=[(0, "AAA", 0.9), (0, "BBB", 0.8)], exits=[(3, "BBB")])
    assert [(int(fill["session"]), int(fill["quantity"])) for fill in result.fills] == [
        (1, 200),
        (6, -200),
    ]
    assert result.refused[records.NO_BAR] == 1


def test_bars_without_volume_are_bars_and_nothing_is_delisted_for_them():
    market = a_market({"AAA": [10.0] * 16})
    market.volume[2:] = 0.0
    result = _run(market, entries=[(0, "AAA", 1.0)])
    assert result.fills["quantity"].tolist() == [200]
    assert len(result.trades) == 0


def test_an_exit_of_what_is_not_held_does_nothing():
    market = a_market({"AAA": [10.0] * 4, "BBB": [10.0] * 4})
    with_exit = _run(market, entries=[(0, "AAA", 1.0)], exits=[(0, "BBB"), (1, "BBB"), (0, "AAA")])
    without = _run(market, entries=[(0, "AAA", 1.0)])
    assert with_exit.fills.tolist() == without.fills.tolist()
    assert with_exit.equity.tolist() == without.equity.tolist()


def test_a_symbol_is_bought_once_it_joins_the_universe_and_sold_when_it_leaves():
    market = a_market({"JOINS": [10.0] * 9, "LEAVES": [10.0] * 9})
    market.is_member[:3, 0] = False
    market.is_member[5:, 1] = False
    always = np.ones(market.is_member.shape, np.bool_)
    decided = decisions(market, wanted=always, strength=always.astype(np.float64), exits=~always)
    result = _run(market, decided=decided)
    # JOINS is a member at the close of 3, LEAVES no more at that of 5.
    assert [
        (row, result.symbols[symbol], quantity)
        for row, symbol, quantity, *_ in result.fills.tolist()
    ] == [
        (1, "LEAVES", 200),
        (4, "JOINS", 200),
        (6, "LEAVES", -200),
    ]


def test_a_sector_known_of_nobody_limits_nothing():
    names = ("AAA", "BBB", "CCC")
    wishes = [(0, name, 1.0) for name in names]
    prices = {name: [10.0, 10.0] for name in names}
    nobody = _run(a_market(prices, sectors=None), entries=wishes, sector=25)
    some = _run(a_market(prices, sectors={"AAA": "Energy"}), entries=wishes, sector=25)
    assert nobody.fills["quantity"].tolist() == [200, 200, 200]
    # BBB and CCC are of unknown sector: 2,500 USD for both.
    assert some.fills["quantity"].tolist() == [200, 200, 50]
