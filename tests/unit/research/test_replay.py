"""A list of orders, replayed to the cent."""

from datetime import date
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.domain.listed_orders import ListedOrder
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.replay import ReplayTerms, commission_pct, commission_per_share
from tests.unit.research.listings import replayed, told_fills, told_refusals
from tests.unit.research.worlds import a_market, worlds


def _hand_worked():
    market = a_market(
        {
            "AAA": [50, 50, 51, 52, 26, 27, 27, 28],
            "BBB": [80, 81, 82, nan, nan, 84, 8.5, 8.6],
            "CCC": [20, 20, 21, 22, 23, 24, 25, 26],
        },
        {
            "AAA": [50, 51, 52, 52, 27, 27, 28, 29],
            "BBB": [80, 82, 83, nan, nan, 85, 8.5, 8.7],
            "CCC": [20, 21, 22, 23, 24, 25, 26, 27],
        },
        splits=[(4, "AAA", 2.0), (6, "BBB", 10.25)],
        dividends=[(2, "AAA", 0.4)],
    )
    result = replayed(
        market,
        (0, "AAA", 60),
        (0, "BBB", 50),
        (0, "CCC", 100),
        (1, "AAA", 20),
        (2, "BBB", -20),
        (2, "CCC", 30),
        (3, "AAA", -80),
        (4, "AAA", -30),
        (5, "CCC", 10),
        (5, "BBB", -300),
        capital=12_000.0,
        commission=commission_per_share(0.02),
        slippage_bps=10.0,
    )
    return market, result


def test_every_fill_of_the_hand_worked_list_is_right():
    market, result = _hand_worked()
    assert told_fills(result, market) == [
        (1, "AAA", 60, 50.05, 1.2),
        (1, "BBB", 50, 81.081, 1.0),
        (1, "CCC", 100, 20.02, 2.0),
        (2, "AAA", 20, 51.051, 0.4),  # A second lot of the same share joins the first.
        (3, "CCC", 30, 22.022, 0.6),
        (4, "AAA", -80, 25.974, 1.6),  # 80 of the 160 that 80 became.
        (5, "BBB", -20, 83.916, 0.4),  # Decided on 2: no bar on 3 and 4.
        (5, "AAA", -30, 26.973, 0.6),
        (6, "BBB", -300, 8.4915, 6.0),  # 30 became 307.5: half a share is paid out at 8.5.
        (6, "CCC", 10, 25.025, 0.2),
    ]
    assert result.refused == ()


def test_cash_and_equity_of_the_hand_worked_list_are_right_to_the_cent():
    _, result = _hand_worked()
    assert result.cash == pytest.approx(
        [
            12_000.00,
            2_936.75,  # - 3,004.20 - 4,055.05 - 2,004.00
            1_939.33,  # + 60 x 0.40 of dividends - 1,021.42
            1_278.07,  # - 661.26
            3_354.39,  # + 2,076.32
            5_840.90,  # + 1,677.92 + 808.59
            8_136.15,  # + 4.25 for half a share + 2,541.45 - 250.45
            8_136.15,
        ],
        abs=1e-6,
    )
    assert result.equity == pytest.approx(
        [
            12_000.00,
            12_196.75,  # 60 x 51 + 50 x 82 + 100 x 21
            12_449.33,  # 80 x 52 + 50 x 83 + 100 x 22
            12_578.07,  # 80 x 52 + 50 x 83 (its last close) + 130 x 23
            12_784.39,  # 80 x 27 + 50 x 83 + 130 x 24
            12_990.90,  # 50 x 27 + 30 x 85 + 130 x 25
            13_235.65,  # 50 x 28 + 7 x 8.50 + 140 x 26
            13_427.05,  # 50 x 29 + 7 x 8.70 + 140 x 27
        ],
        abs=1e-6,
    )


