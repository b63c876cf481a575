"""What a restart or an outage in the middle of a batch costs."""

import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.errors import SourceAway
from tests.integration.ibkr.sources import (
    EVENING,
    SYMBOLS,
    a_market,
    a_source,
    asked_for,
    connected,
    eventually,
    fetch_last,
    source_of,
)
from tests.peers.tws import notices
from tests.peers.tws.faults import Close, Cut, LoseLink, Point, Restart, Tell, Unanswered
from tests.peers.tws.running import running_gateway


@pytest.fixture
def gateway():
    with running_gateway(a_market(), now=EVENING) as gateway:
        yield gateway


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Restart(0.2), id="the daily restart"),
        pytest.param(Close(), id="a closed socket"),
        pytest.param(Cut(), id="a socket closed within an answer"),
    ],
)
def test_a_lost_connection_costs_only_what_was_outstanding(gateway, fault):
    gateway.fault(Point.HISTORICAL_DATA, fault, skip=5)
    with a_source(gateway, settings={"max_in_flight": 3}) as source:
        received = fetch_last(source, *SYMBOLS)
    assert received.bars.symbols == SYMBOLS
    assert received.absent == ()
    assert gateway.ledger.times_connected(2) == 2
    # Three were in flight at most; none of those answered was asked for again.
    assert len(SYMBOLS) < len(asked_for(gateway)) <= len(SYMBOLS) + 3


def test_a_gateway_that_does_not_come_back_is_away(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Restart(600), skip=5)
    with a_source(gateway, restart_waits_seconds=(0.02,) * 3) as source:
        with pytest.raises(SourceAway, match="nothing listens on"):
            fetch_last(source, *SYMBOLS)
        gateway.reopen()
        assert len(fetch_last(source, *SYMBOLS).bars) == len(SYMBOLS)


def test_a_request_that_ends_the_connection_each_time_is_given_up(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Close(), symbol="S03", times=None)
    with a_source(gateway) as source, pytest.raises(SourceAway, match="broke 4 times over one"):
        fetch_last(source, *SYMBOLS)


def test_an_outage_that_keeps_the_requests_is_waited_out(gateway):
    gateway.fault(Point.HISTORICAL_DATA, LoseLink(0.3, data_lost=False), skip=4)
    with a_source(gateway) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert len(asked_for(gateway)) == len(SYMBOLS)
    assert gateway.ledger.times_connected(2) == 1
    # The client asks for the account after each outage, if nobody keeps it from that.
    assert gateway.ledger.asked(Point.ACCOUNT_SUMMARY) == []


def test_an_outage_that_loses_the_requests_has_them_asked_again(gateway):
    gateway.fault(Point.HISTORICAL_DATA, LoseLink(0.3, data_lost=True), skip=4)
    with a_source(gateway, settings={"max_in_flight": 3}) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert len(SYMBOLS) < len(asked_for(gateway)) <= len(SYMBOLS) + 3
    assert gateway.ledger.times_connected(2) == 1


def test_nothing_is_sent_during_an_outage(gateway):
    with connected(gateway) as connection, ThreadPoolExecutor(1) as threads:
        source = source_of(connection)
        fetch_last(source, "S00")
        gateway.lose_link()
        assert eventually(lambda: not connection._link.is_up)
        before = len(gateway.ledger.requests)
        fetching = threads.submit(fetch_last, source, "S01")
        time.sleep(0.3)
        during = len(gateway.ledger.requests)
        gateway.restore_link(data_lost=False)
        assert len(fetching.result().bars) == 1
    assert during == before


