"""Ticks of a contract, put together to its quote."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alpha_oracle.adapters.ibkr.ticks import Ticks, Volumes
from alpha_oracle.domain.market import Symbol
from tests.fakes.broker import TEN_O_CLOCK


@pytest.fixture
def ticks():
    return Ticks(symbol=Symbol("AAPL"), volumes=Volumes("detect", 176))


def test_nothing_that_ticked_is_no_quote(ticks):
    assert ticks.quote() is None


@pytest.mark.parametrize("price", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_price_that_is_none_is_no_quote(ticks, price):
    ticks.on_price(4, price, at=TEN_O_CLOCK)
    assert ticks.quote() is None


@pytest.mark.parametrize("types", [(1, 2, 4), (66, 67, 68)], ids=["live", "delayed"])
def test_prices_are_taken_by_their_type(ticks, types):
    for tick, price in zip(types, (9.9, 10.1, 10.0), strict=True):
        assert ticks.on_price(tick, price, at=TEN_O_CLOCK)
    quote = ticks.quote()
    assert (quote.bid, quote.ask, quote.last) == (Decimal("9.9"), Decimal("10.1"), Decimal("10.0"))


@pytest.mark.parametrize(
    ("setting", "version", "shares"),
    [
        ("detect", 158, 1_000.0),
        ("detect", 159, 10.0),
        ("shares", 158, 10.0),
        ("lots", 176, 1_000.0),
    ],
)
def test_a_gateway_of_before_shares_counts_in_lots(setting, version, shares):
    assert Volumes(setting, version).in_shares(10.0) == shares


def test_a_volume_that_is_none_tells_nothing_of_its_unit():
    volumes = Volumes("detect", 176)
    volumes.see(float("nan"))
    assert volumes.in_shares(10.0) == 10.0


def test_the_prices_of_the_day_are_none_of_a_quote(ticks):
    for tick in (6, 7, 9, 14, 37):
        assert not ticks.on_price(tick, 10.0, at=TEN_O_CLOCK)
    assert ticks.quote() is None


def test_a_live_quote_is_of_when_it_came(ticks):
    ticks.on_text(45, "1464850000")
    ticks.on_price(1, 9.9, at=TEN_O_CLOCK)
    assert ticks.quote().at == TEN_O_CLOCK


@pytest.mark.parametrize("kind", [2, 3, 4], ids=["frozen", "delayed", "delayed and frozen"])
def test_a_quote_that_is_not_of_now_says_so_and_tells_the_time_of_its_trade(ticks, kind):
    ticks.kind = kind
    ticks.on_text(88, "1464850000")
    ticks.on_price(68, 9.9, at=TEN_O_CLOCK)
    quote = ticks.quote()
    assert quote.is_delayed
    assert quote.at == datetime.fromtimestamp(1464850000, UTC)


@pytest.mark.parametrize("tick", [66, 67, 68])
def test_a_delayed_price_is_delayed_whatever_was_said_of_it(ticks, tick):
    ticks.on_price(tick, 9.9, at=TEN_O_CLOCK)
    assert ticks.quote().is_delayed


def test_a_delayed_price_stands_beside_no_live_one(ticks):
    ticks.on_price(2, 10.1, at=TEN_O_CLOCK)
    ticks.on_price(66, 9.9, at=TEN_O_CLOCK)
    quote = ticks.quote()
    assert (quote.bid, quote.ask, quote.is_delayed) == (Decimal("9.9"), None, True)


def test_a_live_price_stands_beside_no_delayed_one(ticks):
    for tick, price in ((66, 9.9), (67, 10.1), (68, 10.0)):
        ticks.on_price(tick, price, at=TEN_O_CLOCK)
    ticks.on_kind(1)
    ticks.on_price(1, 9.0, at=TEN_O_CLOCK)
    quote = ticks.quote()
    assert (quote.bid, quote.ask, quote.last) == (Decimal("9.0"), None, None)
    assert not quote.is_delayed


def test_delayed_prices_of_a_frozen_market_stay_what_they_are(ticks):
    ticks.on_kind(4)
    ticks.on_price(66, 9.9, at=TEN_O_CLOCK)
    assert (ticks.kind, ticks.quote().bid) == (4, Decimal("9.9"))


@pytest.mark.parametrize("text", ["", "soon", "-5"])
def test_a_time_that_is_none_is_not_taken(ticks, text):
    ticks.on_text(88, text)
    assert ticks.traded_at is None


def test_the_volume_is_the_sessions(ticks):
    ticks.on_price(4, 10.0, at=TEN_O_CLOCK)
    ticks.on_size(8, 1_200.0)
    ticks.on_size(0, 5.0)
    assert ticks.quote().volume == 1_200
