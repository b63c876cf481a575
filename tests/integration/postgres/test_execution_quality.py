"""Percentiles of how well orders were executed, against figures worked by hand."""

from decimal import Decimal

import pytest

from alpha_oracle.adapters.postgres.execution_quality import PostgresQualitySummaries
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.orders import OrderType
from tests.contracts.trading_values import a_change, a_quality, a_state
from tests.trading import an_order

MARKET = {"order_type": OrderType.MARKET, "limit_price": None}


@pytest.fixture
def summaries(database):
    return PostgresQualitySummaries(database)


@pytest.fixture
def store(database):
    store = PostgresTradingStore(database)
    store.commit(a_change("opened", state=a_state()), sends=False)
    yield store
    store.close()


def executed(store, number, *, symbol="AAA", order=None, **measured):
    """Let an order have been executed, and how well."""
    order_id = f"order-{number}"
    order = an_order(order_id=order_id, symbol=symbol, **order or {})
    quality = a_quality(order_id, symbol=symbol, order_type=order.order_type.value, **measured)
    store.commit(a_change(order_id, orders=(order,), qualities=(quality,)), sends=False)


def test_percentiles_lie_on_the_line_between_two_orders(store, summaries):
    for number in range(11):
        executed(store, number, slippage_bps=Decimal(number), fill_seconds=2.0 * number)
    (found,) = summaries.summaries()
    assert (found.order_type, found.orders) == ("LIMIT", 11)
    # Of the figures 0 to 10 the q-th percentile is q / 10.
    assert found.measured["slippage_bps"] == pytest.approx({50: 5.0, 90: 9.0, 95: 9.5, 99: 9.9})
    assert found.measured["fill_seconds"] == pytest.approx({50: 10.0, 90: 18.0, 95: 19.0, 99: 19.8})


def test_what_was_measured_of_no_order_is_left_out(store, summaries):
    executed(store, 1, effective_spread_bps=None)
    executed(store, 2, effective_spread_bps=None, slippage_bps=None)
    (found,) = summaries.summaries()
    assert "effective_spread_bps" not in found.measured
    assert found.measured["slippage_bps"][50] == 1.5


def test_types_of_orders_are_told_apart_and_filters_hold(store, summaries):
    executed(store, 1, slippage_bps=Decimal(1))
    executed(store, 2, slippage_bps=Decimal(9), order=MARKET)
    executed(store, 3, symbol="BRK.B", slippage_bps=Decimal(5))
    medians = {one.order_type: one.measured["slippage_bps"][50] for one in summaries.summaries()}
    assert medians == {"LIMIT": 3.0, "MARKET": 9.0}
    (found,) = summaries.summaries(account="paper", symbol="BRK.B")
    assert (found.orders, found.measured["slippage_bps"][99]) == (1, 5.0)
    assert summaries.summaries(account="another") == []
    assert summaries.summaries(symbol="A\0") == []


def test_where_nothing_was_executed_there_is_nothing_to_tell(summaries):
    assert summaries.summaries() == []
