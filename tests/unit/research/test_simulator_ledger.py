"""A ledger worked by hand, to the cent."""

import numpy as np
import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.simulation import records
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from tests.unit.research.worlds import Holding, a_market, some_costs, some_decisions, some_terms

NONE = np.nan
COSTS = some_costs(per_share=0.01, minimum=1.0, slippage_bps=10.0)
ROWS = 20


def _prices(*, first, rest):
    return [*first, *[rest] * (ROWS - len(first))]


def _hand_worked():
    opens = {
        "AAA": _prices(first=[50, 50, 51, 52.5], rest=53),
        "BBB": _prices(first=[80, 80, 78, 77, 52, NONE, 53], rest=54),
        "CCC": _prices(first=[20, 20, 20, 21, 21.5, 22, 22.5, 23.2, 23.5, 25], rest=25),
        "DDD": _prices(first=[200, 200, 200, 200, 200, 200, NONE, 200, 203, 206], rest=NONE),
    }
    closes = {
        "AAA": _prices(first=[50, 51, 52, 53], rest=53),
        "BBB": _prices(first=[80, 79, 78, 77, 52, NONE, 53], rest=54),
        "CCC": _prices(first=[20, 20, 20, 21.5, 22, 22.5, 23, 23, 24, 25], rest=25),
        "DDD": _prices(first=[200, 200, 200, 200, 200, 200, NONE, 201, 205, 210], rest=NONE),
    }
    market = a_market(opens, closes, splits=[(4, "BBB", 1.5)], dividends=[(2, "AAA", 0.4)])
    decisions = some_decisions(
        market,
        # CCC finds no slot at first. AAA is held at the close of 2: not bought back on 3. DDD has
        # no bar on 6: that wish lapses, the next one is filled.
        entries=[
            *[(0, "AAA", 0.9), (0, "BBB", 0.8), (0, "CCC", 0.7)],
            *[(2, "AAA", 0.9), (2, "CCC", 0.5), (5, "DDD", 0.6), (6, "DDD", 0.6)],
        ],
        # AAA waits for its minimum hold. BBB has no bar on 5 and waits for 6. CCC is closed by
        # its maximum hold, DDD ten sessions after its last bar.
        exits=[(1, "AAA"), (4, "BBB")],
    )
    return backtest(
        decisions,
        market,
        strategy=Holding(min_hold_days=2, max_hold_days=6),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=10_000, cap=25, positions=2, min_cash=10, costs=COSTS),
    )


def test_every_fill_of_the_hand_worked_ledger_is_right():
    result = _hand_worked()
    fills = [
        (row, result.symbols[symbol], quantity, round(price, 6), round(commission, 6))
        for row, symbol, quantity, price, commission in result.fills.tolist()
    ]
    assert fills == [
        (1, "AAA", 50, 50.05, 1.0),  # 10,000 x 25 % / 50.
        (1, "BBB", 31, 80.08, 1.0),  # 2,500 / 80 = 31.25.
        (3, "AAA", -50, 52.4475, 1.0),
        (3, "CCC", 119, 21.021, 1.19),  # Equity 10,041.395 x 25 % / 21 = 119.54.
        (6, "BBB", -46, 52.947, 1.0),  # 31 x 1.5 = 46.5: 46 shares, half a share paid out at 52.
        (7, "DDD", 12, 200.2, 1.0),  # Equity 10,373.068 x 25 % / 200 = 12.97.
        (9, "CCC", -119, 24.975, 1.19),
        (19, "DDD", -12, 210.0, 0.0),  # Gone: the last close, without costs.
    ]


def test_cash_and_equity_of_the_hand_worked_ledger_are_right_to_the_cent():
    result = _hand_worked()
    cash = [10_000, 5013.02, 5033.02, 5151.706, 5177.706, 5177.706, 7612.268, 5208.868, 5208.868]
    equity = [
        *[10_000, 10_012.02, 10_051.02, 10_097.206, 10_187.706, 10_247.206, 10_349.268],
        *[10_357.868, 10_524.868, 10_699.703],
    ]
    assert result.cash[:9] == pytest.approx(cash, abs=1e-6)
    assert result.equity[:10] == pytest.approx(equity, abs=1e-6)
    assert result.cash[9:19] == pytest.approx(8179.703, abs=1e-6)
    assert result.equity[9:] == pytest.approx(10_699.703, abs=1e-6)
    assert result.cash[19] == pytest.approx(10_699.703, abs=1e-6)


