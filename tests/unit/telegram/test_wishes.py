"""What is typed in the chat: only exact words change anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.entrypoints.telegram.wishes import (
    MOST_REASON,
    NO_REASON,
    Wish,
    WishKind,
    wish_of,
)


def asked(text):
    return wish_of(text, username="alpha_bot")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/status", WishKind.STATUS),
        (" /Status ", WishKind.STATUS),
        ("/help", WishKind.HELP),
        ("/start", WishKind.HELP),
        ("/status@alpha_bot", WishKind.STATUS),
        ("/status@ALPHA_BOT", WishKind.STATUS),
        ("/kills", WishKind.UNKNOWN),
        ("/", WishKind.UNKNOWN),
    ],
)
def test_a_command_names_what_is_asked(text, kind):
    assert asked(text) == Wish(kind=kind)


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "killed it", "resumed", "/kill@another_bot KILL", "do KILL", "!"]
)
def test_talk_among_people_asks_nothing(text):
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "word", "reason"),
    [
        ("/kill", None, NO_REASON),
        ("/kill KILL", "KILL", NO_REASON),
        ("/kill KILL the  feed\nlies", "KILL", "the feed lies"),
        ("/kill@alpha_bot KILL now", "KILL", "now"),
        ("KILL", "KILL", NO_REASON),
        ("KILL the feed lies", "KILL", "the feed lies"),
        ("/kill kill", "kill", NO_REASON),
        ("/kill KILL\u200b", "KILL\u200b", NO_REASON),
        ("kill", "kill", NO_REASON),
        ("Kill the feed lies", "Kill", NO_REASON),
        ("KILL! now", "KILL!", NO_REASON),
    ],
)
def test_a_halt_carries_what_was_typed_to_confirm_it(text, word, reason):
    assert asked(text) == Wish(kind=WishKind.KILL, word=word, reason=reason)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/resume", None),
        ("/resume RESUME", "RESUME"),
        ("RESUME", "RESUME"),
        ("/resume RESUME please", "RESUME please"),
        ("/resume resume", "resume"),
        ("Resume", "Resume"),
        ("RESUME now", "RESUME now"),
    ],
)
def test_a_resume_carries_all_that_was_typed_to_confirm_it(text, word):
    assert asked(text) == Wish(kind=WishKind.RESUME, word=word)


@given(st.text(alphabet=st.characters(codec=None)))
def test_whatever_is_typed_is_read(text):
    found = asked(f"/kill KILL {text}")
    assert found.word == "KILL"
    assert len(found.reason) <= MOST_REASON
    assert asked(text) is None or isinstance(asked(text), Wish)
