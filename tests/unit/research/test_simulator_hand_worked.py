"""An account of nineteen sessions under every limit at once, worked by hand to the cent."""

from functools import cache

import numpy as np
import pytest

from alpha_oracle.research.simulation import records
from alpha_oracle.research.simulator import TradingCosts, backtest
from alpha_oracle.risk.commissions import IBKR_FIXED
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms

NONE = np.nan
ROWS = 19
HALF_KELLY = 0.15  # Below the cap of 20 %: an entry takes 15 % of equity.
# Of the fixed schedule: 0.005 a share, at least 1, at most 1 %; a sale 0.278 bps on top.
COSTS = TradingCosts(commission=IBKR_FIXED, slippage_bps=10.0)
SECTORS = {
    **dict.fromkeys(["EA", "EB", "EC"], "Energy"),
    **dict.fromkeys(["TA", "HA", "GA"], "Health Care"),
    "UA": "Utilities",
    "VA": "Industrials",
    "WA": "Materials",
    "PN": "Financials",
}  # XA, XB and XC are of unknown sector: one sector together.
OPENS = {
    "EA": [50, 50, 51, 52],
    "EB": [40, 40, 41, 39.5],
    "EC": [30],
    "PN": [4.99],
    "XA": [20, 20, 20, 21, 20.5, 210, 205, 206, 190],
    "XB": [100, 100, 100, 98, 96],
    "XC": [80],
    "UA": [60, 60, 60, 61, 62, 62, 52],
    "VA": [25, 25, 25, 25, 26, 27, 24, 25, 20],
    "WA": [*[30] * 8, NONE],
    "TA": [10],
    "HA": [10],
    "GA": [10, 10, 10, 10, NONE, 10],
}
CLOSES = OPENS | {
    "EA": [50, 51, 52],
    "EB": [40, 41, 40],
    "XA": [20, 20, 21, 21, 21, 212, 206, 190],
    "XB": [100, 100, 99, 97, 96],
    "UA": [60, 60, 61, 62, 62, 62, 52],
    "VA": [25, 25, 25, 25, 27, 27, 25, 20],
    "WA": [*[30] * 7, 22, NONE],
}
ENTRIES = [
    # EB finds 10,000 of Energy's 25,000 left, EC none; PN costs less than 5.
    *[(0, "EA", 0.9), (0, "EB", 0.8), (0, "EC", 0.7), (0, "PN", 0.6)],
    # XB and XC share the unknown sector with XA; VA finds five positions held.
    *[(1, "XA", 0.9), (1, "XB", 0.8), (1, "XC", 0.7), (1, "UA", 0.6), (1, "VA", 0.5)],
    # EA was held at the close that wishes for it; TA would be the fourth trade of the day.
    *[(2, "EA", 0.95), (2, "VA", 0.9), (2, "TA", 0.8)],
    # HA has no volume on 4, GA no bar.
    *[(3, "HA", 0.9), (3, "GA", 0.8)],
    # TA meets the loss of the day on 6 and the drawdown on 8; WA lies between.
    *[(5, "TA", 0.9), (6, "WA", 0.9), (7, "TA", 0.9)],
]
# XB waits for its minimum hold until 4; of TA nothing is held.
EXITS = [(2, "EA"), (2, "EB"), (2, "XB"), (3, "TA"), (5, "UA")]


def _to_the_end(prices):
    return {symbol: row + [row[-1]] * (ROWS - len(row)) for symbol, row in prices.items()}


@cache
def _account():
    market = a_market(
        _to_the_end(OPENS),
        _to_the_end(CLOSES),
        splits=[(5, "XA", 0.1)],
        dividends=[(3, "EB", 0.5)],
        sectors=SECTORS,
    )
    market.volume[4, market.symbols.index("HA")] = 0.0
    return backtest(
        some_decisions(market, entries=ENTRIES, exits=EXITS),
        market,
        strategy=Holding(min_hold_days=2, max_hold_days=6),
        kelly_fraction=HALF_KELLY,
        terms=some_terms(
            capital=100_000,
            cap=20,
            positions=5,
            min_cash=10,
            costs=COSTS,
            sector=25,
            min_price=5,
            trades=3,
            drawdown=10,
            daily_loss=3,
        ),
    )


