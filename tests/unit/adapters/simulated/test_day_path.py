from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.adapters.simulated.day_path import SessionBar, level_at, quote_at, walked
from alpha_oracle.calendar import session_close, session_open
from alpha_oracle.domain.market import Symbol

SESSION = date(2016, 6, 2)
HALF_DAY = date(2016, 11, 25)
SYMBOL = Symbol("SYN001")


def a_bar(**changes):
    fields = {
        "symbol": SYMBOL,
        "session": SESSION,
        "open": 100.0,
        "high": 102.0,
        "low": 99.0,
        "close": 101.0,
        "volume": 1e6,
        "seed": 7,
    }
    return SessionBar(**fields | changes)


def every(bar, seconds):
    """The quotes of a session, so many seconds apart, its close included."""
    opens, closes = session_open(bar.session), session_close(bar.session)
    count = int((closes - opens).total_seconds()) // seconds
    return [quote_at(bar, opens + timedelta(seconds=seconds * n)) for n in range(count + 1)]


@st.composite
def bars(draw):
    low = draw(st.floats(min_value=1.0, max_value=900.0))
    high = low * draw(st.floats(min_value=1.0, max_value=1.3))
    inside = st.floats(min_value=low, max_value=high)
    return a_bar(
        symbol=draw(st.sampled_from(["SYN001", "BRK.B", "T"])),
        session=draw(st.sampled_from([SESSION, HALF_DAY])),
        open=draw(inside),
        high=high,
        low=low,
        close=draw(inside),
        volume=draw(st.floats(min_value=0, max_value=1e9)),
        seed=draw(st.integers(0, 2**31)),
    )


@given(bars())
@settings(max_examples=40)
def test_a_day_goes_from_open_to_close_by_way_of_low_and_high_and_not_beyond(bar):
    lasts = [quote.last for quote in every(bar, 60)]
    told = [Decimal(str(price)).quantize(Decimal("0.01"))
            for price in (bar.open, bar.close, bar.low, bar.high)]  # fmt: skip
    assert [lasts[0], lasts[-1], min(lasts), max(lasts)] == told


@given(bars())
@settings(max_examples=40)
def test_volume_grows_to_that_of_the_day_and_the_sides_lie_about_the_last_trade(bar):
    quotes = every(bar, 300)
    volumes = [quote.volume for quote in quotes]
    assert volumes == sorted(volumes)
    assert (volumes[0], volumes[-1]) == (0, int(bar.volume))
    assert all(0 < quote.bid <= quote.last <= quote.ask for quote in quotes)


def test_the_first_and_the_last_hour_are_busier_than_noon():
    hours = [quote.volume for quote in every(a_bar(), 3_600)]
    first, _, third, *_, last = (b - a for a, b in pairwise(hours))
    assert first > 3 * third
    assert last > 3 * third


@pytest.mark.parametrize(("price", "most_bps"), [(100.0, 10), (20.0, 15), (500.0, 10)])
def test_an_ordinary_spread_is_a_few_basis_points(price, most_bps):
    bar = a_bar(open=price, high=price * 1.01, low=price * 0.99, close=price)
    assert all(0 < quote.spread_bps < most_bps for quote in every(bar, 600))


def test_a_day_that_moves_more_has_a_wider_spread():
    calm, wild = a_bar(high=101.0, low=100.0), a_bar(high=120.0, low=80.0)
    noon = session_open(SESSION) + timedelta(hours=3)
    assert quote_at(wild, noon).spread_bps > 5 * quote_at(calm, noon).spread_bps


@pytest.mark.parametrize("seconds", [-1, 23_401], ids=["before the open", "after the close"])
def test_outside_the_hours_of_its_session_there_is_no_quote(seconds):
    instant = session_open(SESSION) + timedelta(seconds=seconds)
    assert quote_at(a_bar(), instant) is None
    assert level_at(a_bar(), instant) is None


def test_a_half_day_ends_at_one_o_clock():
    bar = a_bar(session=HALF_DAY)
    closes = session_open(HALF_DAY) + timedelta(hours=3.5)
    assert quote_at(bar, closes).last == 101
    assert quote_at(bar, closes + timedelta(seconds=1)) is None


def test_the_way_follows_from_seed_symbol_and_session_alone():
    assert every(a_bar(), 600) == every(a_bar(), 600)
    others = [a_bar(seed=8), a_bar(symbol=Symbol("SYN002"))]
    assert all(
        [quote.last for quote in every(other, 600)] != [quote.last for quote in every(a_bar(), 600)]
        for other in others
    )


def test_a_day_of_one_price_without_a_spread_offers_it_to_the_last_digit():
    bar = SessionBar.flat(SYMBOL, SESSION, price=33.333333, volume=500)
    quote = quote_at(bar, session_close(SESSION), has_spread=False)
    assert quote.bid == quote.ask == quote.last == Decimal("33.333333")
    assert quote.volume == 500


def test_an_index_has_a_level_and_no_sides():
    bar = a_bar(symbol=Symbol("VIX"), open=18.0, high=20.0, low=17.5, close=19.0, volume=0)
    level = level_at(bar, session_open(SESSION))
    assert (level.last, level.bid, level.ask, level.volume) == (Decimal(18), None, None, None)


@given(
    after=st.floats(min_value=1.0, max_value=5_000.0),
    seed=st.integers(0, 2**31),
)
def test_a_walked_session_is_a_bar_near_the_close_it_follows(after, seed):
    bar = walked(SYMBOL, SESSION, after=after, volume=1_000.0, seed=seed)
    assert 0.9 * after < bar.low <= bar.high < 1.1 * after
    assert bar == walked(SYMBOL, SESSION, after=after, volume=1_000.0, seed=seed)


@pytest.mark.parametrize(
    "changes",
    [{"low": 100.5}, {"high": 100.5}, {"low": float("nan")}, {"low": 0.0}, {"volume": -1.0}],
    ids=["low above open", "high below close", "no low", "low of zero", "volume below zero"],
)
def test_prices_that_make_no_bar_are_refused(changes):
    with pytest.raises(ValueError, match="SYN001 2016-06-02"):
        a_bar(**changes)
