from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.orders import Side
from tests.fakes.broker import CASH, SESSION, SimulatedMarket

SPLIT, DIVIDEND = ActionKind.SPLIT, ActionKind.DIVIDEND
EX_DATE = date(2016, 6, 3)
BEFORE_THE_OPEN = datetime(2016, 6, 3, 10, 0, tzinfo=UTC)


def an_action(kind, value, *, ex_date=EX_DATE, symbol="SYN001"):
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_date=ex_date,
        kind=kind,
        value=Decimal(str(value)),
        known_at=BEFORE_THE_OPEN,
    )


@pytest.fixture
def market():
    """101 shares of SYN001 bought at 100 for nothing more, on the morning of the ex-date."""
    market = SimulatedMarket()
    market.quote(bid=100, ask=100)
    market.send(quantity=101)
    market.broker.events()
    market.clock.set(BEFORE_THE_OPEN)
    return market


def cash(market):
    return market.broker.snapshot().account.cash


def test_a_dividend_is_paid_on_every_share_held(market):
    before = cash(market)
    (done,) = market.broker.apply_actions([an_action(DIVIDEND, 0.25)])
    assert cash(market) - before == done.cash_usd == Decimal("25.25")
    assert market.position() == 101


def test_a_split_multiplies_the_shares(market):
    before = cash(market)
    market.broker.apply_actions([an_action(SPLIT, 4)])
    assert market.position() == 404
    assert cash(market) == before


def test_a_split_leaves_whole_shares_and_pays_the_fraction(market):
    before = cash(market)
    market.quote(bid=66, ask=66)
    (done,) = market.broker.apply_actions([an_action(SPLIT, 1.5)])
    assert (done.shares_before, done.shares_after) == (101, 151)
    assert market.position() == 151
    assert cash(market) - before == Decimal(33)


def test_without_a_quote_the_fraction_is_paid_at_the_mark_after_the_split(market):
    before = cash(market)
    market.board.newest.clear()
    market.broker.apply_actions([an_action(SPLIT, 0.5)])
    assert market.position() == 50
    assert cash(market) - before == Decimal(100)


def test_a_ratio_that_arrives_rounded_costs_no_share(market):
    market.quote()
    market.clock.set(datetime(2016, 6, 2, 15, 0, tzinfo=UTC))
    market.quote()
    market.send("order-2", quantity=199)
    market.broker.events()
    market.clock.set(BEFORE_THE_OPEN)
    market.broker.apply_actions([an_action(SPLIT, 0.3333333333)])
    assert market.position() == 100


def test_a_dividend_is_on_the_shares_before_a_split_of_the_same_morning(market):
    before = cash(market)
    market.broker.apply_actions([an_action(SPLIT, 2), an_action(DIVIDEND, 1)])
    assert cash(market) - before == Decimal(101)
    assert market.position() == 202


def test_an_action_is_applied_once_and_told_whenever_asked(market):
    actions = [an_action(SPLIT, 2), an_action(DIVIDEND, 1)]
    done = market.broker.apply_actions(actions)
    assert [one.action for one in done] == actions
    before = cash(market)
    assert market.broker.apply_actions(actions) == done
    assert market.another().apply_actions(actions) == done
    assert (market.position(), cash(market)) == (202, before)


def test_what_was_bought_on_the_ex_date_earns_no_dividend(market):
    market.clock.set(datetime(2016, 6, 3, 14, 0, tzinfo=UTC))
    market.quote(bid=100, ask=100)
    market.send("order-2", quantity=50, session=EX_DATE)
    market.broker.events()
    (done,) = market.broker.apply_actions([an_action(DIVIDEND, 1)])
    assert done.cash_usd == 101


def test_what_was_sold_on_the_ex_date_earns_its_dividend(market):
    market.clock.set(datetime(2016, 6, 3, 14, 0, tzinfo=UTC))
    market.quote(bid=100, ask=100)
    market.send("order-2", side=Side.SELL, quantity=100, session=EX_DATE)
    market.broker.events()
    (done,) = market.broker.apply_actions([an_action(DIVIDEND, 1)])
    assert done.cash_usd == 101


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(an_action(DIVIDEND, 1, symbol="SYN002"), id="of a symbol not held"),
        pytest.param(an_action(DIVIDEND, 1, ex_date=date(2016, 6, 6)), id="of another day to come"),
        pytest.param(an_action(DIVIDEND, 1, ex_date=SESSION), id="of the day it was bought"),
    ],
)
def test_an_action_that_is_not_due_on_what_is_held_does_nothing(market, action):
    before = cash(market)
    assert market.broker.apply_actions([action]) == ()
    assert (market.position(), cash(market)) == (101, before)


def test_no_action_asks_nobody():
    market = SimulatedMarket()
    market.book.is_away = True
    assert market.broker.apply_actions([]) == ()
    assert market.cash == CASH
