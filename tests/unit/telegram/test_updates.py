"""What Telegram, or whoever stands in its place, tells: read, or nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.entrypoints.telegram.updates import (
    Nothing,
    Place,
    Pressed,
    Said,
    read_update,
)

CHAT = {"id": -100, "type": "supergroup", "username": "desk"}
PERSON = {"id": 42, "is_bot": False, "first_name": "Jane"}
DATE = 1_464_874_560


def a_message(**changes):
    return {"message_id": 7, "from": PERSON, "chat": CHAT, "date": DATE, "text": "hi"} | changes


def a_press(**changes):
    return {"id": "99", "from": PERSON, "message": a_message(), "data": "d"} | changes


def said(message):
    return read_update({"update_id": 1, "message": message})


def pressed(press):
    return read_update({"update_id": 1, "callback_query": press})


def test_a_message_says_who_where_when_and_what():
    assert said(a_message()) == Said(
        update=1,
        user_id=42,
        place=Place(chat_id=-100, username="desk"),
        at=datetime.fromtimestamp(DATE, UTC),
        text="hi",
        is_typed=True,
    )


def test_a_press_says_who_where_and_on_what():
    assert pressed(a_press()) == Pressed(
        update=1,
        user_id=42,
        place=Place(chat_id=-100, username="desk"),
        press="99",
        message=7,
        data="d",
    )


@pytest.mark.parametrize(
    "others",
    [{"forward_origin": {"type": "user"}}, {"forward_date": 1}, {"via_bot": PERSON}],
    ids=str,
)
def test_what_is_forwarded_or_made_by_another_bot_is_not_typed(others):
    assert said(a_message(**others)).is_typed is False


@pytest.mark.parametrize("author", [{}, {"from": {"id": 42, "is_bot": True}}], ids=str)
def test_what_no_person_signs_is_nobodys(author):
    message = a_message()
    del message["from"]
    assert said(message | author).user_id is None
    assert pressed(a_press(**author or {"from": {"id": 1, "is_bot": True}})).user_id is None


@pytest.mark.parametrize(
    "message",
    [
        a_message(text=None),
        a_message(date=-1),
        a_message(date=10**30),
        a_message(date="now"),
        a_message(text=["KILL"]),
        a_message(chat=None),
        a_message(chat={"id": "-100"}),
        a_message(**{"from": {"id": True}}),
        [],
        "KILL",
    ],
    ids=str,
)
def test_a_message_that_is_none_asks_nothing(message):
    assert said(message) == Nothing(update=1)


@pytest.mark.parametrize(
    "press",
    [a_press(data=None), a_press(message=None), a_press(id=5), a_press(**{"from": None}), {}],
    ids=str,
)
def test_a_press_that_is_none_asks_nothing(press):
    assert pressed(press) == Nothing(update=1)


@pytest.mark.parametrize("number", [None, "1", -1, 2**63, 1.0, True], ids=repr)
def test_an_update_without_a_number_is_not_read(number):
    assert read_update({"update_id": number, "message": a_message()}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "from", "chat", "date", "text", "message", "message_id", "data"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["message", "callback_query", "x"]), JSON), JSON)
def test_whatever_comes_is_read_or_nothing(content, number):
    found = read_update({"update_id": 5} | content)
    assert found.update == 5
    assert read_update({"update_id": number} | content) is None or type(number) is int
