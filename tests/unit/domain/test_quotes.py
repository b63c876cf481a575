import math
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.quotes import Quote, a_price, quote_of
from tests.trading import NOW, a_quote

NO_PRICE = [None, -1, -1.0, 0, "0", "-1", math.nan, math.inf, "NaN", "Infinity", "", "n/a"]


def told(**changes):
    given_fields = {"bid": 99.5, "ask": 100.5, "last": 100.0, "volume": 1000, **changes}
    return quote_of(Symbol("AAA"), at=NOW, **given_fields)


@pytest.mark.parametrize("said", NO_PRICE, ids=repr)
def test_what_feeds_say_instead_of_a_price_is_none(said):
    assert a_price(said) is None


@pytest.mark.parametrize(
    ("said", "price"), [(0.1, "0.1"), ("99.99", "99.99"), (100, "100"), (Decimal("1.5"), "1.5")]
)
def test_a_price_has_the_digits_it_was_told_with(said, price):
    assert str(a_price(said)) == price


def test_a_quote_is_read_as_told():
    assert told(is_delayed=True) == Quote(
        symbol=Symbol("AAA"),
        bid=Decimal("99.5"),
        ask=Decimal("100.5"),
        last=Decimal("100.0"),
        volume=1000,
        at=NOW,
        is_delayed=True,
    )


@pytest.mark.parametrize("said", [-1, math.nan, None])
def test_a_volume_nobody_gave_is_unknown(said):
    assert told(volume=said).volume is None


def test_a_volume_of_nothing_is_known():
    assert told(volume=0).volume == 0


def test_neither_side_of_a_crossed_market_is_taken():
    quote = told(bid=101, ask=100)

    assert (quote.bid, quote.ask, quote.last) == (None, None, 100)


def test_a_locked_market_has_no_spread():
    quote = told(bid=100, ask=100)

    assert (quote.mid, quote.spread_bps) == (100, 0)


@pytest.mark.parametrize("said", NO_PRICE, ids=repr)
def test_a_quote_without_any_price_is_none(said):
    assert told(bid=said, ask=said, last=said) is None


def test_a_crossed_market_without_a_trade_is_none():
    assert told(bid=101, ask=100, last=-1) is None


def test_the_spread_is_in_basis_points_of_the_mid():
    assert told(bid="99.9", ask="100.1").spread_bps == 20


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_half_a_quote_has_no_mid_and_counts_at_its_last_trade(side):
    quote = told(**{side: -1})

    assert (quote.mid, quote.spread_bps, quote.mark) == (None, None, 100)


def test_a_quote_counts_at_its_mid():
    assert told(last=90).mark == 100


@pytest.mark.parametrize(
    ("age_seconds", "is_delayed", "is_fresh"),
    [
        pytest.param(4.9, False, True, id="young"),
        pytest.param(5.0, False, False, id="on the bound"),
        pytest.param(-4.9, False, True, id="a clock a little ahead"),
        pytest.param(-5.0, False, False, id="a clock far ahead"),
        pytest.param(1.0, True, False, id="young but delayed"),
    ],
)
def test_a_quote_is_fresh_while_it_is_live_and_young(age_seconds, is_delayed, is_fresh):
    quote = a_quote(at=NOW - timedelta(seconds=age_seconds), is_delayed=is_delayed)

    assert quote.is_fresh(NOW, within_seconds=5.0) == is_fresh


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"bid": Decimal(-1)}, "above 0", id="a price below 0"),
        pytest.param({"bid": Decimal("NaN")}, "above 0", id="a price that is no number"),
        pytest.param({"bid": None, "ask": None, "last": None}, "above 0", id="no price"),
        pytest.param({"bid": Decimal(101)}, "is above ask", id="crossed"),
        pytest.param({"at": NOW.replace(tzinfo=None)}, "timezone", id="a naive time"),
    ],
)
def test_a_quote_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        a_quote(**changes)


@given(
    bid=st.floats() | st.text(max_size=5) | st.none(),
    ask=st.floats() | st.text(max_size=5) | st.none(),
    last=st.floats() | st.text(max_size=5) | st.none(),
    volume=st.floats() | st.integers() | st.none(),
)
def test_whatever_a_feed_says_is_a_sound_quote_or_none(bid, ask, last, volume):
    quote = told(bid=bid, ask=ask, last=last, volume=volume)

    if quote is not None:
        prices = [price for price in (quote.bid, quote.ask, quote.last) if price is not None]
        assert prices
        assert all(price > 0 for price in prices)
