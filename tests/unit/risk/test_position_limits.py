from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderType
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.risk.commissions import cost
from alpha_oracle.risk.position_limits import (
    MinPrice,
    NoLeverage,
    NoShortSale,
    PositionLimit,
    SectorLimit,
)
from tests.trading import COMMISSION, STRATEGY, SYMBOL, an_exit, an_exposure, an_order, facts

POSITION = PositionLimit(max_position_pct=Decimal(5))
SECTOR = SectorLimit(max_sector_pct=Decimal(25))
MIN_PRICE = MinPrice(min_price=Decimal(5))
NO_LEVERAGE = NoLeverage(commission=COMMISSION)
CENTS = st.integers(min_value=1, max_value=10**7).map(lambda cents: Decimal(cents) / 100)


def a_market_order(**changes):
    return an_order(order_type=OrderType.MARKET, limit_price=None, **changes)


def holding(usd, *, sector="Technology"):
    return an_exposure(by_symbol={SYMBOL: Decimal(usd)}, by_sector={sector: Decimal(usd)})


@pytest.mark.parametrize(
    ("held", "wanted", "action", "allowed"),
    [
        pytest.param(0, 50, RiskAction.APPROVE, None, id="exactly the limit"),
        pytest.param(0, 51, RiskAction.REDUCE_SIZE, 50, id="a share too many"),
        pytest.param(4000, 50, RiskAction.REDUCE_SIZE, 10, id="the room left"),
        pytest.param(4950, 50, RiskAction.REJECT, None, id="less room than a share"),
        pytest.param(5000, 1, RiskAction.REJECT, None, id="at the limit"),
        pytest.param(6000, 1, RiskAction.REJECT, None, id="over the limit"),
    ],
)
def test_position_limit_reduces_the_order_to_the_room_left(held, wanted, action, allowed):
    verdict = POSITION.check(an_order(quantity=wanted), facts(exposure=holding(held)))

    assert (verdict.action, verdict.quantity) == (action, allowed)
    assert verdict.measured == held + wanted * 100
    assert verdict.bound == 5000


@pytest.mark.parametrize(
    ("order", "changes", "missing"),
    [
        pytest.param(an_order(), {"equity_usd": None}, "equity", id="equity"),
        pytest.param(a_market_order(), {"prices": {}}, "price of AAA", id="price"),
        pytest.param(
            an_order(),
            {"exposure": an_exposure(unpriced=frozenset({SYMBOL}))},
            "price of AAA",
            id="price of what is held",
        ),
    ],
)
def test_position_limit_refuses_what_it_cannot_measure(order, changes, missing):
    verdict = POSITION.check(order, facts(**changes))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == (missing,)


@pytest.mark.parametrize(
    ("by_sector", "action", "allowed"),
    [
        pytest.param({"Technology": 24_000}, RiskAction.APPROVE, None, id="exactly the limit"),
        pytest.param({"Technology": 24_500}, RiskAction.REDUCE_SIZE, 5, id="the room left"),
        pytest.param({"Technology": 25_000}, RiskAction.REJECT, None, id="at the limit"),
        pytest.param({"Energy": 25_000}, RiskAction.APPROVE, None, id="another sector"),
        pytest.param(
            {"Technology": 20_000, None: 4_800}, RiskAction.REDUCE_SIZE, 2, id="unknown ones count"
        ),
    ],
)
def test_sector_limit_reduces_the_order_to_the_room_left(by_sector, action, allowed):
    sums = {sector: Decimal(usd) for sector, usd in by_sector.items()}

    verdict = SECTOR.check(an_order(), facts(exposure=an_exposure(by_sector=sums)))

    assert (verdict.action, verdict.quantity) == (action, allowed)
    assert verdict.bound == 25_000


@pytest.mark.parametrize(
    ("order", "changes", "missing"),
    [
        pytest.param(an_order(), {"sectors": {}}, ("sector of AAA",), id="sector"),
        pytest.param(an_order(), {"equity_usd": None}, ("equity",), id="equity"),
        pytest.param(a_market_order(), {"prices": {}}, ("price of AAA",), id="price"),
    ],
)
def test_sector_limit_refuses_what_it_cannot_measure(order, changes, missing):
    verdict = SECTOR.check(order, facts(**changes))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == missing


@pytest.mark.parametrize(
    ("sector", "action"),
    [
        ("Technology", RiskAction.REJECT),
        (None, RiskAction.REJECT),
        ("Energy", RiskAction.APPROVE),
    ],
)
def test_a_sector_that_holds_something_without_a_price_takes_no_more(sector, action):
    sectors = {SYMBOL: "Technology"} | ({} if sector is None else {Symbol("BBB"): sector})
    exposure = an_exposure(unpriced=frozenset({Symbol("BBB")}))

    verdict = SECTOR.check(an_order(), facts(sectors=sectors, exposure=exposure))

    assert verdict.action is action
    assert verdict.missing == (() if action is RiskAction.APPROVE else ("price of BBB",))


