from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.research.compiled import compiled
from alpha_oracle.risk.commissions import IBKR_FIXED, IBKR_TIERED, order_commission
from tests.unit.risk.schedules import SCHEDULES, in_decimals, in_floats

PRICES = st.integers(min_value=1, max_value=10**7).map(lambda cents: Decimal(cents) / 100)
QUANTITIES = st.integers(min_value=-(10**6), max_value=10**6).filter(bool)


@pytest.mark.parametrize(
    ("quantity", "price", "charged"),
    [
        pytest.param(100, "25", "1.00", id="the minimum"),
        pytest.param(1000, "25", "5.00", id="by the share"),
        pytest.param(1000, "0.25", "2.50", id="at most one percent"),
        pytest.param(10, "0.20", "0.02", id="the maximum where it is below the minimum"),
        pytest.param(-1000, "25", "5.695", id="a sale with its fee"),
    ],
)
def test_the_fixed_schedule_charges_as_the_broker_says(quantity, price, charged):
    schedule = in_decimals(IBKR_FIXED)
    assert order_commission(quantity, Decimal(price), schedule) == Decimal(charged)


@pytest.mark.parametrize(
    ("quantity", "price", "charged"),
    [
        pytest.param(50, "25", "0.51", id="the minimum and the fees"),
        pytest.param(1000, "25", "6.70", id="by the share and the fees"),
        pytest.param(-1000, "25", "7.395", id="a sale with its fee"),
    ],
)
def test_the_tiered_schedule_passes_fees_on(quantity, price, charged):
    schedule = in_decimals(IBKR_TIERED)
    assert order_commission(quantity, Decimal(price), schedule) == Decimal(charged)


@given(quantity=QUANTITIES, price=PRICES, schedule=SCHEDULES)
def test_a_sale_never_costs_more_than_it_brings(quantity, price, schedule):
    charged = order_commission(-abs(quantity), price, schedule)
    assert 0 <= charged <= abs(quantity) * price


def test_decimals_and_compiled_floats_charge_alike():
    charge = compiled(order_commission, calls=())

    @given(quantity=QUANTITIES, price=PRICES, schedule=SCHEDULES)
    def agree(quantity, price, schedule):
        exact = order_commission(quantity, price, schedule)
        assert charge(quantity, float(price), in_floats(schedule)) == pytest.approx(
            float(exact), rel=1e-12
        )

    agree()
