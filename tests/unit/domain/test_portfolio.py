from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.portfolio import (
    AccountState,
    LotKey,
    adjust_lot,
    after_transfer,
    with_peak,
)
from tests.trading import NOW, TODAY, WINDOW
from tests.unit.execution.positions import a_lot

STATE = AccountState(
    account="paper",
    cash_usd=Decimal(1000),
    peak_equity_usd=Decimal(5000),
    previous_close_equity_usd=Decimal(4000),
    maintenance_margin_usd=None,
    at=NOW,
)


def an_action(kind, value, symbol="AAA"):
    return CorporateAction(
        symbol=Symbol(symbol), ex_date=TODAY, kind=kind, value=Decimal(value), known_at=NOW
    )


def a_split(ratio):
    return an_action(ActionKind.SPLIT, ratio)


def a_dividend(usd):
    return an_action(ActionKind.DIVIDEND, usd)


def test_a_lot_is_known_by_its_strategy_and_symbol():
    assert a_lot(strategy="S", symbol=Symbol("BBB")).key == LotKey("S", Symbol("BBB"))


def test_what_is_left_of_a_lot_cost_its_share_of_what_was_paid():
    lot = a_lot(quantity=25, bought=Decimal(100), paid_usd=Decimal(1001))

    assert lot.cost_basis_usd == Decimal("250.25")


def test_shares_nobody_bought_cost_nothing():
    assert a_lot(quantity=-5, bought=Decimal(0), paid_usd=Decimal(0)).cost_basis_usd == 0


@pytest.mark.parametrize(
    ("quantity", "last_traded", "was_closed"),
    [
        pytest.param(0, WINDOW[0], True, id="sold out before"),
        pytest.param(0, TODAY, False, id="sold out today"),
        pytest.param(1, WINDOW[0], False, id="held"),
        pytest.param(-1, WINDOW[0], False, id="oversold"),
    ],
)
def test_a_lot_sold_out_in_a_session_before_is_closed(quantity, last_traded, was_closed):
    lot = a_lot(quantity=quantity, last_traded=last_traded)

    assert lot.was_closed_before(TODAY) == was_closed


@pytest.mark.parametrize(
    ("quantity", "ratio", "shares", "cash"),
    [
        pytest.param(100, "4", 400, "0", id="four for one"),
        pytest.param(300, "0.3333333333", 100, "0", id="a ratio that arrived rounded"),
        pytest.param(101, "0.5", 50, "10", id="a fraction is paid in cash"),
        pytest.param(1, "0.1", 0, "2", id="less than one share left"),
    ],
)
def test_a_split_multiplies_whole_shares_and_pays_the_fraction(quantity, ratio, shares, cash):
    adjusted = adjust_lot(a_lot(quantity=quantity), [a_split(ratio)], price=Decimal(20))

    assert (adjusted.lot.quantity, adjusted.cash_usd) == (shares, Decimal(cash))
    assert adjusted.lot.received_usd == Decimal(cash)


def test_a_split_leaves_the_cost_of_a_lot_what_it_was():
    lot = a_lot(quantity=100, bought=Decimal(100), paid_usd=Decimal(10_000))

    assert adjust_lot(lot, [a_split("4")], price=Decimal(25)).lot.cost_basis_usd == 10_000


def test_a_dividend_is_paid_on_every_share():
    adjusted = adjust_lot(a_lot(quantity=100), [a_dividend("0.24")], price=Decimal(100))

    assert adjusted.cash_usd == 24
    assert adjusted.lot == replace(a_lot(quantity=100), received_usd=Decimal(24))


def test_a_dividend_counts_the_shares_of_before_a_split_of_the_same_morning():
    actions = [a_split("4"), a_dividend("0.24")]

    adjusted = adjust_lot(a_lot(quantity=100), actions, price=Decimal(25))

    assert (adjusted.lot.quantity, adjusted.cash_usd) == (400, 24)


def test_an_action_of_another_symbol_is_refused():
    action = an_action(ActionKind.SPLIT, "2", symbol="BBB")

    with pytest.raises(ValueError, match="an action of BBB is none of a lot of AAA"):
        adjust_lot(a_lot(), [action], price=Decimal(1))


@given(
    quantity=st.integers(1, 10**6),
    ratio=st.decimals("0.01", 50, places=4),
    price=st.decimals("0.01", 10_000, places=2),
)
def test_a_split_neither_makes_nor_takes_money(quantity, ratio, price):
    adjusted = adjust_lot(a_lot(quantity=quantity), [a_split(ratio)], price=price)

    worth = adjusted.lot.quantity * price + adjusted.cash_usd
    assert worth == pytest.approx(quantity * ratio * price, abs=price / 100_000)
    assert adjusted.cash_usd < price


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss():
    withdrawn = after_transfer(STATE, Decimal(-300))

    assert withdrawn.cash_usd == 700
    assert withdrawn.peak_equity_usd == 4700
    assert withdrawn.previous_close_equity_usd == 3700
    assert after_transfer(withdrawn, Decimal(300)) == STATE


def test_a_transfer_leaves_unknown_what_was_unknown():
    unknown = replace(STATE, peak_equity_usd=None, previous_close_equity_usd=None)

    after = after_transfer(unknown, Decimal(300))
    assert (after.peak_equity_usd, after.previous_close_equity_usd) == (None, None)


@pytest.mark.parametrize(
    ("peak", "equity", "after"), [(5000, 5001, 5001), (5000, 4999, 5000), (None, 10, 10)]
)
def test_the_peak_only_rises(peak, equity, after):
    state = replace(STATE, peak_equity_usd=peak)

    assert with_peak(state, Decimal(equity)).peak_equity_usd == after
