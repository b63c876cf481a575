"""What can go wrong on the way, over real HTTP."""

import time

import pytest

from alpha_oracle.adapters.alpha_vantage import client
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway
from tests.integration.alpha_vantage.worlds import KEY, a_world, symbols_of
from tests.peers.slack import unused_url


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_status_that_passes_is_tried_later(status):
    with a_world() as world:
        world.peer.fail("status", value=status)
        with pytest.raises(SourceAway, match=f"answered with HTTP {status}; ask again later"):
            world.fetch("AAA")
        assert symbols_of(world.fetch("AAA")) == ("AAA",)


@pytest.mark.parametrize("status", [401, 403])
def test_a_status_against_the_key_names_its_setting(status):
    with a_world() as world:
        world.peer.fail("status", value=status)
        with pytest.raises(ConfigurationError, match=r"refuses the key .*data\.alpha_vantage\.api"):
            world.fetch("AAA")


@pytest.mark.parametrize("status", [400, 404, 410, 204])
def test_a_status_of_somebody_else_names_the_base_url(status):
    with a_world() as world:
        world.peer.fail("status", value=status)
        with pytest.raises(ConfigurationError, match=r"HTTP .*data\.alpha_vantage\.base_url"):
            world.fetch("AAA")


def test_a_wrong_path_names_the_base_url():
    with (
        a_world() as world,
        a_world(settings={"base_url": f"{world.peer.url}/elsewhere"}) as wrong,
        pytest.raises(ConfigurationError, match=r"HTTP 404.*data\.alpha_vantage\.base_url"),
    ):
        wrong.fetch("AAA")


def test_a_base_url_with_the_query_path_is_taken():
    with (
        a_world() as world,
        a_world(settings={"base_url": f"{world.peer.url}/query"}) as other,
    ):
        assert symbols_of(other.fetch("AAA")) == ("AAA",)


def test_a_redirect_is_not_followed():
    with a_world() as world:
        world.peer.fail("redirect")
        with pytest.raises(ConfigurationError, match="a redirect"):
            world.fetch("AAA")
        assert world.peer.count() == 1


@pytest.mark.parametrize(
    ("fault", "value", "words"),
    [
        pytest.param("html", None, "sent a page of HTML", id="a page"),
        pytest.param("cut", None, "broke off its answer", id="cut off"),
        pytest.param("cut_unnoticed", None, "sent no JSON", id="cut off before it was sent"),
        pytest.param("body", b"", "sent no JSON", id="nothing"),
        pytest.param("body", b"[]", "sent JSON that is no object", id="a list"),
        pytest.param("hang_up", None, "cannot be reached, or hung up", id="hung up"),
    ],
)
def test_an_answer_that_is_none_is_tried_later_and_not_kept(fault, value, words):
    with a_world() as world:
        world.peer.fail(fault, value=value)
        with pytest.raises(SourceAway, match=words):
            world.fetch("AAA")
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert world.peer.count() == 2


def test_nobody_at_the_address_is_tried_later():
    with (
        a_world(settings={"base_url": unused_url()}) as world,
        pytest.raises(SourceAway, match=r"127\.0\.0\.1:\d+ cannot be reached, or hung up"),
    ):
        world.fetch("AAA")


def test_an_address_without_a_certificate_is_tried_later():
    with (
        a_world() as world,
        a_world(settings={"base_url": world.peer.url.replace("http:", "https:")}) as other,
        pytest.raises(SourceAway, match="showed no certificate that can be trusted"),
    ):
        other.fetch("AAA")


@pytest.mark.parametrize(
    ("fault", "timeout_seconds", "words"),
    [
        ("hang", 0.2, "did not answer in time"),
        ("trickle", 1.0, r"was still answering after 3 s"),
    ],
)
def test_a_server_that_never_ends_is_given_up(fault, timeout_seconds, words):
    with a_world(settings={"timeout_seconds": timeout_seconds}) as world:
        world.peer.fail(fault)
        began = time.monotonic()
        with pytest.raises(SourceAway, match=words):
            world.fetch("AAA")
        assert time.monotonic() - began < 25.0


def test_a_slow_answer_within_the_timeout_is_taken():
    with a_world() as world:
        world.peer.fail("delay", value=0.3)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)


def test_an_answer_larger_than_any_series_is_refused():
    with a_world() as world:
        world.peer.fail("huge", value=client.MAX_BODY_BYTES)
        with pytest.raises(DataError, match="more than 32 MiB for one symbol"):
            world.fetch("AAA")


def test_a_failure_after_some_answers_pays_for_none_of_them_twice():
    with a_world() as world:
        world.peer.fail("status", value=500, symbol="CCC")
        with pytest.raises(SourceAway):
            world.fetch()
        assert symbols_of(world.fetch()) == ("AAA", "BBB", "BRK.B", "CCC", "DDD")
        assert world.spent == world.peer.count() == 6
        assert world.peer.count(symbol="CCC") == 2


@pytest.mark.parametrize("key", [f"{KEY}&function=EVIL", "key with blanks", "schlüssel-16-zeich"])
def test_a_key_of_any_characters_arrives_as_it_is(key):
    with a_world(settings={"api_key": key}, keys=frozenset({key})) as world:
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert [asked.function for asked in world.peer.requests] == ["TIME_SERIES_DAILY_ADJUSTED"]
