"""Cursors that come back as they went out, and all else refused."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from alpha_oracle.domain.trading_pages import Cursor, Page
from alpha_oracle.entrypoints.api.doorkeeper import host_name
from alpha_oracle.entrypoints.api.paging import (
    After,
    day_of,
    instant_cursor,
    page_document,
    traded_cursor,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEYS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=60)
INSTANTS = st.integers(0, 10**16).map(lambda number: EPOCH + timedelta(microseconds=number))
AFTER = TypeAdapter(After)


@given(INSTANTS, KEYS)
def test_a_cursor_comes_back_as_it_went_out(at, key):
    cursor = AFTER.validate_python(instant_cursor(at, key))
    assert traded_cursor(cursor) == Cursor(at, key)


@given(st.from_regex(r"[0-9]{1,17}\.(?:[0-9a-f]{2}){0,256}", fullmatch=True))
def test_whatever_has_the_form_of_a_cursor_is_a_place(cursor):
    assert "\0" not in traded_cursor(AFTER.validate_python(cursor)).key


@given(st.text(max_size=60).filter(lambda text: not re.fullmatch(r"[0-9]+\.[0-9a-f]*", text)))
def test_a_text_of_somebody_elses_is_refused(text):
    with pytest.raises(ValidationError, match="should match pattern"):
        AFTER.validate_python(text)


@pytest.mark.parametrize(
    ("number", "day"),
    [("0", date.min), ("1", date.min), ("9999999", date.max), ("736116", date(2016, 6, 1))],
)
def test_a_day_is_known_by_its_number_and_none_is_beyond_the_calendar(number, day):
    assert day_of(number) == day


def test_a_page_tells_where_the_next_one_begins():
    end = Cursor(datetime(2016, 6, 1, tzinfo=UTC), "key")
    document = page_document(Page(rows=(1, 2), end=end), str)
    assert document["items"] == ["1", "2"]
    assert traded_cursor(document["next"]) == end
    assert page_document(Page(rows=()), str) == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8000", "localhost"),
        ("[::1]:8000", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:x", "127.0.0.1:x"),
        ("", ""),
    ],
)
def test_a_host_is_a_name_without_its_port(header, name):
    assert host_name(header) == name