def test_sales_come_before_purchases_and_pay_for_them():
    market = a_market({"AAA": [10.0, 10.0, 10.0], "BBB": [20.0, 20.0, 20.0]})
    result = replayed(market, (0, "AAA", 100), (1, "BBB", 50), (1, "AAA", -100), capital=1000.0)
    assert told_fills(result, market) == [
        (1, "AAA", 100, 10.0, 0.0),
        (2, "AAA", -100, 10.0, 0.0),
        (2, "BBB", 50, 20.0, 0.0),
    ]


def test_purchases_are_tried_as_listed_and_a_smaller_one_may_still_be_paid():
    market = a_market({"AAA": [10.0, 10.0], "BBB": [10.0, 10.0], "CCC": [10.0, 10.0]})
    result = replayed(market, (0, "CCC", 60), (0, "AAA", 50), (0, "BBB", 40), capital=1000.0)
    assert [fill[1:3] for fill in told_fills(result, market)] == [("CCC", 60), ("BBB", 40)]
    assert told_refusals(result) == [("AAA", 50, "costs 500.00 USD of 400.00 USD in cash")]


@pytest.mark.parametrize(
    ("commission", "refused"),
    [(commission_per_share(0.0), 0), (commission_per_share(0.001), 1), (commission_pct(0.01), 1)],
)
def test_the_commission_is_part_of_what_cash_must_pay(commission, refused):
    market = a_market({"AAA": [10.0, 10.0]})
    result = replayed(market, (0, "AAA", 100), capital=1000.0, commission=commission)
    assert len(result.refused) == refused


def test_a_commission_in_percent_is_of_the_notional_on_each_side():
    market = a_market({"AAA": [10.0, 10.0, 12.0]})
    pct = commission_pct(0.1)
    result = replayed(market, (0, "AAA", 50), (1, "AAA", -50), commission=pct, slippage_bps=100.0)
    assert told_fills(result, market) == [
        (1, "AAA", 50, 10.1, 0.505),
        (2, "AAA", -50, 11.88, 0.594),
    ]
    assert result.cash[-1] == pytest.approx(10_000.0 - 505.505 + 593.406)


def test_a_commission_a_share_has_no_maximum_on_a_purchase():
    market = a_market({"AAA": [0.01, 0.01]})
    result = replayed(market, (0, "AAA", 100), commission=commission_per_share(0.05))
    assert told_fills(result, market) == [(1, "AAA", 100, 0.01, 5.0)]


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        pytest.param(
            [(0, "AAA", 10), (1, "AAA", -11)], (11, "sells 11 of 10 shares held"), id="too much"
        ),
        pytest.param([(0, "AAA", -5)], (5, "sells 5 of 0 shares held"), id="no short sale"),
        pytest.param(
            [(0, "AAA", -5), (0, "AAA", 5)], (5, "sells 5 of 0 shares held"), id="of tomorrow"
        ),
        pytest.param(
            [(1, "GAP", 5)],
            (5, "GAP did not trade on the next session, 2016-01-06"),
            id="no bar to buy at",
        ),
        pytest.param(
            [(1, "STILL", 5)],
            (5, "STILL did not trade on the next session, 2016-01-06"),
            id="a bar without volume",
        ),
        pytest.param(
            [(3, "AAA", 5)], (5, "no session is stored after 2016-01-07"), id="last session"
        ),
        pytest.param([(1, "NONE", 5)], (5, "no bar of NONE is stored"), id="unknown symbol"),
        pytest.param(
            [(date(2016, 1, 9), "AAA", 5)],
            (5, "2016-01-09 is no session of the exchange"),
            id="a Saturday",
        ),
        pytest.param(
            [(date(1816, 1, 9), "AAA", 5)],
            (5, "1816-01-09 is no session of the exchange"),
            id="before there was a calendar",
        ),
        pytest.param(
            [(date(2015, 12, 31), "AAA", 5)],
            (
                5,
                (
                    "no bars are stored of 2015-12-31; those stored reach from 2016-01-04 to "
                    "2016-01-07"
                ),
            ),
            id="before the first bar",
        ),
        pytest.param(
            [(0, "GAP", 7), (1, "GAP", -7), (1, "GAP", -1)],
            (1, "sells 1 of 0 shares held"),
            id="sold twice while it waits",
        ),
    ],
)
def test_an_order_that_cannot_be_done_is_refused_with_its_reason(rows, refusal):
    market = a_market(
        {
            "AAA": [10.0, 10.0, 10.0, 10.0],
            "GAP": [10.0, 10.0, nan, 10.0],
            "STILL": [10.0, 10.0, 10.0, 10.0],
        }
    )
    market.volume[2, 2] = 0.0
    result = replayed(market, *rows)
    assert [(quantity, reason) for _, quantity, reason in told_refusals(result)] == [refusal]


