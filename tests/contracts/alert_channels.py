"""Every alert channel over real HTTP: how each is opened, how it goes wrong, what it showed."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from alpha_oracle.adapters.alerts.slack import Patience, open_slack
from alpha_oracle.adapters.alerts.telegram import open_telegram
from alpha_oracle.config import SlackSettings
from alpha_oracle.config_sections import TelegramSettings
from tests.peers import telegram as telegram_peer
from tests.peers.slack import slack
from tests.peers.telegram import Fault, telegram

HOOK_PATH = "/services/T000/B000/hooksecret"
SLACK_TOKEN = "xoxb-1234-very-secret"
PATIENT_SECONDS, IMPATIENT_SECONDS = 60.0, 1.0
"""For an answer: on a busy machine, and where none will come."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of channel: its server with answers to give, a channel of it, what was asked."""

    secret: str
    serving: object
    channel: object
    attempts: object
    texts: object
    most_units: int


def _webhook(url, *, seconds=PATIENT_SECONDS):
    hook = f"https://hooks.slack.com{HOOK_PATH}"
    return _opened(SlackSettings(webhook_url=hook, base_url=url), seconds)


def _bot(url, *, seconds=PATIENT_SECONDS):
    settings = SlackSettings(bot_token=SLACK_TOKEN, channel="#trading", base_url=f"{url}/api/")
    return _opened(settings, seconds)


def _opened(settings, seconds):
    return open_slack(settings, patience=Patience(timeout_seconds=seconds, pauses_seconds=(0, 0)))


def _chat(url, *, seconds=PATIENT_SECONDS):
    settings = TelegramSettings(
        bot_token=telegram_peer.TOKEN, chat_id=str(telegram_peer.CHAT_ID), base_url=url
    )
    return open_telegram(settings, pauses_seconds=(0.0, 0.0))


@contextmanager
def _slack(*statuses, is_silent=False, body='{"ok": true}'):
    with slack(*statuses, body=body, answering=not is_silent) as server:
        yield server


@contextmanager
def _telegram(*statuses, is_silent=False, body=None):
    with telegram() as server:
        silence = Fault(is_silent=True) if is_silent else None
        answer = silence if body is None else Fault(status=200, body=body)
        faults = [answer if one == 200 else Fault(status=one) for one in statuses or (200,)]
        server.fail("sendMessage", *faults[:-1])
        server.fail_always("sendMessage", faults[-1])
        yield server


def _posted(server):
    return [json.loads(body)["text"] for _, _, body in server.received]


def _sent(server):
    return [one["text"] for one in server.asked("sendMessage")]


_SLACKS = {"serving": _slack, "attempts": lambda server: len(server.received), "texts": _posted}
KINDS = {
    "slack webhook": Kind(secret="hooksecret", channel=_webhook, most_units=4_100, **_SLACKS),
    "slack bot": Kind(secret=SLACK_TOKEN, channel=_bot, most_units=4_100, **_SLACKS),
    "telegram": Kind(
        secret=telegram_peer.TOKEN,
        serving=_telegram,
        channel=_chat,
        attempts=lambda server: len(server.asked("sendMessage")),
        texts=_sent,
        most_units=telegram_peer.MOST_TEXT,
    ),
}


@contextmanager
def breaking_off(answer):
    """A server that answers each request with these bytes and hangs up; its URL, how many asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.wfile.write(answer)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", lambda: len(asked)
        finally:
            server.shutdown()
            thread.join()


def nobody(url):
    """Something that looks like a server, at an address where none listens."""
    return SimpleNamespace(url=url)


def chats_wait(seconds, monkeypatch):
    """Let chats, which are not told how long, wait for an answer as long as the others do."""
    monkeypatch.setattr("alpha_oracle.adapters.alerts.telegram_chat._ANSWER_SECONDS", seconds)