def test_every_fill_is_right():
    result = _account()
    fills = [
        (row, result.symbols[symbol], quantity, round(price, 6), round(commission, 6))
        for row, symbol, quantity, price, commission in result.fills.tolist()
    ]
    assert sorted(fills) == [
        (1, "EA", 300, 50.05, 1.5),  # 15,000 / 50.
        (1, "EB", 250, 40.04, 1.25),  # (25,000 - 15,000) / 40, not 15,000 / 40.
        (2, "UA", 251, 60.06, 1.255),  # 15,078.3375 / 60 = 251.3.
        (2, "XA", 753, 20.02, 3.765),  # 15,078.3375 / 20 = 753.9.
        (2, "XB", 100, 100.1, 1.0),  # (25,130.5625 - 15,060) / 100 = 100.7; the minimum of 1.
        (3, "EA", -300, 51.948, 1.933246),  # 1.50 + 15,584.40 x 0.278 bps.
        (3, "EB", -250, 39.4605, 1.52425),  # 1.25 + 9,865.125 x 0.278 bps.
        (3, "VA", 607, 25.025, 3.035),  # 101,301.1775 x 15 % / 25 = 607.8.
        (4, "XB", -100, 95.904, 1.266613),  # 1.00 + 9,590.40 x 0.278 bps.
        (6, "UA", -251, 51.948, 1.617483),  # On a day that is halted.
        (7, "WA", 492, 30.03, 2.46),  # 98,498.4314 x 15 % / 30 = 492.5.
        (8, "XA", -75, 189.81, 1.395754),  # The longest hold; 753 became 75 and three tenths.
        (9, "VA", -607, 19.98, 3.372155),  # The longest hold.
        (17, "WA", -492, 22.0, 0.0),  # Ten sessions after its last bar, at its last close.
    ]


def test_cash_is_right_to_the_cent():
    cash = [
        100_000.00,
        74_972.25,  # - 15,016.50 - 10,011.25
        34_806.11,  # - 15,078.825 - 10,011.00 - 15,076.315
        45_183.9675,  # + 125.00 of dividends + 15,582.4668 + 9,863.6007 - 15,193.21
        54_773.1009,  # + 9,589.1334
        54_836.1009,  # + 0.3 x 210 for the fraction
        67_873.4314,  # + 13,037.3305
        53_096.2114,  # - 14,777.22
        67_330.5657,  # + 14,234.3542
        79_455.0535,  # + 12,124.4878
    ]
    result = _account()
    assert result.cash[:10] == pytest.approx(cash, abs=1e-4)
    assert result.cash[10:17] == pytest.approx(79_455.0535, abs=1e-4)
    assert result.cash[17:] == pytest.approx(90_279.0535, abs=1e-4)  # + 492 x 22


def test_equity_is_right_to_the_cent():
    equity = [
        100_000.00,
        100_522.25,  # 300 x 51 + 250 x 41
        101_430.11,  # 300 x 52 + 250 x 40 + 753 x 21 + 100 x 99 + 251 x 61
        101_433.9675,  # 753 x 21 + 100 x 97 + 251 x 62 + 607 x 25
        102_537.1009,  # 753 x 21 + 251 x 62 + 607 x 27
        102_687.1009,  # 75 x 212 + 251 x 62 + 607 x 27: the peak
        98_498.4314,  # 75 x 206 + 607 x 25
        90_310.2114,  # 75 x 190 + 607 x 20 + 492 x 22
        90_294.5657,  # 607 x 20 + 492 x 22
    ]
    result = _account()
    assert result.equity[:9] == pytest.approx(equity, abs=1e-4)
    assert result.equity[9:] == pytest.approx(90_279.0535, abs=1e-4)


def test_both_losses_halt_entries_alone():
    result = _account()
    # Open 6: 97,816.43 lies 4.7 % below the close before; 3 % halt. Open 8: 90,294.57 lies 12.1 %
    # below the peak, and 0.02 % below the close before; 10 % halt.
    assert result.halted_by[6] == records.DAILY_LOSS
    assert result.halted_by[8] == records.DRAWDOWN
    assert (np.delete(result.halted_by, [6, 8]) == records.NOT_REFUSED).all()


def test_every_entry_that_is_not_bought_is_counted_with_its_reason():
    result = _account()
    counted = {what: int(count) for what, count in enumerate(result.refused) if count}
    assert counted == {
        records.NO_BAR: 2,
        records.DRAWDOWN: 1,
        records.DAILY_LOSS: 1,
        records.SLOTS: 1,
        records.TRADES_A_DAY: 1,
        records.PENNY_STOCK: 1,
        records.SECTOR: 2,
    }


def test_closed_trades_carry_their_profit_after_all_costs():
    result = _account()
    trades = {
        result.symbols[trade["symbol"]]: (int(trade["exit"]), trade["reason"], trade["pnl"])
        for trade in result.trades
    }
    assert trades == {
        "EA": (3, records.STRATEGY_EXIT, pytest.approx(15_582.4668 - 15_016.50, abs=1e-4)),
        "EB": (3, records.STRATEGY_EXIT, pytest.approx(125 + 9_863.6007 - 10_011.25, abs=1e-4)),
        "XB": (4, records.STRATEGY_EXIT, pytest.approx(9_589.1334 - 10_011.00, abs=1e-4)),
        "UA": (6, records.STRATEGY_EXIT, pytest.approx(13_037.3305 - 15_076.315, abs=1e-4)),
        "XA": (8, records.MAX_HOLD_EXIT, pytest.approx(63 + 14_234.3542 - 15_078.825, abs=1e-4)),
        "VA": (9, records.MAX_HOLD_EXIT, pytest.approx(12_124.4878 - 15_193.21, abs=1e-4)),
        "WA": (17, records.DELISTED, pytest.approx(10_824.00 - 14_777.22, abs=1e-4)),
    }