def test_a_session_of_which_nothing_is_stored_decides_nothing():
    market = a_market({"AAA": [10.0, nan, 10.0]})
    result = replayed(market, (1, "AAA", 5))
    assert [reason for *_, reason in told_refusals(result)] == [
        "no bars are stored of 2016-01-05; those stored reach from 2016-01-04 to 2016-01-06"
    ]
    assert len(result.sessions) == 0


def test_a_sale_waits_for_the_next_bar_and_says_so_where_none_comes():
    market = a_market({"AAA": [10.0, 10.0, nan, nan, 9.0, nan], "BBB": [1.0] * 6})
    result = replayed(market, (0, "AAA", 8), (1, "AAA", -5), (4, "AAA", -3))
    assert told_fills(result, market) == [(1, "AAA", 8, 10.0, 0.0), (4, "AAA", -5, 9.0, 0.0)]
    assert told_refusals(result) == [
        ("AAA", 3, "AAA did not trade again up to 2016-01-11, the last one stored")
    ]
    assert result.equity[-1] == pytest.approx(10_000.0 - 80.0 + 45.0 + 27.0)


def test_what_is_delisted_is_sold_at_its_last_close_without_an_order():
    closes = [10.0, 10.5, 11.0, *[nan] * 12]
    market = a_market(
        {"AAA": [10.0, 10.0, 10.0, *[nan] * 12], "BBB": [1.0] * 15},
        {"AAA": closes, "BBB": [1.0] * 15},
    )
    fee = commission_per_share(0.01)
    result = replayed(market, (0, "AAA", 8), (5, "AAA", -8), commission=fee)
    assert told_fills(result, market) == [(1, "AAA", 8, 10.0, 0.08), (12, "AAA", -8, 11.0, 0.0)]
    assert told_refusals(result) == [("AAA", 8, "sells 8 of 0 shares held")]
    assert result.cash[-1] == pytest.approx(10_000.0 - 80.08 + 88.0)


def test_a_reverse_split_that_leaves_no_share_pays_out_in_cash():
    market = a_market({"AAA": [1.0, 1.0, 100.0, 100.0]}, splits=[(2, "AAA", 0.01)])
    result = replayed(market, (0, "AAA", 50), (2, "AAA", -1))
    assert told_fills(result, market) == [(1, "AAA", 50, 1.0, 0.0)]
    assert result.cash[-1] == pytest.approx(10_000.0)
    assert [reason for *_, reason in told_refusals(result)] == ["sells 1 of 0 shares held"]


def test_the_record_begins_with_the_first_order_that_has_a_place():
    market = a_market({"AAA": [10.0] * 5})
    result = replayed(market, (3, "AAA", 1), (date(2016, 1, 2), "AAA", 1), (2, "AAA", 1))
    assert result.sessions.tolist() == market.sessions[2:].tolist()
    assert [row for row, *_ in told_fills(result, market)] == [3, 4]
    assert result.cash.tolist() == [10_000.0, 9_990.0, 9_980.0]


def test_no_order_is_no_record():
    result = replayed(a_market({"AAA": [10.0] * 5}))
    assert (result.fills, result.refused, len(result.equity)) == ((), (), 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capital_usd": 0.0}, "capital is 0 USD"),
        ({"capital_usd": inf}, "capital is inf USD"),
        ({"capital_usd": nan}, "capital is nan USD"),
        ({"slippage_bps": -1.0}, "slippage is -1 bps"),
        ({"slippage_bps": 10_000.0}, "slippage is 10000 bps"),
    ],
)
def test_terms_nobody_could_trade_by_are_refused(change, message):
    sound = {"capital_usd": 1.0, "commission": commission_per_share(0.0), "slippage_bps": 0.0}
    with pytest.raises(ConfigurationError, match=message):
        ReplayTerms(**{**sound, **change})


