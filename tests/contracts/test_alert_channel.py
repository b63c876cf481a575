"""What every `AlertChannel` does, over real HTTP."""

import pytest

from tests.contracts.alert_channels import (
    IMPATIENT_SECONDS,
    KINDS,
    PATIENT_SECONDS,
    breaking_off,
    chats_wait,
)
from tests.integration.ibkr.sources import eventually
from tests.peers.slack import unused_url
from tests.peers.telegram import utf16_length

pytestmark = pytest.mark.usefixtures("directly_asked")


@pytest.fixture
def directly_asked(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request, monkeypatch):
    chats_wait(PATIENT_SECONDS, monkeypatch)
    return request.param


def test_a_message_is_delivered_as_plain_text(kind):
    with kind.serving() as server:
        assert kind.channel(server.url).send("HIGH: *no* _markup_\nsecond line")
        assert kind.texts(server) == ["HIGH: *no* _markup_\nsecond line"]


def test_telegram_shows_the_signs_that_slack_knows_by_name(monkeypatch):
    kind = KINDS["telegram"]
    with kind.serving() as server:
        assert kind.channel(server.url).send(":warning: no model")
        assert kind.texts(server) == ["\N{WARNING SIGN} no model"]


@pytest.mark.parametrize("status", [429, 500, 502])
def test_what_was_not_taken_for_now_is_sent_again(kind, status, logged):
    with kind.serving(status, 200) as server:
        assert kind.channel(server.url).send("x")
        assert kind.attempts(server) == 2


def test_a_lasting_failure_is_given_up_after_three_tries(kind, logged):
    with kind.serving(503) as server:
        assert not kind.channel(server.url).send("x")
        assert kind.attempts(server) == 3


def test_a_refusal_is_not_argued_with(kind, logged):
    with kind.serving(403) as server:
        assert not kind.channel(server.url).send("x")
        assert kind.attempts(server) == 1


def test_an_answer_that_does_not_come_is_not_asked_for_twice(kind, logged, monkeypatch):
    chats_wait(IMPATIENT_SECONDS, monkeypatch)
    with kind.serving(is_silent=True) as server:
        assert not kind.channel(server.url, seconds=IMPATIENT_SECONDS).send("x")
        assert eventually(lambda: kind.attempts(server) > 0)
        assert kind.attempts(server) == 1


@pytest.mark.parametrize(
    "page", ["<html>Please log in</html>", "\n<!DOCTYPE html>\n<title>Welcome</title>"]
)
def test_a_page_of_something_in_between_is_no_delivery(kind, page, logged):
    with kind.serving(body=page) as server:
        assert not kind.channel(server.url).send("x")
        assert kind.attempts(server) == 1


BROKEN = {
    "cut": b"Content-Length: 99\r\n\r\n{",
    "no chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no gzip": b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n<>",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_breaks_off_is_no_delivery_and_is_not_asked_for_twice(kind, answer, logged):
    with breaking_off(b"HTTP/1.1 200 OK\r\n" + answer) as (url, asked):
        assert not kind.channel(url).send("x")
        assert asked() == 1


def test_nobody_there_is_a_failure(kind, logged):
    assert not kind.channel(unused_url()).send("x")


def test_a_long_message_is_cut_to_what_fits(kind):
    with kind.serving() as server:
        assert kind.channel(server.url).send("\N{CHART WITH UPWARDS TREND}" * 5_000)
        [text] = kind.texts(server)
    assert utf16_length(text) <= kind.most_units * (1 if "cut)" in text[-10:] else 2)
    assert "cut" in text[-40:]


def test_no_secret_is_logged_whatever_goes_wrong(kind, logged):
    with kind.serving(500) as server:
        assert not kind.channel(server.url).send("x")
    assert not kind.channel(unused_url()).send("x")
    assert logged.getvalue().count("alert_not_delivered") == 2
    assert kind.secret not in logged.getvalue()
