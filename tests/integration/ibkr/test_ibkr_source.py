"""What the `ibkr` source makes of a gateway's bars, contracts and tickers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.domain.requests import Listing
from tests.fakes.clock import FixedClock
from tests.fakes.requests import InMemoryListings
from tests.integration.ibkr.sources import (
    DAYS,
    EVENING,
    FIRST,
    LAST,
    a_source,
    absences,
    connected,
    fetch_last,
    source_of,
)
from tests.peers.tws.faults import Point
from tests.peers.tws.market import Action, RawBar, a_listing, market_of_closes
from tests.peers.tws.running import running_gateway

CLOSES = {"AAPL": range(100, 140), "BRK.B": range(300, 340), "FB": [50.0] * 40}


@pytest.fixture
def market():
    return market_of_closes(CLOSES, DAYS, volume=123456)


@pytest.fixture
def gateway(market):
    with running_gateway(market, now=EVENING) as gateway:
        yield gateway


def durations(gateway):
    return [one.fields[17] for one in gateway.ledger.asked(Point.HISTORICAL_DATA)]


def test_bars_arrive_split_adjusted_through_the_session_that_opened_last(gateway):
    with a_source(gateway) as source:
        received = source.fetch(["AAPL", "BRK.B"], start=DAYS[-3], end=LAST)
    assert received.bars.symbols == ("AAPL", "BRK.B")
    assert received.bars.close.tolist() == [137, 138, 139, 337, 338, 339]
    assert received.bars.volume.tolist() == [123456.0] * 6
    assert received.batch.basis is PriceBasis.SPLIT_ADJUSTED
    assert received.batch.adjusted_through == LAST
    assert (received.absent, received.unreadable, received.actions) == ((), (), ())


def test_a_dotted_ticker_is_asked_for_with_a_space(gateway):
    with a_source(gateway) as source:
        assert fetch_last(source, "BRK.B").bars.symbols == ("BRK.B",)
    [asked] = gateway.ledger.asked(Point.CONTRACT_DETAILS)
    assert asked.symbol == "BRK B"


def test_an_old_range_is_asked_for_by_its_own_end(gateway):
    with a_source(gateway) as source:
        received = source.fetch(["AAPL"], start=DAYS[4], end=DAYS[6])
    assert received.bars.session.tolist() == list(DAYS[4:7])
    assert durations(gateway) == ["3 D"]


def test_a_range_longer_than_a_year_is_asked_for_in_years(gateway):
    with a_source(gateway) as source:
        received = source.fetch(["AAPL"], start=date(2022, 1, 3), end=LAST)
    assert received.bars.session.tolist() == list(DAYS)
    assert durations(gateway) == ["3 Y"]


def test_the_bar_of_a_session_under_way_is_not_taken(gateway):
    noon = FixedClock(calendar.session_open(LAST) + timedelta(hours=2))
    gateway.set_now(noon.now())
    with a_source(gateway, clock=noon) as source:
        received = source.fetch(["AAPL"], start=DAYS[-2], end=LAST)
    assert received.bars.session.tolist() == [DAYS[-2]]
    assert received.batch.adjusted_through == LAST


def test_nothing_is_asked_for_a_session_that_has_not_closed(gateway):
    noon = FixedClock(calendar.session_open(LAST) + timedelta(hours=2))
    with a_source(gateway, clock=noon) as source:
        assert len(fetch_last(source).bars) == 0
    assert gateway.ledger.connections == []


def test_the_bar_of_a_session_that_closed_just_now_is_not_taken(gateway):
    closing = FixedClock(calendar.session_close(LAST) + timedelta(minutes=2))
    with a_source(gateway, clock=closing) as source:
        received = source.fetch(["AAPL"], start=DAYS[-2], end=LAST)
    assert received.bars.session.tolist() == [DAYS[-2]]


def test_only_an_unfinished_bar_is_no_data(gateway):
    # A clock behind the gateway's: its bar of the last session is none for us yet.
    gateway.list_contract(a_listing("NEW"), RawBar(LAST, 10, 10, 10, 10, 100))
    before = FixedClock(calendar.session_close(DAYS[-2]) + timedelta(hours=20))
    with a_source(gateway, clock=before) as source:
        received = source.fetch(["NEW"], start=DAYS[-2], end=DAYS[-2])
    [(symbol, kind, _)] = absences(received)
    assert (symbol, kind) == ("NEW", "no_data")


@pytest.mark.parametrize(
    ("in_lots", "unit"),
    [(True, "lots"), (True, "detect"), (False, "shares"), (False, "detect")],
)
def test_volumes_are_shares_whatever_the_gateway_counts(market, in_lots, unit):
    with (
        running_gateway(market, now=EVENING, volume_in_lots=in_lots) as gateway,
        a_source(gateway, settings={"volume_unit": unit}) as source,
    ):
        assert fetch_last(source).bars.volume.tolist() == [123456.0]


def test_lots_once_found_are_lots_for_whole_numbers_too(gateway):
    gateway.list_contract(a_listing("EVEN"), RawBar(LAST, 1, 1, 1, 1, 5000))
    with a_source(gateway, settings={"volume_unit": "detect"}) as source:
        fetch_last(source, "AAPL")
        assert fetch_last(source, "EVEN").bars.volume.tolist() == [5000.0]


def test_whole_numbers_before_any_fraction_are_taken_for_shares_until_one_comes(gateway):
    gateway.list_contract(a_listing("EVEN"), RawBar(LAST, 1, 1, 1, 1, 5000))
    with a_source(gateway, settings={"volume_unit": "detect"}) as source:
        assert fetch_last(source, "EVEN").bars.volume.tolist() == [50.0]
        assert fetch_last(source, "EVEN", "AAPL").bars.volume.tolist() == [123456.0, 5000.0]


def test_nothing_but_contracts_and_bars_is_asked_for(gateway):
    with a_source(gateway) as source:
        fetch_last(source)
    assert [one.point for one in gateway.ledger.requests] == [
        Point.START_API,
        Point.CONTRACT_DETAILS,
        Point.HISTORICAL_DATA,
    ]


def test_a_split_between_two_fetches_shows_in_what_they_are_adjusted_through(gateway, market):
    clock = FixedClock(calendar.session_close(DAYS[-2]) + timedelta(hours=1))
    gateway.set_now(clock.now())
    gateway.act(market.con_id("AAPL"), Action(LAST, "split", 4))
    with a_source(gateway, clock=clock) as source:
        before = source.fetch(["AAPL"], start=DAYS[-2], end=DAYS[-2])
        clock.set(EVENING)
        gateway.set_now(EVENING)
        after = source.fetch(["AAPL"], start=DAYS[-2], end=DAYS[-2])
    assert (before.batch.adjusted_through, after.batch.adjusted_through) == (DAYS[-2], LAST)
    assert before.bars.close.tolist() == [138.0]
    assert after.bars.close.tolist() == [34.5]


class ClockOfASleeper(FixedClock):
    """Whoever asks it once wakes up in the evening."""

    def now(self):
        before = super().now()
        self.set(EVENING)
        return before


def test_bars_asked_for_before_an_open_and_sent_after_it_are_adjusted_through_the_later(
    gateway, market
):
    gateway.act(market.con_id("AAPL"), Action(LAST, "split", 4))
    clock = ClockOfASleeper(calendar.session_open(LAST) - timedelta(minutes=5))
    with a_source(gateway, clock=clock) as source:
        received = source.fetch(["AAPL"], start=DAYS[-2], end=DAYS[-2])
    assert received.bars.close.tolist() == [34.5]
    assert received.batch.adjusted_through == LAST


def test_of_several_stocks_the_common_one_listed_here_is_taken(gateway):
    abroad = replace(a_listing("AAPL"), con_id=7, primary_exchange="EBS")
    gateway.list_contract(abroad, RawBar(LAST, 1, 1, 1, 1, 100))
    with a_source(gateway) as source:
        assert fetch_last(source).bars.close.tolist() == [139.0]


def test_a_ticker_that_means_several_companies_is_refused(gateway):
    other = replace(a_listing("AAPL"), con_id=7, long_name="ANOTHER APPLE")
    gateway.list_contract(other, RawBar(LAST, 1, 1, 1, 1, 100))
    with a_source(gateway) as source:
        [(symbol, kind, reason)] = absences(fetch_last(source))
    assert (symbol, kind) == ("AAPL", "refused")
    assert "ANOTHER APPLE on NASDAQ in USD" in reason


def test_what_was_seen_behind_a_ticker_is_remembered(gateway, market):
    listings = InMemoryListings()
    with a_source(gateway, listings=listings) as source:
        fetch_last(source, "AAPL", "NOSUCH")
    number = str(market.con_id("AAPL"))
    assert listings.listings("ibkr", ["AAPL", "NOSUCH"]) == {
        "AAPL": Listing(vendor_id=number, name="A COMPANY INC")
    }


def test_another_company_under_a_known_ticker_is_not_taken(gateway, market):
    listings = InMemoryListings()
    listings.record("ibkr", {"AAPL": Listing(vendor_id="1", name="ACME CORP")})
    with a_source(gateway, listings=listings) as source:
        received = fetch_last(source, "AAPL", "BRK.B")
    assert received.bars.symbols == ("BRK.B",)
    [(symbol, kind, reason)] = absences(received)
    assert (symbol, kind) == ("AAPL", "unknown_symbol")
    assert "another company trades as AAPL now: A COMPANY INC" in reason
    assert "ACME CORP (contract 1)" in reason
    assert listings.listings("ibkr", ["AAPL"])["AAPL"].vendor_id == "1"
    assert [one.symbol for one in gateway.ledger.asked(Point.HISTORICAL_DATA)] == ["BRK B"]


def test_a_renamed_company_answers_to_its_new_ticker_and_is_named_under_the_old(gateway, market):
    listings = InMemoryListings()
    clock = FixedClock(EVENING)
    with a_source(gateway, listings=listings, clock=clock) as source:
        fetch_last(source, "FB")
        gateway.rename(market.con_id("FB"), "META")
        clock.advance(days=1)
        received = fetch_last(source, "FB", "META")
    assert received.bars.symbols == ("META",)
    [(symbol, kind, reason)] = absences(received)
    assert (symbol, kind) == ("FB", "unknown_symbol")
    assert "renamed to META? A COMPANY INC trades as META now" in reason
    number = str(market.con_id("META"))
    assert listings.symbols_of("ibkr", [number]) == {number: "META"}


def test_a_rename_seen_before_is_told_where_the_number_is_no_longer_known(gateway, market):
    listings = InMemoryListings()
    gone = Listing(vendor_id="99", name="FACEBOOK")
    listings.record("ibkr", {"OLD": gone})
    listings.record("ibkr", {"NEW": gone})
    with a_source(gateway, listings=listings) as source:
        [(_, _, reason)] = absences(fetch_last(source, "OLD"))
    assert "renamed to NEW?" in reason


def test_a_delisted_company_is_unknown(gateway, market):
    with connected(gateway) as connection:
        listings = InMemoryListings()
        fetch_last(source_of(connection, listings=listings), "FB")
        gateway.delist(market.con_id("FB"))
        [(_, kind, reason)] = absences(fetch_last(source_of(connection, listings=listings), "FB"))
    assert kind == "unknown_symbol"
    assert reason == "IBKR error 200: No security definition has been found for the request"


def test_a_contract_is_asked_for_once_a_session(gateway):
    clock = FixedClock(EVENING)
    with a_source(gateway, clock=clock) as source:
        fetch_last(source)
        source.fetch(["AAPL"], start=FIRST, end=LAST)
        assert len(gateway.ledger.asked(Point.CONTRACT_DETAILS)) == 1
        clock.advance(days=1)
        fetch_last(source)
    assert len(gateway.ledger.asked(Point.CONTRACT_DETAILS)) == 2


def test_the_plan_has_no_budget_and_sends_nothing(gateway):
    with a_source(gateway) as source:
        plan = source.plan(["AAPL", "MSFT"], start=FIRST, end=LAST)
        assert source.symbols(LAST) is None
    assert plan.fits
    assert (plan.source, plan.symbols, plan.left) == ("ibkr", 2, None)
    assert gateway.ledger.connections == []
