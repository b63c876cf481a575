"""The operators' chat over HTTP, against a local Telegram."""

import json
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.adapters.alerts.telegram_chat import (
    MOST_TEXT,
    MOST_UPDATES,
    TelegramChat,
    fitting,
)
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, SourceAway
from alpha_oracle.ports.operator_chat import Button
from tests.peers.slack import unused_url
from tests.peers.telegram import CHAT_ID, TOKEN, Fault, telegram, too_many_requests, utf16_length

BUTTON = Button(label="Approve", data="a1")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with telegram() as stand_in:
        yield stand_in


def a_chat(url, *, token=TOKEN, chat_id=CHAT_ID):
    return TelegramChat(token=token, chat_id=str(chat_id), base_url=url)


@pytest.fixture
def chat(server):
    return a_chat(server.url)


def test_a_message_is_posted_with_its_buttons_and_changed_without(chat, server):
    number = chat.say("decide", buttons=[BUTTON])
    assert server.buttons(number) == [("Approve", "a1")]
    chat.edit(number, "decided")
    assert server.buttons(number) == []
    assert server.texts == ["decided"]


def test_a_message_to_another_chat_goes_there(chat, server):
    server.chats.add(7)
    chat.say("no", to=7)
    assert [one["chat"]["id"] for one in server.messages.values()] == [7]


@pytest.mark.parametrize("letter", ["x", "\N{ROCKET}", "\ud800"], ids=["letter", "pair", "half"])
def test_a_message_too_long_is_cut_where_one_may_and_says_so(chat, server, letter):
    chat.say(letter * (MOST_TEXT + 1))
    (text,) = server.texts
    assert text.endswith("(cut)")
    assert MOST_TEXT - 1 <= utf16_length(text) <= MOST_TEXT
    assert fitting("x" * MOST_TEXT) == "x" * MOST_TEXT


def test_what_people_do_is_told_until_it_is_confirmed(chat, server):
    first, second = server.say("one"), server.say("two")
    told = chat.arrived(after=None, wait_seconds=0)
    assert [one["update_id"] for one in told.updates] == [first, second]
    assert told.is_complete
    assert abs(told.served_at - datetime.now(UTC)) < timedelta(minutes=1)
    again = chat.arrived(after=first, wait_seconds=0)
    assert [one["update_id"] for one in again.updates] == [second]


def test_a_full_answer_says_that_more_may_wait(chat, server):
    for _ in range(MOST_UPDATES + 1):
        server.say("x")
    assert not chat.arrived(after=None, wait_seconds=0).is_complete


def test_who_listens_holds_up_nobody_who_speaks(chat, server):
    with ThreadPoolExecutor() as pool:
        listening = pool.submit(chat.arrived, after=None, wait_seconds=50)
        server.await_that(lambda one: one.asked("getUpdates"))
        chat.say("meanwhile")
        server.say("hello")
        (update,) = listening.result().updates
    assert update["message"]["text"] == "hello"


def test_a_press_is_answered_and_one_of_long_ago_left(chat, server):
    press = server.press(chat.say("decide", buttons=[BUTTON]), "a1")
    chat.answer(press, "x" * 300)
    assert server.callbacks[press] == "x" * 200
    chat.answer(press, "once more")
    chat.answer("unknown", "text")
    assert server.callbacks[press] == "x" * 200


def test_a_message_that_is_gone_or_the_same_is_left(chat, server):
    number = chat.say("decided")
    chat.edit(number, "decided")
    chat.edit(number + 1_000, "decided")
    assert server.texts == ["decided"]


def test_who_is_asked_to_slow_down_is_quiet_so_long(chat, server):
    server.fail("sendMessage", too_many_requests(60))
    with pytest.raises(SourceAway, match="retry after 60"):
        chat.say("one")
    with pytest.raises(SourceAway, match="quiet for another"):
        chat.say("two")
    assert len(server.asked("sendMessage")) == 1
    # A halt is heard nevertheless.
    server.say("KILL")
    assert chat.arrived(after=None, wait_seconds=0).updates


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=502, body="<html>Bad Gateway</html>"),
        Fault(status=200, body="<html>a portal</html>"),
        Fault(status=200, body="[" * 100_000),
        Fault(status=200, body='{"ok": true, "result": {"message_id": "many"}}'),
        Fault(status=200, body='{"ok": true}'),
        Fault(status=200, body='{"ok": "yes"}'),
        Fault(is_cut=True),
        Fault(status=302, body='{"ok": false}'),
    ],
    ids=["500", "502", "no JSON", "deep", "no number", "no message", "no answer", "cut", "302"],
)
def test_whatever_is_no_answer_is_somebody_away(chat, server, fault):
    server.fail("sendMessage", fault)
    with pytest.raises(SourceAway):
        chat.say("text")
    assert chat.say("text") > 0


def test_a_message_whose_answer_is_lost_is_not_said_twice(chat, server):
    server.fail("sendMessage", Fault(is_cut=True, is_done=True))
    with pytest.raises(SourceAway):
        chat.say("once")
    assert server.texts == ["once"]


@pytest.mark.parametrize("result", ["null", "{}", '[1, "x", null]'])
def test_updates_that_are_none_are_left_out(chat, server, result):
    server.fail("getUpdates", Fault(status=200, body=f'{{"ok": true, "result": {result}}}'))
    assert chat.arrived(after=None, wait_seconds=0).updates == ()


def test_a_chat_that_is_not_there_is_a_setting_to_mend(server):
    with pytest.raises(ConfigurationError, match=r"chat not found.*alerts\.telegram"):
        a_chat(server.url, chat_id=5).say("text")


def test_another_reader_of_the_same_bot_is_named(chat, server):
    server.fail("getUpdates", Fault(status=409, description="Conflict: can't use getUpdates"))
    with pytest.raises(ConfigurationError, match="someone else reads"):
        chat.arrived(after=None, wait_seconds=0)


def test_who_we_are_is_asked(chat):
    me = chat.introduction()
    assert (me.bot_id, me.username) == (1, "alpha_bot")


def everything_of(error):
    return "".join(traceback.format_exception(error)) + json.dumps(error.args)


def test_no_error_and_no_log_holds_the_token(server, caplog):
    caplog.set_level(logging.DEBUG)
    other = f"{TOKEN[:-1]}x"
    server.fail("sendMessage", Fault(status=400, description=f"Bad Request: {TOKEN}"))
    server.fail("getMe", Fault(is_cut=True))
    asked = [
        lambda: a_chat(unused_url()).introduction(),
        lambda: a_chat(server.url, token=other).introduction(),
        lambda: a_chat(server.url).introduction(),
        lambda: a_chat(server.url).say("text"),
    ]
    for ask in asked:
        with pytest.raises(AlphaOracleError) as refused:
            ask()
        assert TOKEN not in everything_of(refused.value)
        assert other not in everything_of(refused.value)
    assert "Starting new HTTP connection" in caplog.text
    assert TOKEN not in caplog.text
    assert other not in caplog.text
