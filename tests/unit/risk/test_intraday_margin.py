from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.risk.intraday_margin import (
    Deficit,
    deficit_of,
    freeze_end,
    is_outstanding,
    level_after_purchase,
    margin_level,
    meet,
)

FRIDAY = date(2016, 1, 8)
DUE = date(2016, 1, 15)
AFTER_DUE = date(2016, 1, 19)
FREEZE_END = date(2016, 4, 14)


def a_deficit(usd=2000, **changes):
    ordinary = {"session": FRIDAY, "usd": Decimal(usd), "equity_usd": Decimal(100_000)}
    return Deficit(**{**ordinary, **changes})


def test_the_level_is_what_maintenance_leaves():
    assert margin_level(Decimal(20_000), Decimal(5_000)) == 15_000


def test_a_purchase_is_projected_at_the_highest_requirement():
    assert level_after_purchase(Decimal(15_000), Decimal(1_000)) == 14_000


@pytest.mark.parametrize(
    ("levels", "usd"),
    [
        pytest.param([], None, id="no transaction"),
        pytest.param([500, 0], None, id="never negative"),
        pytest.param([500, -700, 300, -200], 700, id="the largest one"),
    ],
)
def test_a_days_deficit_is_the_largest_negative_level_after_a_transaction(levels, usd):
    deficit = deficit_of(FRIDAY, map(Decimal, levels), equity_usd=Decimal(10_000))

    assert (deficit and deficit.usd) == usd


def test_a_deficit_is_above_nothing():
    with pytest.raises(ValueError, match="is none"):
        a_deficit(0)


@pytest.mark.parametrize(
    ("usd", "equity", "trifle"),
    [
        pytest.param(1000, 100_000, True, id="1,000 USD"),
        pytest.param("1000.01", 100_000, False, id="a cent more"),
        pytest.param(500, 10_000, True, id="5 % of equity"),
        pytest.param("500.01", 10_000, False, id="more than 5 % of equity"),
    ],
)
def test_de_minimis_is_the_lesser_of_5_percent_and_1000_usd(usd, equity, trifle):
    assert a_deficit(usd, equity_usd=Decimal(equity)).is_de_minimis is trifle


def test_the_clocks_run_over_business_days():
    # Monday, 18 January 2016, and Monday, 15 February 2016, are holidays.
    assert a_deficit().due == DUE
    assert a_deficit().lapses == date(2016, 2, 1)


@pytest.mark.parametrize(
    ("session", "stands"),
    [
        (date(2016, 1, 7), False),
        (FRIDAY, True),
        (date(2016, 2, 1), True),
        (date(2016, 2, 2), False),
    ],
)
def test_a_deficit_stands_until_its_fifteenth_business_day(session, stands):
    assert is_outstanding(a_deficit(), session) is stands


@pytest.mark.parametrize(
    ("deficit", "session", "end"),
    [
        pytest.param(a_deficit(), DUE, None, id="not yet missed"),
        pytest.param(a_deficit(), AFTER_DUE, FREEZE_END, id="missed"),
        pytest.param(a_deficit(), FREEZE_END, FREEZE_END, id="the last frozen day"),
        pytest.param(a_deficit(), date(2016, 4, 15), None, id="90 days later"),
        pytest.param(a_deficit(1000), AFTER_DUE, None, id="a trifle"),
        pytest.param(a_deficit(met_on=DUE), AFTER_DUE, None, id="met in time"),
        pytest.param(a_deficit(met_on=AFTER_DUE), AFTER_DUE, None, id="met late, free again"),
        pytest.param(
            a_deficit(met_on=date(2016, 1, 20)), AFTER_DUE, FREEZE_END, id="met only later"
        ),
    ],
)
def test_a_missed_deficit_freezes_for_90_days_or_until_it_is_met(deficit, session, end):
    assert freeze_end([deficit], session) == end


def test_the_latest_of_several_missed_deficits_ends_the_freeze():
    later = a_deficit(session=date(2016, 1, 11))

    assert freeze_end([later, a_deficit()], date(2016, 1, 20)) == date(2016, 4, 18)


def test_a_deposit_meets_the_oldest_deficit_first():
    older, newer = a_deficit(), a_deficit(session=date(2016, 1, 11))

    met = meet([newer, older], Decimal(3000), session=DUE)

    assert met == (
        a_deficit(paid_usd=Decimal(2000), met_on=DUE),
        a_deficit(session=date(2016, 1, 11), paid_usd=Decimal(1000)),
    )


def test_what_is_left_of_a_deficit_is_met_later():
    part = meet([a_deficit()], Decimal(1500), session=date(2016, 1, 11))

    assert freeze_end(part, AFTER_DUE) == FREEZE_END
    assert meet(part, Decimal(500), session=DUE)[0].met_on == DUE


def test_a_lapsed_deficit_takes_no_deposit():
    lapsed = date(2016, 2, 2)
    newer = a_deficit(session=date(2016, 1, 29))

    met = meet([a_deficit(), newer], Decimal(2000), session=lapsed)

    assert met[0] == a_deficit()
    assert met[1].met_on == lapsed


@settings(deadline=None)
@given(st.lists(st.integers(1, 5000), max_size=5), st.integers(0, 20_000))
def test_a_deposit_pays_no_more_than_it_is(usds, deposit):
    deficits = [a_deficit(usd) for usd in usds]

    paid = sum(one.paid_usd for one in meet(deficits, Decimal(deposit), session=DUE))

    assert paid == min(deposit, sum(usds))
