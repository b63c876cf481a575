from decimal import Decimal
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.research.compiled import compiled
from alpha_oracle.risk import sizing
from alpha_oracle.risk.commissions import order_commission
from tests.unit.risk.schedules import IN_DECIMALS, SCHEDULES, in_floats

CENTS = st.integers(min_value=1, max_value=10**9).map(lambda cents: Decimal(cents) / 100)
PERCENTS = st.integers(min_value=0, max_value=1000).map(lambda tenths: Decimal(tenths) / 10)
SHARES = st.integers(min_value=0, max_value=10**6)


@pytest.mark.parametrize(
    ("win_rate", "ratio", "fraction"),
    [
        pytest.param("0.6", "2", "0.2", id="an edge"),
        pytest.param("0.5", "1", "0", id="a fair coin"),
        pytest.param("0.4", "1", "-0.1", id="a losing game"),
        pytest.param("0", "0", "0", id="no winner"),
        pytest.param("0.8", "Infinity", "0.4", id="no loser"),
    ],
)
def test_half_kelly_is_half_of_what_kelly_says(win_rate, ratio, fraction):
    assert sizing.half_kelly(Decimal(win_rate), Decimal(ratio)) == Decimal(fraction)
    assert sizing.half_kelly(float(win_rate), float(ratio)) == pytest.approx(float(fraction))


def test_a_target_is_the_kelly_fraction_up_to_the_cap():
    assert sizing.target_notional(100_000.0, 0.03, 5.0) == 3000.0
    assert sizing.target_notional(100_000.0, 0.3, 5.0) == 5000.0
    assert sizing.target_notional(100_000.0, -0.1, 5.0) == 0.0
    assert sizing.target_notional(-1.0, 0.1, 5.0) == 0.0


def test_the_cash_reserve_is_not_spent():
    assert sizing.spendable_cash(Decimal(4000), Decimal(10_000), Decimal(10)) == 3000
    assert sizing.spendable_cash(Decimal(900), Decimal(10_000), Decimal(10)) == 0


@pytest.mark.parametrize(
    ("notional", "price", "shares"),
    [
        pytest.param("0.3", "0.1", 3, id="exact in decimals, not in floats"),
        pytest.param("2499.99", "50", 49, id="a cent short of fifty"),
        pytest.param("0", "50", 0, id="nothing to spend"),
        pytest.param("-10", "50", 0, id="less than nothing"),
        pytest.param("100", "0", 0, id="no price"),
    ],
)
def test_shares_are_whole_and_rounded_down(notional, price, shares):
    assert sizing.whole_shares(Decimal(notional), Decimal(price)) == shares
    assert sizing.whole_shares(float(notional), float(price)) == shares


@given(cash=CENTS, price=CENTS, schedule=SCHEDULES)
def test_what_is_affordable_costs_no_more_than_the_cash(cash, price, schedule):
    shares = sizing.affordable_shares(cash, price, schedule)
    if shares > 0:
        assert shares * price + order_commission(shares, price, schedule) <= cash
    more = shares + 1
    assert more * price + order_commission(more, price, schedule) > cash


@given(equity=CENTS, cash=CENTS, price=CENTS, cap=PERCENTS, reserve=PERCENTS)
def test_a_size_exceeds_neither_the_cap_nor_the_reserve(equity, cash, price, cap, reserve):
    target = sizing.target_notional(equity, Decimal(1), cap)
    spendable = sizing.spendable_cash(cash, equity, reserve)
    shares = min(
        sizing.whole_shares(target, price),
        sizing.affordable_shares(spendable, price, IN_DECIMALS),
    )
    assert shares * price <= equity * cap / 100
    assert shares == 0 or cash - shares * price >= equity * reserve / 100


def test_decimals_and_compiled_floats_size_alike():
    whole_shares = compiled(sizing.whole_shares, calls=())
    affordable_shares = compiled(sizing.affordable_shares, calls=(sizing.whole_shares,))
    half_kelly = compiled(sizing.half_kelly, calls=())

    @given(notional=CENTS, price=CENTS, schedule=SCHEDULES)
    def agree(notional, price, schedule):
        assert whole_shares(float(notional), float(price)) == sizing.whole_shares(notional, price)
        assert affordable_shares(
            float(notional), float(price), in_floats(schedule)
        ) == sizing.affordable_shares(notional, price, schedule)

    @given(wins=SHARES, losses=SHARES, ratio=CENTS)
    def agree_on_kelly(wins, losses, ratio):
        win_rate = Decimal(wins) / max(wins + losses, 1)
        assert half_kelly(float(win_rate), float(ratio)) == pytest.approx(
            float(sizing.half_kelly(win_rate, ratio)), rel=1e-9, abs=1e-9
        )

    agree()
    agree_on_kelly()
    assert half_kelly(1.0, inf) == 0.5
