from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.research.compiled import compiled
from alpha_oracle.risk import limits

CENTS = st.integers(min_value=0, max_value=10**9).map(lambda cents: Decimal(cents) / 100)
PERCENTS = st.integers(min_value=0, max_value=1000).map(lambda tenths: Decimal(tenths) / 10)


@pytest.mark.parametrize(
    ("exposure", "room"),
    [
        pytest.param(0, 5000, id="nothing held"),
        pytest.param(4000, 1000, id="some held"),
        pytest.param(5000, 0, id="at the limit"),
        pytest.param(9000, 0, id="over the limit"),
    ],
)
def test_room_is_what_the_limit_leaves(exposure, room):
    assert limits.room_usd(Decimal(100_000), Decimal(exposure), Decimal(5)) == room


@pytest.mark.parametrize(
    ("price", "allowed"), [("4.99", False), ("5.00", True), ("5.01", True), ("0", False)]
)
def test_a_penny_stock_is_what_costs_less_than_the_minimum(price, allowed):
    assert limits.is_price_allowed(Decimal(price), Decimal(5)) is allowed


@pytest.mark.parametrize(
    ("equity", "base", "decline"),
    [
        pytest.param("90", "100", "10", id="below"),
        pytest.param("100", "100", "0", id="at the base"),
        pytest.param("120", "100", "0", id="above"),
        pytest.param("-5", "100", "105", id="everything lost and more"),
        pytest.param("50", "0", "0", id="no base"),
    ],
)
def test_a_decline_is_measured_from_its_base(equity, base, decline):
    assert limits.decline_pct(Decimal(equity), Decimal(base)) == Decimal(decline)


def test_a_decline_on_its_bound_is_over_it():
    assert not limits.is_below(Decimal(10), Decimal(10))
    assert limits.is_below(Decimal("9.99"), Decimal(10))


@given(equity=CENTS, exposure=CENTS, pct=PERCENTS, more=CENTS)
def test_what_is_added_within_the_room_keeps_the_limit(equity, exposure, pct, more):
    room = limits.room_usd(equity, exposure, pct)
    assert room >= 0
    if 0 < more <= room:
        assert exposure + more <= equity * pct / 100


def test_decimals_and_compiled_floats_measure_alike():
    room = compiled(limits.room_usd, calls=())
    decline = compiled(limits.decline_pct, calls=())

    @given(equity=CENTS, other=CENTS, pct=PERCENTS)
    def agree(equity, other, pct):
        assert room(float(equity), float(other), float(pct)) == pytest.approx(
            float(limits.room_usd(equity, other, pct)), abs=1e-4
        )
        assert decline(float(equity), float(other)) == pytest.approx(
            float(limits.decline_pct(equity, other)), rel=1e-9, abs=1e-9
        )

    agree()


@pytest.mark.parametrize("pct", [3, 7, 10, 29, 57])
def test_a_decline_on_its_bound_is_over_it_in_floats_too(pct):
    measured = limits.decline_pct(10_000.0 - 100.0 * pct, 10_000.0)
    assert not limits.is_below(measured, float(pct))
    assert limits.is_below(limits.decline_pct(10_000.01 - 100.0 * pct, 10_000.0), float(pct))