@pytest.mark.parametrize("quantity", [0, -1])
def test_an_order_is_of_at_least_one_share(quantity):
    with pytest.raises(ValueError, match="is not above 0"):
        ListedOrder(session=date(2016, 1, 4), symbol=Symbol("A"), side=Side.BUY, quantity=quantity)


@settings(max_examples=60)
@given(world=worlds(), seed=st.integers(0, 2**32 - 1))
def test_of_every_list_each_order_is_filled_or_refused_and_money_adds_up(world, seed):
    market, *_ = world
    random = np.random.default_rng(seed)
    count, last = 40, len(market.sessions) - 1
    decided = random.integers(0, last + 1, count).tolist()
    quantities = random.choice([-40, -7, -1, 3, 11, 40], count).tolist()
    named = random.choice(market.symbols, count).tolist()
    rows = list(zip(decided, named, quantities, strict=True))
    result = replayed(market, *rows, capital=2_000.0, commission=commission_pct(0.3))
    gone = sum(fill.commission == 0.0 and fill.side is Side.SELL for fill in result.fills)
    assert len(result.fills) - gone + len(result.refused) == count
    assert (result.cash >= 0.0).all()
    assert (result.equity >= result.cash).all()
    first = len(market.sessions) - len(result.sessions)
    cash, held = 2_000.0, dict.fromkeys(market.symbols, 0)
    opened = np.where(market.volume > 0, market.traded_open, np.nan)
    for row in range(first, last + 1):
        for column, symbol in enumerate(market.symbols):
            cash += held[symbol] * market.dividend[row, column]
            exact = held[symbol] * market.split[row, column]
            held[symbol] = int(exact + 1e-6)
            if exact - held[symbol] > 1e-6 and np.isnan(opened[row, column]):
                # What pays for the fraction is a mark the fills do not show.
                return
            cash += max(exact - held[symbol], 0.0) * np.nan_to_num(opened[row, column])
        for fill in result.fills:
            if fill.session == market.sessions[row].item():
                sign = 1 if fill.side is Side.BUY else -1
                held[fill.symbol] += sign * fill.quantity
                cash -= sign * fill.quantity * fill.price + fill.commission
        assert min(held.values()) >= 0
        assert result.cash[row - first] == pytest.approx(cash, abs=1e-6)


@settings(max_examples=30)
@given(world=worlds(), cut=st.integers(2, 39))
def test_a_list_on_a_market_cut_short_is_the_same_up_to_there(world, cut):
    market, *_ = world
    cut = min(cut, len(market.sessions) - 1)
    names = [market.symbols[place % len(market.symbols)] for place in range(cut)]
    rows = [(place // 2, name, -3 if place % 3 == 2 else 5) for place, name in enumerate(names)]
    whole = replayed(market, *rows)
    short = replayed(market.until(market.sessions[cut].item()), *rows)
    assert short.cash.tolist() == whole.cash[: len(short.cash)].tolist()
    assert short.equity.tolist() == whole.equity[: len(short.equity)].tolist()
    assert short.fills == whole.fills[: len(short.fills)]


def test_the_order_of_a_file_decides_only_inside_a_session():
    market = a_market({"AAA": [10.0, 11.0, 12.0, 13.0], "BBB": [20.0, 21.0, 22.0, 23.0]})
    rows = [(0, "AAA", 10), (0, "BBB", 5), (1, "AAA", -4), (2, "BBB", -5)]
    listed, turned = replayed(market, *rows), replayed(market, *rows[::-1])
    assert listed.equity.tolist() == turned.equity.tolist()
    assert sorted(told_fills(listed, market)) == sorted(told_fills(turned, market))
