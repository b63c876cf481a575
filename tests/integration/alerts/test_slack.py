import json

import pytest

from alpha_oracle.adapters.alerts.slack import MAX_TEXT, Patience, open_slack
from alpha_oracle.config import SlackSettings
from tests.peers.slack import slack, unused_url

TOKEN = "xoxb-1234-very-secret"
HOOK_PATH = "/services/T000/B000/hooksecret"
PATIENT = Patience(timeout_seconds=60.0, pauses_seconds=(0.0, 0.0))
IMPATIENT = Patience(timeout_seconds=1.5, pauses_seconds=(0.0, 0.0))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def a_webhook(base_url, *, patience=PATIENT):
    settings = SlackSettings(webhook_url=f"https://hooks.slack.com{HOOK_PATH}", base_url=base_url)
    return open_slack(settings, patience=patience)


def a_bot(base_url, *, patience=PATIENT):
    settings = SlackSettings(bot_token=TOKEN, channel="#trading", base_url=f"{base_url}/api/")
    return open_slack(settings, patience=patience)


both_ways = pytest.mark.parametrize("channel", [a_webhook, a_bot], ids=["webhook", "bot"])


def test_a_webhook_message_is_posted_to_its_path():
    with slack() as server:
        assert a_webhook(server.url).send("run failed")
    [(path, _, body)] = server.received
    assert path == HOOK_PATH
    assert json.loads(body) == {"text": "run failed"}


def test_a_webhook_without_base_url_is_posted_where_it_says():
    with slack() as server:
        settings = SlackSettings(webhook_url=f"{server.url}/hook")
        assert open_slack(settings, patience=PATIENT).send("run failed")
    assert [path for path, _, _ in server.received] == ["/hook"]


def test_a_bot_message_names_its_channel_and_carries_the_token():
    with slack(body='{"ok": true}') as server:
        assert a_bot(server.url).send("run failed")
    [(path, headers, body)] = server.received
    assert path == "/api/chat.postMessage"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(body) == {"channel": "#trading", "text": "run failed"}


def test_nothing_set_up_is_no_channel():
    assert open_slack(SlackSettings()) is None


@both_ways
@pytest.mark.parametrize("status", [429, 500, 502], ids=str)
def test_a_passing_refusal_is_tried_again(channel, status):
    with slack(status, 200, body='{"ok": true}') as server:
        assert channel(server.url).send("x")
    assert len(server.received) == 2


@both_ways
@pytest.mark.parametrize("status", [429, 500], ids=str)
def test_a_lasting_refusal_is_given_up(channel, status, logged):
    with slack(status, body='{"ok": false, "error": "down"}') as server:
        assert not channel(server.url).send("x")
    assert len(server.received) == 3


@both_ways
def test_a_refusal_that_stays_is_not_repeated(channel, logged):
    with slack(403, body='{"ok": false, "error": "invalid_token"}') as server:
        assert not channel(server.url).send("x")
    assert len(server.received) == 1
    assert "invalid_token" in logged.getvalue()


@both_ways
@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"ok": false}'], ids=repr)
def test_an_answer_that_is_no_yes_is_a_failure(channel, body, logged):
    with slack(400, body=body) as server:
        assert not channel(server.url).send("x")


@both_ways
def test_a_refused_connection_is_a_failure(channel, logged):
    assert not channel(unused_url()).send("x")


@both_ways
def test_a_server_that_does_not_answer_is_asked_once(channel, logged):
    with slack(answering=False) as server:
        assert not channel(server.url, patience=IMPATIENT).send("x")
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("channel", "secret"),
    [(a_webhook, HOOK_PATH), (a_webhook, "hooksecret"), (a_bot, TOKEN)],
    ids=["webhook path", "webhook key", "bot token"],
)
def test_no_secret_is_logged_even_where_the_server_echoes_it(channel, secret, logged):
    with slack(500, body=f"no {secret}") as server:
        assert not channel(server.url).send("x")
    assert not channel(unused_url()).send("x")
    assert "alert_not_delivered" in logged.getvalue()
    assert secret not in logged.getvalue()


def test_markup_in_an_error_calls_nobody():
    with slack() as server:
        assert a_webhook(server.url).send("<!channel> a & b")
    assert json.loads(server.received[0][2])["text"] == "&lt;!channel&gt; a &amp; b"


def test_a_long_message_is_cut_and_says_so():
    with slack() as server:
        assert a_webhook(server.url).send("x" * (MAX_TEXT + 1))
    assert json.loads(server.received[0][2])["text"].endswith("(cut after 4000 characters)")
