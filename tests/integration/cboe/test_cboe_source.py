"""What the `cboe` source makes of Cboe's server, over real HTTP."""

import gzip
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.adapters.cboe.source import CboeLevels
from alpha_oracle.config import CboeSettings
from alpha_oracle.domain.levels import VIX
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway
from tests.fakes.clock import FixedClock
from tests.peers.downloads import files
from tests.peers.slack import unused_url
from tests.unit.adapters.cboe.histories import EVENING, FRIDAY, MONDAY, ROWS, a_history, closes_of

PATH = "/api/global/us_indices/daily_prices/VIX_History.csv"


@pytest.fixture
def peer():
    with files({PATH: a_history()}) as peer:
        yield peer


def source_of(url, *, now=EVENING):
    settings = CboeSettings(base_url=url, timeout_seconds=60.0)
    return CboeLevels(settings, clock=FixedClock(now))


def fetch(source, *, start=FRIDAY, end=MONDAY):
    return source.fetch(VIX, start=start, end=end)


def test_any_range_is_fetched_with_one_request(peer):
    assert closes_of(fetch(source_of(peer.url))) == {FRIDAY: 27.01, MONDAY: 24.3}
    assert peer.paths == [PATH]


def test_the_real_history_arrives_through_the_wire(shared_data):
    path = shared_data / "benchmarks" / "vix_daily_1990_2018.csv.gz"
    now = datetime(2019, 1, 2, tzinfo=UTC)
    with files({PATH: gzip.decompress(path.read_bytes())}) as peer:
        received = fetch(source_of(peer.url, now=now), start=date(1990, 1, 2), end=now.date())
    assert (len(received.levels), len(received.refused)) == (7303, 1)


def test_a_level_that_is_not_final_is_left_for_later(peer):
    received = fetch(source_of(peer.url, now=EVENING - timedelta(minutes=1)))
    assert (closes_of(received), received.refused) == ({FRIDAY: 27.01}, ())


def test_nothing_is_asked_for_sessions_to_come(peer):
    early = source_of(peer.url, now=EVENING - timedelta(minutes=1))
    assert fetch(early, start=MONDAY).levels == ()
    assert peer.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"keeps": 0.6}, id="the line was cut"),
        pytest.param({"body": a_history(*ROWS[:2], "01/11/2016,25.")}, id="cut before it was sent"),
        pytest.param({"body": b"DATE,OPEN,HIGH,LOW,CLOSE\n"}, id="a header alone"),
        pytest.param({"status": 503}, id="busy"),
    ],
)
def test_an_answer_that_is_not_whole_is_asked_for_again(peer, fault):
    source = source_of(peer.url)
    peer.fail(**fault)
    with pytest.raises(SourceAway, match="again later"):
        fetch(source)
    assert len(fetch(source).levels) == 2


def test_a_page_in_place_of_the_history_is_no_data(peer):
    peer.fail(body=b"<html>Sorry</html>")
    with pytest.raises(DataError, match="Cboe sent no history of VIX"):
        fetch(source_of(peer.url))


def test_another_series_is_not_known():
    with pytest.raises(ConfigurationError, match="no history of DJX is known at Cboe, only of VIX"):
        source_of("https://cdn.cboe.com").fetch("DJX", start=FRIDAY, end=FRIDAY)


def test_a_history_that_is_not_there_names_the_setting():
    with files({}) as peer, pytest.raises(ConfigurationError, match=r"data\.cboe\.base_url"):
        fetch(source_of(peer.url))


def test_a_check_asks_without_fetching(peer):
    assert source_of(peer.url).check() == "Cboe has the history of VIX"
    assert [(one.method, one.path) for one in peer.requests] == [("HEAD", PATH)]


def test_a_check_tells_that_nobody_answers():
    with pytest.raises(SourceAway, match="cannot be reached"):
        source_of(unused_url()).check()