def test_closed_trades_of_the_hand_worked_ledger_carry_their_profit_after_costs():
    result = _hand_worked()
    trades = [
        (result.symbols[trade["symbol"]], int(trade["entry"]), int(trade["exit"]), trade["reason"])
        for trade in result.trades
    ]
    assert trades == [
        ("AAA", 1, 3, records.STRATEGY_EXIT),
        ("BBB", 1, 6, records.STRATEGY_EXIT),
        ("CCC", 3, 9, records.MAX_HOLD_EXIT),
        ("DDD", 7, 19, records.DELISTED),
    ]
    # AAA earned 20.00 of dividends, BBB 26.00 for its fraction.
    assert result.trades["pnl"] == pytest.approx([137.875, -22.918, 468.146, 116.6], abs=1e-6)


def test_turnover_and_costs_of_a_session_are_those_of_its_fills():
    result = _hand_worked()
    assert result.traded[3] == pytest.approx(2622.375 + 2501.499)
    # Slippage of 0.0525 on 50 and 0.021 on 119 shares, and two commissions.
    assert result.costs[3] == pytest.approx(2.625 + 2.499 + 1.0 + 1.19)
    assert result.costs[19] == 0.0


def test_cash_is_kept_back_before_anything_is_bought():
    market = a_market({"AAA": [10.0, 10.0], "BBB": [10.0, 10.0]})
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 0.5), (0, "BBB", 0.6)]),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=1000, cap=60, min_cash=10),
    )
    # BBB is stronger: 60 shares. 10 % of 1,000 stay, so AAA gets 300 of the 400 left.
    assert result.fills["quantity"].tolist() == [60, 30]
    assert result.cash[-1] == 100.0


@pytest.mark.parametrize("fraction", [0.0, -0.2])
def test_no_edge_buys_nothing(fraction):
    market = a_market({"AAA": [10.0, 10.0, 10.0]})
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 1.0)]),
        market,
        strategy=Holding(),
        kelly_fraction=fraction,
        terms=some_terms(),
    )
    assert len(result.fills) == 0
    assert result.equity.tolist() == [10_000.0] * 3


def test_half_kelly_below_the_cap_sizes_the_entry():
    market = a_market({"AAA": [10.0, 10.0]})
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 1.0)]),
        market,
        strategy=Holding(),
        kelly_fraction=0.02,
        terms=some_terms(capital=10_000, cap=5),
    )
    assert result.fills["quantity"].tolist() == [20]


def test_a_reverse_split_that_leaves_no_share_ends_the_lot_in_cash():
    market = a_market({"AAA": [10.0, 10.0, 1000.0, 1000.0]}, splits=[(2, "AAA", 0.01)])
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 1.0)]),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=1000, cap=50),
    )
    assert result.fills["quantity"].tolist() == [50]
    assert result.trades["reason"].tolist() == [records.CASHED_OUT]
    assert result.cash[-1] == pytest.approx(1000.0)


def test_a_sale_never_costs_more_than_it_brings():
    market = a_market({"AAA": [10.0, 10.0, 10.0, 0.01, 0.01]})
    costs = some_costs(minimum=5.0)
    result = backtest(
        some_decisions(market, entries=[(0, "AAA", 1.0)], exits=[(2, "AAA")]),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=105, cap=100, costs=costs),
    )
    assert result.fills["quantity"].tolist() == [10, -10]
    assert result.cash[-1] == 0.0


def test_a_range_without_bars_is_refused_with_the_range():
    market = a_market({"AAA": [10.0, 10.0]})
    with pytest.raises(ConfigurationError, match="no session with bars from 2030-01-02"):
        backtest(
            some_decisions(market),
            market,
            strategy=Holding(),
            kelly_fraction=FLAT_CAP,
            terms=some_terms(),
            start=np.datetime64("2030-01-02").item(),
        )


def test_capital_must_be_more_than_nothing():
    with pytest.raises(ConfigurationError, match="capital is 0 USD"):
        some_terms(capital=0.0)
