"""Telegram as an alert channel: the pauses it asks for."""

import time

import pytest
import structlog
from structlog.testing import capture_logs

from alpha_oracle.adapters.alerts.telegram import open_telegram
from alpha_oracle.config_sections import TelegramSettings
from tests.peers.telegram import CHAT_ID, TOKEN, telegram, too_many_requests


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    structlog.reset_defaults()


@pytest.fixture
def server():
    with telegram() as stand_in:
        yield stand_in


@pytest.fixture
def channel(server):
    settings = TelegramSettings(bot_token=TOKEN, chat_id=str(CHAT_ID), base_url=server.url)
    return open_telegram(settings, pauses_seconds=(0.0, 0.0))


def test_nothing_set_up_is_no_channel():
    assert open_telegram(TelegramSettings()) is None


def test_an_alert_follows_a_group_to_its_new_id(channel, server):
    server.migrate(CHAT_ID, -1009876)
    assert channel.send("x")
    assert channel.send("y")
    assert [one["chat"]["id"] for one in server.messages.values()] == [-1009876] * 2


def test_a_short_pause_is_waited_for(channel, server):
    server.fail("sendMessage", too_many_requests(1))
    began = time.monotonic()
    assert channel.send("x")
    assert time.monotonic() - began >= 0.9
    assert server.texts == ["x"]


def test_a_long_pause_holds_nobody_up_and_nothing_is_asked_meanwhile(channel, server):
    server.fail("sendMessage", too_many_requests(60))
    began = time.monotonic()
    with capture_logs() as logged:
        assert not channel.send("x")
        assert not channel.send("y")
    assert time.monotonic() - began < 50
    assert len(server.asked("sendMessage")) == 1
    assert [one["event"] for one in logged] == ["alert_not_delivered"] * 2
