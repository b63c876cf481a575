"""What a download is worth, over real HTTP: whole, or an error that says who must act."""

import gzip

import pytest
import requests

from alpha_oracle.adapters import downloads
from alpha_oracle.adapters.downloads import (
    Absent,
    AccessRefused,
    AskLater,
    Download,
    address,
    download,
)
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway
from tests.peers.downloads import files
from tests.peers.slack import unused_url

BODY = b"DATE,CLOSE\n" + b"2016-01-04,20.70\n" * 200
PATH = "/history.csv"
SETTING = "data.cboe.base_url"


@pytest.fixture
def peer():
    with files({PATH: BODY}) as peer:
        yield peer


def asked(url, path=PATH, **changes):
    ordinary = {"vendor": "Cboe", "setting": SETTING, "timeout_seconds": 60.0, "max_bytes": 10_000}
    return Download(url=url + path, **ordinary | changes)


def test_a_file_arrives_whole_and_unpacked_with_its_headers(peer):
    peer.fail(headers={"Last-Modified": "Mon, 04 Jan 2016 22:00:00 GMT"})
    received = download(asked(peer.url))
    assert received.body == BODY
    assert received.headers["content-encoding"] == "gzip"
    assert received.headers["last-modified"] == "Mon, 04 Jan 2016 22:00:00 GMT"


def test_a_file_packed_in_several_parts_is_unpacked_whole(peer):
    parts = gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])
    peer.fail(body=parts, headers={"Content-Encoding": "gzip"})
    assert download(asked(peer.url)).body == BODY


def test_a_file_that_is_not_packed_is_taken_as_it_is(peer):
    peer.fail(headers={"Content-Encoding": "identity"})
    assert download(asked(peer.url)).body == BODY


def test_the_headers_asked_with_are_sent(peer):
    download(asked(peer.url, headers={"User-Agent": "A Program me@example.com"}))
    download(asked(peer.url))
    agents = [one.headers["user-agent"] for one in peer.requests]
    assert agents == ["A Program me@example.com", "alpha-oracle"]


def test_a_session_keeps_its_connection(peer):
    with requests.Session() as session:
        bodies = [download(asked(peer.url), session=session).body for _ in range(3)]
    assert bodies == [BODY] * 3


def test_a_head_tells_the_headers_alone(peer):
    received = download(asked(peer.url, method="HEAD"))
    assert (received.body, peer.requests[0].method) == (b"", "HEAD")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_missing_file_is_absent(status):
    with files({}, absent_status=status) as peer:
        assert download(asked(peer.url)) == Absent(status=status)


def test_a_refusal_that_is_no_missing_file_tells_what_was_said(peer):
    peer.fail(status=403, body=b"<h1>Your  Request\nOriginates from an Undeclared Tool</h1>")
    with pytest.raises(AccessRefused, match=r"refuses us .*Cboe.*data\.cboe\.base_url") as caught:
        download(asked(peer.url))
    assert caught.value.status == 403
    assert caught.value.excerpt == "<h1>Your Request Originates from an Undeclared Tool</h1>"
    assert isinstance(caught.value, ConfigurationError)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_status_that_passes_says_to_ask_later(peer, status):
    peer.fail(status=status, headers={"Retry-After": "7"})
    with pytest.raises(AskLater, match=f"HTTP {status}; ask again later") as caught:
        download(asked(peer.url))
    assert (caught.value.status, caught.value.after_seconds) == (status, 7.0)
    assert download(asked(peer.url)).body == BODY


@pytest.mark.parametrize(("status", "words"), [(302, "a redirect"), (400, "no file")])
def test_a_status_of_somebody_else_names_the_setting(peer, status, words):
    peer.fail(status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(ConfigurationError, match=f"{words} .*check {SETTING}"):
        download(asked(peer.url))
    assert peer.paths == [PATH]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"keeps": 0.5}, id="packed, length told"),
        pytest.param({"keeps": 0.5, "is_told": False}, id="packed, length not told"),
        pytest.param({"keeps": 0.5, "headers": {"Content-Encoding": "identity"}}, id="plain"),
        pytest.param({"keeps": 0.0}, id="nothing but headers"),
        pytest.param({"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}}, id="damaged"),
        pytest.param({"hangs_up": True}, id="hung up"),
    ],
)
def test_a_file_that_is_not_whole_is_none(peer, fault):
    peer.fail(**fault)
    with pytest.raises(SourceAway, match="ask again later"):
        download(asked(peer.url))
    assert download(asked(peer.url)).body == BODY


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"body": b"x" * 10_001, "headers": {"Content-Encoding": "identity"}}),
        pytest.param({"body": b"\0" * 50_000_000}, id="a bomb"),
    ],
)
def test_a_file_larger_than_any_is_refused(peer, fault):
    peer.fail(**fault)
    with pytest.raises(DataError, match="more than 10,000 bytes where Cboe sends less"):
        download(asked(peer.url))


def test_a_packing_nobody_asked_for_is_refused(peer):
    peer.fail(headers={"Content-Encoding": "br"})
    with pytest.raises(DataError, match="packed its answer as 'br'"):
        download(asked(peer.url))


def test_a_server_that_stays_silent_is_not_waited_for(peer):
    peer.fail(is_silent=True)
    with pytest.raises(SourceAway, match=r"did not answer in time \(timeout 0.2 s\)"):
        download(asked(peer.url, timeout_seconds=0.2))


def test_a_body_that_comes_byte_by_byte_is_given_up(peer):
    peer.fail(trickles=True, headers={"Content-Encoding": "identity"})
    with pytest.raises(SourceAway, match=r"was still answering after 3 s"):
        download(asked(peer.url, timeout_seconds=1.0))


def test_a_place_where_nobody_listens_is_away():
    with pytest.raises(SourceAway, match=f"cannot be reached.*{SETTING}") as caught:
        download(asked(unused_url()))
    assert caught.value.__context__ is None


def test_an_address_is_made_under_any_base():
    paths = [address(base, "/a.csv", setting="s") for base in ("https://x.org", "http://x:1/y/")]
    assert paths == ["https://x.org/a.csv", "http://x:1/y/a.csv"]


@pytest.mark.parametrize(
    "base", ["", "x.org", "ftp://x.org", "https://u:secret@x.org", "https://x.org?a=1", "http://:0"]
)
def test_a_base_that_is_no_plain_address_is_refused_unsaid(base):
    with pytest.raises(ConfigurationError, match="must be an address") as caught:
        downloads.address(base, "/a.csv", setting=SETTING)
    assert "secret" not in str(caught.value)
