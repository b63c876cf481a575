from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.simulated.actions import apply_actions
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.portfolio import AppliedAction, Lot
from alpha_oracle.domain.simulated import Book, BookPosition
from alpha_oracle.execution.entitlements import Traded
from alpha_oracle.execution.entitlements import entitle as entitled
from tests.trading import NOW, SYMBOL, TODAY

SPLIT, DIVIDEND = ActionKind.SPLIT, ActionKind.DIVIDEND


def entitle(lots, actions, **changes):
    """The lots after actions, and the cash."""
    found = entitled(lots, actions, at=NOW, **changes)
    return list(found.lots), found.cash_usd


def price(ratio, *, close=90):
    return {SYMBOL: Decimal(close) / Decimal(str(ratio))}


def an_action(kind, value, *, days_ago=0, symbol=SYMBOL):
    return CorporateAction(
        symbol=symbol,
        ex_date=TODAY - timedelta(days=days_ago),
        kind=kind,
        value=Decimal(str(value)),
        known_at=NOW,
    )


def a_lot(quantity, *, strategy="one", symbol=SYMBOL, days_ago=3):
    return Lot(
        account="paper",
        strategy=strategy,
        symbol=symbol,
        quantity=quantity,
        opened=TODAY - timedelta(days=days_ago),
        last_traded=TODAY - timedelta(days=days_ago),
        bought=Decimal(quantity),
        paid_usd=Decimal(quantity * 80),
        received_usd=Decimal(0),
    )


def lots_of(*quantities):
    return [a_lot(quantity, strategy=f"s{n}") for n, quantity in enumerate(quantities)]


def broker_says(lots, actions, *, price):
    held = sum(lot.quantity for lot in lots)
    position = BookPosition(quantity=held, mark=Decimal(90))
    book = Book(
        cash=Decimal(0),
        positions={SYMBOL: position} if held else {},
        orders=(),
        executions=(),
        applied={},
    )
    return apply_actions(book, actions, prices={SYMBOL: Decimal(str(price))}, now=NOW)


def shares(lots):
    return [lot.quantity for lot in lots]


def test_a_split_leaves_the_lots_with_the_shares_that_the_position_has():
    # 3:2 of 5, 5 and 5 are 22.5: two lots of 7.5 share one more, which 15 shares do not lack.
    lots = lots_of(5, 5, 5)
    after, cash = entitle(lots, [an_action(SPLIT, 1.5)], prices=price(1.5))
    assert shares(after) == [8, 7, 7]
    assert cash == Decimal(30)  # Half a share at 60 USD.
    assert [lot.received_usd for lot in after] == [-30, 30, 30]


def test_the_largest_fraction_gets_the_share_and_of_equal_ones_the_oldest():
    lots = [a_lot(1, strategy="new", days_ago=1), a_lot(1, strategy="old"), a_lot(2, strategy="x")]
    after, _ = entitle(lots, [an_action(SPLIT, 1.3)], prices=price(1.3))
    # 1.3, 1.3 and 2.6 are 5.2.
    assert shares(after) == [1, 1, 3]
    after, _ = entitle(lots[:2], [an_action(SPLIT, 1.5)], prices=price(1.5))
    assert shares(after) == [1, 2]


def test_what_the_broker_paid_stands_and_its_other_price_is_one_lots():
    lots, actions = lots_of(5, 5, 5), [an_action(SPLIT, 1.5)]
    told = broker_says(lots, actions, price=61).actions
    after, cash = entitle(lots, actions, prices=price(1.5), told=told)
    assert cash == Decimal("30.5")
    assert sum(lot.received_usd for lot in after) == cash
    assert shares(after) == [8, 7, 7]


def test_a_broker_that_held_other_shares_before_is_not_followed():
    lots, actions = lots_of(5, 5), [an_action(SPLIT, 2)]
    told = broker_says(lots_of(11), actions, price=45).actions
    after, _ = entitle(lots, actions, prices=price(2), told=told)
    assert shares(after) == [10, 10]


def test_a_dividend_counts_for_each_share_before_the_split_of_its_morning():
    lots = lots_of(3, 4)
    actions = [an_action(SPLIT, 2), an_action(DIVIDEND, 0.25)]
    told = broker_says(lots, actions, price=45).actions
    after, cash = entitle(lots, actions, prices=price(2), told=told)
    assert shares(after) == [6, 8]
    assert cash == Decimal("1.75")
    assert [lot.received_usd for lot in after] == [Decimal("0.75"), 1]


def test_mornings_come_one_after_the_other_and_other_symbols_stay_as_they_are():
    other = a_lot(5, symbol=Symbol("BBB"))
    lots = [*lots_of(10), other]
    actions = [an_action(SPLIT, 2, days_ago=1), an_action(DIVIDEND, 1)]
    after, cash = entitle(lots, actions, prices=price(2))
    assert [(lot.symbol, lot.quantity) for lot in after] == [(SYMBOL, 20), ("BBB", 5)]
    assert cash == 20


def test_a_lot_sold_out_takes_part_in_the_ratio_alone():
    lots = [a_lot(0)]
    after, cash = entitle(lots, [an_action(SPLIT, 2)], prices={})
    assert (after[0].quantity, after[0].bought, cash) == (0, 0, 0)


@pytest.mark.parametrize("ratio", ["0.3333333333", "0.1", "1.5", "1.25", "3"])
@given(
    quantities=st.lists(st.integers(0, 400), min_size=1, max_size=5),
    paid=st.integers(1, 500),
)
def test_lots_and_cash_come_to_what_the_broker_made_of_the_position(ratio, quantities, paid):
    lots = lots_of(*quantities)
    actions = [an_action(SPLIT, ratio), an_action(DIVIDEND, "0.1234567")]
    says = broker_says(lots, actions, price=paid)
    after, cash = entitle(lots, actions, prices=price(2), told=says.actions)
    position = says.positions.get(SYMBOL)
    assert sum(shares(after)) == (0 if position is None else position.quantity)
    assert cash == says.cash
    assert sum(lot.received_usd for lot in after) == cash
    assert all(quantity >= 0 for quantity in shares(after))


def test_without_a_word_of_the_broker_the_same_rule_is_reckoned_with():
    lots, actions = lots_of(7, 8), [an_action(SPLIT, 0.5)]
    told = broker_says(lots, actions, price=45).actions
    assert isinstance(told[0], AppliedAction)
    assert entitle(lots, actions, prices=price(2)) == entitle(
        lots, actions, prices=price(2), told=told
    )


def test_shares_traded_since_the_ex_date_have_no_part_in_it():
    lots = [a_lot(15, strategy="kept"), a_lot(0, strategy="sold")]
    since = {"kept": Traded(bought=7, net=5), "sold": Traded(net=-4)}
    found = entitled(
        lots,
        [an_action(SPLIT, 2, days_ago=1), an_action(DIVIDEND, 1, days_ago=1)],
        prices=price(2),
        at=NOW,
        traded_since=lambda lot, _session: since[lot.strategy],
    )
    assert [lot.quantity for lot in found.lots] == [25, 4]
    assert [lot.bought for lot in found.lots] == [8 * 2 + 7, 0]
    assert [lot.received_usd for lot in found.lots] == [10, 4]
    assert found.cash_usd == 14
    assert [(one.shares_before, one.shares_after) for one in found.applied] == [(14, 14), (14, 28)]


def test_an_action_nobody_was_entitled_to_did_nothing():
    found = entitled([a_lot(0)], [an_action(SPLIT, 2)], prices={}, at=NOW)
    assert (found.applied, found.cash_usd) == ((), 0)
