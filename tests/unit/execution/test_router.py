from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.orders import OrderPurpose, OrderType, Side
from alpha_oracle.execution.router import (
    ROUTES,
    NoRoute,
    Route,
    SizeClass,
    SmartOrderRouter,
    SpreadClass,
    Urgency,
)
from tests.trading import NOW, a_quote

ROUTER = SmartOrderRouter(
    small_adv_pct=Decimal("0.1"), large_adv_pct=Decimal("1.0"), wide_spread_bps=Decimal(20)
)
TIGHT = a_quote()
WIDE = a_quote(bid=Decimal(99), ask=Decimal(101))
ADV = 1_000_000
SMALL, MEDIUM, LARGE = 999, 5_000, 20_000
ENTRY, EXIT, PROTECTIVE = OrderPurpose


def routed(quantity=SMALL, side=Side.BUY, purpose=ENTRY, quote=TIGHT, adv=ADV):
    return ROUTER.route(side, quantity, purpose=purpose, quote=quote, adv_shares=adv, now=NOW)


def test_the_table_covers_every_order():
    assert set(ROUTES) == set(product(SizeClass, SpreadClass, Urgency))


@pytest.mark.parametrize("purpose", [ENTRY, EXIT])
@pytest.mark.parametrize(
    ("quantity", "quote", "order_type"),
    [
        pytest.param(SMALL, TIGHT, OrderType.MARKET, id="small and tight"),
        pytest.param(MEDIUM, TIGHT, OrderType.LIMIT, id="medium and tight"),
        pytest.param(LARGE, TIGHT, OrderType.TWAP, id="large"),
        pytest.param(SMALL, WIDE, OrderType.TWAP, id="wide"),
        pytest.param(MEDIUM, WIDE, OrderType.TWAP, id="medium and wide"),
        pytest.param(LARGE, WIDE, OrderType.TWAP, id="large and wide"),
    ],
)
def test_an_order_without_hurry_is_worked_as_specified(quantity, quote, order_type, purpose):
    assert routed(quantity, purpose=purpose, quote=quote).order_type is order_type


@pytest.mark.parametrize(
    ("quantity", "quote", "order_type"),
    [
        pytest.param(SMALL, TIGHT, OrderType.MARKET, id="small and tight"),
        pytest.param(MEDIUM, TIGHT, OrderType.LIMIT, id="medium and tight"),
        pytest.param(LARGE, TIGHT, OrderType.LIMIT, id="large"),
        pytest.param(SMALL, WIDE, OrderType.LIMIT, id="wide"),
        pytest.param(MEDIUM, WIDE, OrderType.LIMIT, id="medium and wide"),
        pytest.param(LARGE, WIDE, OrderType.LIMIT, id="large and wide"),
    ],
)
def test_a_protective_exit_does_not_wait_for_slices(quantity, quote, order_type):
    route = routed(quantity, side=Side.SELL, purpose=PROTECTIVE, quote=quote)

    assert route.order_type is order_type


@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, "100.00"), (Side.SELL, "99.99")])
def test_a_limit_is_the_price_that_trades_at_once(side, limit):
    assert routed(MEDIUM, side=side, purpose=EXIT) == Route(
        order_type=OrderType.LIMIT,
        limit_price=Decimal(limit),
        reason="medium order, tight spread, normal urgency",
    )


@pytest.mark.parametrize("order_type", [OrderType.MARKET, OrderType.TWAP])
def test_only_a_limit_order_has_a_limit(order_type):
    route = routed(SMALL if order_type is OrderType.MARKET else LARGE)

    assert (route.order_type, route.limit_price) == (order_type, None)


@pytest.mark.parametrize(
    ("quantity", "size"),
    [
        pytest.param(999, SizeClass.SMALL, id="below 0.1 %"),
        pytest.param(1_000, SizeClass.MEDIUM, id="on 0.1 %"),
        pytest.param(9_999, SizeClass.MEDIUM, id="below 1 %"),
        pytest.param(10_000, SizeClass.LARGE, id="on 1 %"),
    ],
)
def test_a_size_on_a_bound_is_the_more_cautious_one(quantity, size):
    assert ROUTER.size_class(quantity, ADV) is size


