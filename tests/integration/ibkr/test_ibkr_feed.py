"""Quotes of a gateway on the board: live, delayed, lost and come back."""

from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.adapters.ibkr import quote_link
from alpha_oracle.adapters.ibkr.feed import IbkrFeed
from alpha_oracle.config import IbkrBrokerSettings
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import SourceAway
from tests.fakes.broker import SESSION, TEN_O_CLOCK, close_of_the_session
from tests.fakes.clock import FixedClock
from tests.fakes.gateway_market import ACCOUNT, PATIENT
from tests.fakes.quotes import InMemoryQuoteBoard
from tests.integration.ibkr.sources import eventually
from tests.peers.tws import notices
from tests.peers.tws.faults import Hang, Point, Refuse, Unanswered
from tests.peers.tws.market import an_index, market_of_closes
from tests.peers.tws.running import running_gateway

VIX, AAPL, MSFT, BRK = map(Symbol, ("VIX", "AAPL", "MSFT", "BRK.B"))


class Feed:
    """A feed, its board, and what is wanted of it."""

    def __init__(self, gateway, *, most_lines=90, volume_unit="detect", patience=PATIENT):
        self.gateway = gateway
        self.clock = FixedClock(TEN_O_CLOCK)
        self.board = InMemoryQuoteBoard()
        self.wanted = [VIX, AAPL]
        settings = IbkrBrokerSettings(host=gateway.host, port=gateway.port, account=ACCOUNT)
        self.feed = IbkrFeed(
            settings,
            self.board,
            clock=self.clock,
            wanted=lambda: self.wanted,
            most_lines=most_lines,
            volume_unit=volume_unit,
            patience=replace(patience, waits_seconds=(0.02,)),
        )

    def publish(self):
        """Publish; 0 while there is no connection."""
        try:
            return self.feed.publish()
        except SourceAway:
            return 0

    def quote(self, symbol, *, holds=bool):
        """The newest quote of a symbol, once it is on the board and something holds of it."""

        def found():
            self.publish()
            quote = self.board.quotes([symbol]).get(symbol)
            return quote is not None and holds(quote)

        assert eventually(found), self.feed.facts()
        return self.board.quotes([symbol])[symbol]

    def lines(self):
        """The contracts that are quoted, by the requests the gateway got."""
        return [one.symbol for one in self.gateway.ledger.asked(Point.MARKET_DATA)]


@contextmanager
def a_feed(*, gateway_lines=100, is_subscribed=True, **asked):
    # The calendar takes seconds to load, and the gateway would be silent meanwhile.
    close_of_the_session()
    market = market_of_closes({"AAPL": [100.0], "MSFT": [50.0], "BRK.B": [300.0]}, [SESSION])
    market.add(an_index(), ())
    settings = {"most_lines": gateway_lines, "is_subscribed": is_subscribed}
    with running_gateway(market, now=TEN_O_CLOCK, **settings) as gateway:
        feed = Feed(gateway, **asked)
        with closing(feed.feed):
            yield feed


@pytest.fixture
def feed():
    with a_feed() as made:
        yield made


