"""What the `finra` source makes of FINRA's server, over real HTTP."""

from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.finra.source import FinraShortInterest
from alpha_oracle.config import FinraSettings
from alpha_oracle.errors import ConfigurationError, DataError, NotPublished, SourceAway
from tests.fakes.clock import FixedClock
from tests.peers.downloads import files
from tests.peers.slack import unused_url
from tests.unit.adapters.finra.shorts import KNOWN_AT, SETTLEMENT, a_file, a_row, shares_of

PATH = "/equity/otcmarket/biweekly/shrt20210715.csv"
BODY = a_file(a_row("BRKB", "5"), a_row("AAPL", "7"))


@pytest.fixture
def peer():
    with files({PATH: BODY}) as peer:
        yield peer


def source_of(url, *, now=KNOWN_AT, symbols=("BRK.B",)):
    settings = FinraSettings(base_url=url, timeout_seconds=60.0)
    return FinraShortInterest(settings, symbols=lambda: symbols, clock=FixedClock(now))


def test_a_file_is_fetched_with_one_request_and_in_our_spelling(peer):
    received = source_of(peer.url).fetch(SETTLEMENT)
    assert shares_of(received) == {"AAPL": 7.0, "BRK.B": 5.0}
    assert peer.paths == [PATH]


def test_the_real_file_arrives_through_the_wire(shared_data):
    body = (shared_data / "finra" / "shrt20210715_excerpt.csv").read_bytes()
    with files({PATH: body}) as peer:
        received = source_of(peer.url).fetch(SETTLEMENT)
    assert (len(received.positions), received.refused) == (34, ())
    assert shares_of(received)["AAPL"] == 96355309.0


def test_settlements_are_those_known_by_now():
    source = source_of("https://cdn.finra.org")
    start = date(2021, 6, 20)
    just_before = datetime(2021, 7, 27, 13, 29, tzinfo=UTC)
    assert source.settlements(start=start, now=just_before) == (date(2021, 6, 30),)
    assert source.settlements(start=start, now=KNOWN_AT) == (date(2021, 6, 30), SETTLEMENT)


def test_files_without_a_listed_share_are_never_due():
    source = source_of("https://cdn.finra.org")
    assert source.settlements(start=date(2018, 1, 1), now=KNOWN_AT)[0] == date(2021, 6, 15)


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_yet_is_not_published(status):
    with files({}, absent_status=status) as peer, pytest.raises(NotPublished, match="2021-07-26"):
        source_of(peer.url).fetch(SETTLEMENT)


def test_a_file_that_never_came_is_asked_for_no_longer():
    with files({}) as peer, pytest.raises(DataError, match="though it was due on 2021-07-26"):
        source_of(peer.url, now=datetime(2021, 8, 7, tzinfo=UTC)).fetch(SETTLEMENT)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"keeps": 0.7}, id="a line that was cut"),
        pytest.param({"body": BODY[:-20]}, id="cut before it was sent"),
        pytest.param({"body": a_file()}, id="a header alone"),
        pytest.param({"status": 503}, id="busy"),
        pytest.param({"status": 429}, id="too many requests"),
    ],
)
def test_an_answer_that_is_not_whole_is_asked_for_again(peer, fault):
    source = source_of(peer.url)
    peer.fail(**fault)
    with pytest.raises(SourceAway, match=r"again"):
        source.fetch(SETTLEMENT)
    assert len(source.fetch(SETTLEMENT).positions) == 2


def test_a_page_in_place_of_the_file_is_no_data(peer):
    peer.fail(body=b"<html>Sorry</html>")
    with pytest.raises(DataError, match=r"shrt20210715\.csv is no short interest file of FINRA"):
        source_of(peer.url).fetch(SETTLEMENT)


def test_a_refusal_names_the_setting(peer):
    peer.fail(status=403, body=b"<html>blocked</html>")
    with pytest.raises(ConfigurationError, match=r"refuses us .*data\.finra\.base_url"):
        source_of(peer.url).fetch(SETTLEMENT)


def test_a_check_asks_for_the_newest_file_without_fetching_it(peer):
    assert source_of(peer.url).check() == "FINRA has the short interest of 2021-07-15"
    assert [(one.method, one.path) for one in peer.requests] == [("HEAD", PATH)]


def test_a_check_tells_that_the_newest_file_is_not_there():
    with files({}) as peer:
        assert source_of(peer.url).check() == "FINRA has no short interest of 2021-07-15"


def test_a_check_tells_that_nobody_answers():
    with pytest.raises(SourceAway, match="cannot be reached"):
        source_of(unused_url()).check()