def test_what_waits_for_its_turn_when_an_outage_begins_is_sent_after_it(gateway):
    settings = {"requests_per_second": 2.0, "max_in_flight": 1}
    with a_source(gateway, settings=settings) as source, ThreadPoolExecutor(1) as threads:
        fetching = threads.submit(fetch_last, source, "S00", "S01")
        assert eventually(lambda: asked_for(gateway) == ["S00"])
        gateway.lose_link()
        before = len(gateway.ledger.requests)
        time.sleep(0.8)
        during = len(gateway.ledger.requests)
        gateway.restore_link(data_lost=False)
        assert len(fetching.result().bars) == 2
    assert during == before


def test_an_outage_longer_than_the_timeout_fails_no_request(gateway):
    gateway.fault(Point.HISTORICAL_DATA, LoseLink(0.5, data_lost=False), skip=4)
    with a_source(gateway, settings={"timeout_seconds": 0.2}) as source:
        assert fetch_last(source, *SYMBOLS).absent == ()


def test_an_outage_without_end_is_away(gateway):
    gateway.fault(Point.HISTORICAL_DATA, LoseLink(600, data_lost=False), skip=4)
    settings = {"timeout_seconds": 1.0}
    with (
        a_source(gateway, settings=settings, outage_seconds=0.2) as source,
        pytest.raises(SourceAway, match=r"no line to IBKR's servers for 0\.2 s"),
    ):
        fetch_last(source, *SYMBOLS)


@pytest.mark.parametrize(
    "notice",
    [notices.MARKET_FARM_BROKEN, notices.HISTORICAL_FARM_BROKEN, notices.SERVER_UNREACHABLE],
    ids=["2103", "2105", "2110"],
)
def test_a_farm_that_is_down_ends_nothing(gateway, notice):
    gateway.fault(Point.HISTORICAL_DATA, Tell(notice), times=3)
    with a_source(gateway) as source:
        assert fetch_last(source, *SYMBOLS).bars.symbols == SYMBOLS
    assert gateway.ledger.times_connected(2) == 1


def test_a_gateway_whose_history_servers_are_silent_is_given_up(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Unanswered(), times=None)
    with (
        a_source(gateway, settings={"timeout_seconds": 0.5, "max_in_flight": 3}) as source,
        pytest.raises(SourceAway, match="answered none of the first 5 requests"),
    ):
        fetch_last(source, *SYMBOLS)
    assert len(set(asked_for(gateway))) < len(SYMBOLS)


@pytest.mark.parametrize(
    ("fault", "patience", "why"),
    [
        (LoseLink(600, data_lost=False), {"outage_seconds": 4.0}, "no line to IBKR's servers"),
        (Unanswered(), {}, "answered none of the first 5 requests"),
    ],
    ids=["an outage", "silence"],
)
def test_batches_that_waited_behind_one_in_vain_fail_with_it(gateway, fault, patience, why):
    gateway.fault(Point.HISTORICAL_DATA, fault, times=None)
    batches = [SYMBOLS[:6], SYMBOLS[6:]]
    with (
        a_source(gateway, settings={"timeout_seconds": 0.5}, **patience) as source,
        ThreadPoolExecutor(2) as threads,
    ):
        first, second = [threads.submit(fetch_last, source, *batch) for batch in batches]
        wait([first, second], return_when=FIRST_COMPLETED)
        failed_at = time.monotonic()
        for one in (first, second):
            with pytest.raises(SourceAway, match=why):
                one.result()
    assert time.monotonic() - failed_at < 3.0
    assert len({symbol in batches[0] for symbol in asked_for(gateway)}) == 1


def test_silence_about_some_does_not_give_up_the_others(gateway):
    for symbol in SYMBOLS[1:8]:
        gateway.fault(Point.HISTORICAL_DATA, Unanswered(), symbol=symbol, times=None)
    with a_source(gateway, settings={"timeout_seconds": 1.5}) as source:
        received = fetch_last(source, *SYMBOLS)
    assert len(received.bars) == 5
    assert {one.kind for one in received.absent} == {AbsenceKind.FAILED}
    # All asked at once whether it lives, and each heard.
    assert gateway.ledger.times_connected(2) == 1