def test_a_quote_is_what_the_gateway_ticks_at_the_time_it_comes(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1", volume=1_000)
    feed.gateway.tick("AAPL", last="100.05")
    quote = feed.quote(AAPL)
    assert (quote.bid, quote.ask, quote.last) == tuple(map(Decimal, ("99.9", "100.1", "100.05")))
    assert (quote.volume, quote.at, quote.is_delayed) == (1_000, TEN_O_CLOCK, False)


@pytest.mark.parametrize(
    ("volume_unit", "told", "shares"),
    [
        ("detect", 1_000, 1_000),
        ("detect", "10.25", 1_025),
        ("shares", 1_000, 1_000),
        ("lots", 10, 1_000),
    ],
    ids=["as newer gateways do", "fractions are of lots", "shares", "lots"],
)
def test_a_volume_is_in_shares_whatever_the_gateway_counts(volume_unit, told, shares):
    with a_feed(volume_unit=volume_unit) as feed:
        feed.gateway.tick("AAPL", last="100", volume=told)
        assert feed.quote(AAPL, holds=lambda quote: quote.volume is not None).volume == shares


def test_the_volatility_index_has_a_last_price_alone(feed):
    feed.gateway.tick("VIX", last="17.25", bid="-1", ask="-1")
    quote = feed.quote(VIX)
    assert (quote.bid, quote.ask, quote.last) == (None, None, Decimal("17.25"))


@pytest.mark.parametrize("nothing", ["-1", "nan", "0"])
def test_what_a_gateway_says_where_it_has_no_price_is_none(feed, nothing):
    feed.gateway.tick("AAPL", bid=nothing, ask="100.1")
    quote = feed.quote(AAPL)
    assert (quote.bid, quote.ask) == (None, Decimal("100.1"))


def test_a_price_that_goes_away_leaves_the_board(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    feed.gateway.tick("AAPL", bid="-1")
    assert feed.quote(AAPL, holds=lambda quote: quote.bid is None).ask == Decimal("100.1")


def test_a_dotted_symbol_is_asked_for_as_the_gateway_writes_it(feed):
    feed.wanted = [BRK]
    feed.gateway.tick("BRK.B", last="300.5")
    assert feed.quote(BRK).last == Decimal("300.5")
    assert feed.lines() == ["BRK B"]


def test_what_has_not_ticked_is_not_published_again(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    assert feed.publish() == 0


def test_a_quote_grows_old_while_nothing_ticks(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    feed.clock.advance(minutes=10)
    feed.publish()
    assert feed.board.quotes([AAPL])[AAPL].age_seconds(feed.clock.now()) == 600


def test_what_is_wanted_no_longer_gives_its_line_back(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.gateway.quote("MSFT", bid="49.9", ask="50.1")
    feed.quote(AAPL)
    feed.wanted = [VIX, MSFT]
    feed.quote(MSFT)
    assert feed.feed.facts()["lines"] == 2
    assert feed.gateway.ledger.codes() == []


@pytest.mark.parametrize("data_lost", [True, False], ids=["1101", "1102"])
def test_quotes_go_on_when_the_line_is_back(feed, data_lost):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    feed.gateway.lose_link()
    assert eventually(lambda: "1100" in away(feed))
    feed.gateway.restore_link(data_lost=data_lost)
    feed.gateway.quote("AAPL", bid="109.9", ask="110.1")
    assert feed.quote(AAPL, holds=lambda quote: quote.bid > 109).ask == Decimal("110.1")
    assert feed.lines().count("AAPL") == (2 if data_lost else 1)


def away(feed):
    """Why nothing can be published; empty where it can."""
    try:
        feed.feed.publish()
    except SourceAway as error:
        return str(error)
    return ""


def test_after_the_daily_restart_everything_is_asked_for_anew(feed):
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    feed.gateway.restart(seconds=600)
    assert eventually(lambda: away(feed))
    feed.gateway.reopen()
    feed.gateway.quote("AAPL", bid="109.9", ask="110.1")
    feed.quote(AAPL, holds=lambda quote: quote.bid > 109)
    assert feed.gateway.connected_ids == (3,)


def test_a_gateway_that_answers_nothing_any_more_is_called_again():
    impatient = replace(PATIENT, heartbeat_every_seconds=0.4, heartbeat_seconds=2.0)
    with a_feed(patience=impatient) as feed:
        feed.gateway.fault(Point.CURRENT_TIME, Hang())
        feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
        feed.quote(AAPL)
        assert eventually(lambda: feed.gateway.ledger.times_connected(3) == 2)


def test_delayed_quotes_say_so_and_tell_the_time_of_their_trade():
    with a_feed(is_subscribed=False) as feed:
        feed.gateway.set_now(TEN_O_CLOCK - timedelta(minutes=15))
        feed.gateway.tick("AAPL", bid="99.9", ask="100.1", last="100")
        quote = feed.quote(AAPL)
    assert (quote.is_delayed, quote.at) == (True, TEN_O_CLOCK - timedelta(minutes=15))
    assert not quote.is_fresh(TEN_O_CLOCK, within_seconds=3_600)


def test_a_symbol_that_is_not_quoted_leaves_the_others_alone(feed):
    feed.wanted = [Symbol("NOPE"), VIX, AAPL, MSFT]
    feed.gateway.fault(Point.MARKET_DATA, Refuse(notices.NOT_SUBSCRIBED), symbol="MSFT")
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.quote(AAPL)
    both = ["MSFT", "NOPE"]
    assert eventually(lambda: feed.publish() == 0 and feed.feed.facts()["refused"] == both)
    assert feed.feed.facts()["lines"] == 2
    asked = len(feed.gateway.ledger.requests)
    feed.publish()
    assert len(feed.gateway.ledger.requests) == asked


def test_a_symbol_that_the_gateway_is_silent_about_starves_no_other(feed):
    feed.gateway.fault(Point.CONTRACT_DETAILS, Unanswered(), symbol="MSFT", times=None)
    feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
    feed.gateway.quote("BRK.B", bid="300", ask="301")
    feed.wanted = [MSFT, AAPL, BRK]
    assert feed.quote(AAPL).bid == Decimal("99.9")
    assert feed.quote(BRK).bid == Decimal(300)
    assert feed.feed.facts()["refused"] == []
    asked = [one.symbol for one in feed.gateway.ledger.asked(Point.CONTRACT_DETAILS)]
    assert asked.count("MSFT") == 1


def test_few_symbols_are_begun_at_a_time(monkeypatch):
    monkeypatch.setattr(quote_link, "MOST_STARTED", 1)
    with a_feed() as feed:
        assert eventually(lambda: feed.feed.facts().get("lines") or feed.publish())
        assert feed.feed.facts()["lines"] == 1
        assert eventually(lambda: feed.lines() == ["VIX"])
        feed.publish()
        feed.publish()
        assert feed.feed.facts()["lines"] == 2


def test_only_so_many_lines_are_used_the_most_important_first():
    with a_feed(most_lines=2) as feed:
        feed.wanted = [VIX, AAPL, MSFT]
        feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
        feed.quote(AAPL)
        assert feed.lines() == ["VIX", "AAPL"]


def test_a_gateway_with_fewer_lines_is_asked_for_no_more():
    with a_feed(gateway_lines=2) as feed:
        feed.wanted = [VIX, AAPL, MSFT]
        feed.gateway.quote("AAPL", bid="99.9", ask="100.1")
        feed.quote(AAPL)
        assert eventually(lambda: feed.gateway.ledger.codes() == [101])
        for _ in range(3):
            feed.publish()
        assert feed.lines() == ["VIX", "AAPL", "MSFT"]
        assert feed.gateway.ledger.codes() == [101]