@pytest.mark.parametrize(
    ("price", "limit", "action"),
    [
        pytest.param("5.00", "5.00", RiskAction.APPROVE, id="on the minimum"),
        pytest.param("4.99", "5.01", RiskAction.REJECT, id="the market below it"),
        pytest.param("5.01", "4.99", RiskAction.REJECT, id="the limit below it"),
        pytest.param("4.99", None, RiskAction.REJECT, id="a market order below it"),
        pytest.param("6.00", None, RiskAction.APPROVE, id="a market order above it"),
    ],
)
def test_no_share_below_the_minimum_price_is_bought(price, limit, action):
    order = a_market_order() if limit is None else an_order(limit_price=Decimal(limit))

    assert MIN_PRICE.check(order, facts(prices={SYMBOL: Decimal(price)})).action is action


def test_a_share_without_a_price_is_not_bought():
    assert MIN_PRICE.check(an_order(), facts(prices={})).missing == ("price of AAA",)


@pytest.mark.parametrize(
    ("cash", "reserved", "action", "allowed"),
    [
        pytest.param("1001.00", 0, RiskAction.APPROVE, None, id="cost and commission"),
        pytest.param("1000.99", 0, RiskAction.REDUCE_SIZE, 9, id="a cent short"),
        pytest.param("1500.00", 1000, RiskAction.REDUCE_SIZE, 4, id="beside another purchase"),
        pytest.param("0", 0, RiskAction.REJECT, None, id="no cash"),
        pytest.param("-500", 0, RiskAction.REJECT, None, id="debt"),
    ],
)
def test_cash_alone_pays(cash, reserved, action, allowed):
    exposure = an_exposure(reserved_usd=Decimal(reserved))

    verdict = NO_LEVERAGE.check(an_order(), facts(cash_usd=Decimal(cash), exposure=exposure))

    assert (verdict.action, verdict.quantity) == (action, allowed)


@pytest.mark.parametrize(
    ("order", "changes", "missing"),
    [
        pytest.param(an_order(), {"cash_usd": None}, "cash", id="cash"),
        pytest.param(a_market_order(), {"prices": {}}, "price of AAA", id="price"),
    ],
)
def test_an_unknown_cost_is_not_paid(order, changes, missing):
    assert NO_LEVERAGE.check(order, facts(**changes)).missing == (missing,)


@given(cash=CENTS, price=CENTS, wanted=st.integers(1, 10_000))
def test_what_cash_was_cleared_for_never_costs_more(cash, price, wanted):
    order = an_order(quantity=wanted, limit_price=price)

    verdict = NO_LEVERAGE.check(order, facts(cash_usd=cash))

    cleared = wanted if verdict.action is RiskAction.APPROVE else verdict.quantity or 0
    assert cleared == 0 or cost(cleared, price, COMMISSION) <= cash
    assert cleared == wanted or cost(cleared + 1, price, COMMISSION) > cash


@given(equity=CENTS, held=CENTS, price=CENTS, wanted=st.integers(1, 10_000))
def test_what_a_position_was_cleared_for_never_passes_its_limit(equity, held, price, wanted):
    order = an_order(quantity=wanted, limit_price=price)

    verdict = POSITION.check(order, facts(equity_usd=equity, exposure=holding(held)))

    cleared = wanted if verdict.action is RiskAction.APPROVE else verdict.quantity or 0
    assert cleared == 0 or held + cleared * price <= equity * 5 / 100
    assert cleared == wanted or held + (cleared + 1) * price > equity * 5 / 100


@pytest.mark.parametrize(
    ("left", "action", "allowed"),
    [
        (10, RiskAction.APPROVE, None),
        (7, RiskAction.REDUCE_SIZE, 7),
        (0, RiskAction.REJECT, None),
        (-3, RiskAction.REJECT, None),
    ],
)
def test_a_sale_never_sells_more_than_its_lot_has_left(left, action, allowed):
    exposure = an_exposure(sellable={(STRATEGY, SYMBOL): left})

    verdict = NoShortSale().check(an_exit(quantity=10), facts(exposure=exposure))

    assert (verdict.action, verdict.quantity) == (action, allowed)


def test_the_lot_of_another_strategy_is_not_sold():
    exposure = an_exposure(sellable={("BreakoutStrategy", SYMBOL): 10})

    assert NoShortSale().check(an_exit(), facts(exposure=exposure)).action is RiskAction.REJECT


def test_a_purchase_is_no_short_sale():
    exposure = an_exposure(sellable={})

    assert NoShortSale().check(an_order(), facts(exposure=exposure)).action is RiskAction.APPROVE