@pytest.mark.parametrize("adv", [None, 0])
def test_beside_an_unknown_volume_any_size_is_large(adv):
    assert ROUTER.size_class(1, adv) is SizeClass.LARGE


@pytest.mark.parametrize(
    ("ask", "spread"),
    [
        pytest.param("100.09", SpreadClass.TIGHT, id="below 20 bps"),
        pytest.param("100.10", SpreadClass.WIDE, id="on 20 bps"),
    ],
)
def test_a_spread_on_its_bound_is_wide(ask, spread):
    quote = a_quote(bid=Decimal("99.90"), ask=Decimal(ask))

    assert ROUTER.spread_class(quote) is spread


@pytest.mark.parametrize(
    "quote",
    [a_quote(at=NOW - timedelta(seconds=5)), a_quote(is_delayed=True)],
    ids=["five seconds old", "delayed"],
)
def test_a_market_order_needs_a_fresh_quote_or_becomes_a_limit(quote):
    route = routed(quote=quote)

    assert (route.order_type, route.limit_price) == (OrderType.LIMIT, 100)
    assert "not fresh" in route.reason


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        pytest.param({"quote": None}, ("quote",), id="quote"),
        pytest.param({"adv": None}, ("ADV",), id="volume"),
        pytest.param({"adv": 0}, ("ADV",), id="a volume of nothing"),
        pytest.param({"quote": None, "adv": None}, ("quote", "ADV"), id="both"),
        pytest.param({"quote": a_quote(bid=None)}, ("bid",), id="bid"),
        pytest.param({"quote": a_quote(ask=None)}, ("ask",), id="ask"),
    ],
)
def test_an_entry_is_not_routed_by_guesses(facts, missing):
    route = routed(**facts)

    assert isinstance(route, NoRoute)
    assert route.missing == missing
    assert route.reason == f"{' and '.join(missing)} unknown; order not routed"


@pytest.mark.parametrize(
    ("purpose", "order_type"), [(EXIT, OrderType.TWAP), (PROTECTIVE, OrderType.LIMIT)]
)
def test_an_exit_is_not_held_back_by_an_unknown_volume(purpose, order_type):
    route = routed(1, side=Side.SELL, purpose=purpose, adv=None)

    assert route.order_type is order_type


def test_an_exit_needs_no_more_than_a_bid():
    route = routed(side=Side.SELL, purpose=PROTECTIVE, quote=a_quote(ask=None))

    assert (route.order_type, route.limit_price) == (OrderType.LIMIT, Decimal("99.99"))


@pytest.mark.parametrize(
    ("quote", "missing"), [(None, ("quote",)), (a_quote(bid=None), ("bid",))], ids=["all", "bid"]
)
def test_an_exit_waits_for_a_quote(quote, missing):
    route = routed(side=Side.SELL, purpose=PROTECTIVE, quote=quote)

    assert isinstance(route, NoRoute)
    assert route.missing == missing


@given(
    quantity=st.integers(1, 10**6),
    adv=st.none() | st.integers(0, 10**9),
    purpose=st.sampled_from(OrderPurpose),
    spread_cents=st.integers(0, 500),
    age_seconds=st.floats(-100, 100),
    is_delayed=st.booleans(),
)
def test_a_market_order_is_small_tight_and_fresh(
    *, quantity, adv, purpose, spread_cents, age_seconds, is_delayed
):
    quote = a_quote(
        bid=Decimal(100),
        ask=100 + Decimal(spread_cents) / 100,
        at=NOW - timedelta(seconds=age_seconds),
        is_delayed=is_delayed,
    )

    route = routed(quantity, purpose=purpose, quote=quote, adv=adv)

    if isinstance(route, Route):
        assert (route.limit_price is not None) == (route.order_type is OrderType.LIMIT)
        assert route.limit_price in {None, quote.ask}
        if route.order_type is OrderType.MARKET:
            assert quantity * 1000 < adv
            assert quote.spread_bps < 20
            assert abs((NOW - quote.at).total_seconds()) < 5
            assert not is_delayed
