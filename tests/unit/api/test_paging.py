"""Cursors that come back as they went out, and all else refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.trading_pages import Cursor, Page
from alpha_oracle.entrypoints.api.doorkeeper import host_name
from alpha_oracle.entrypoints.api.paging import decoded, encoded, page_document, traded_cursor
from alpha_oracle.entrypoints.api.problems import Problem

TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=4)


@given(TEXTS)
def test_a_cursor_comes_back_as_it_went_out(texts):
    assert decoded(encoded(texts), count=len(texts)) == texts


@given(st.text(max_size=60).filter(lambda text: text))
def test_a_text_of_somebody_elses_is_refused(text):
    with pytest.raises(Problem, match=r"give `next`"):
        traded_cursor(text)


@pytest.mark.parametrize("parts", [["2016-06-01", "x"], ["x"], ["2016-06-01T00:00:00", "x"], []])
def test_a_cursor_of_other_parts_is_refused(parts):
    with pytest.raises(Problem):
        traded_cursor(encoded(parts))


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
