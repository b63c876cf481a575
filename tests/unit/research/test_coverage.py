from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Membership, Symbol
from alpha_oracle.research.coverage import IndexCoverage, index_coverage
from tests.builders import sessions_from

DAYS = sessions_from(count=4)


def stay(symbol, start=0, end=None):
    """A stay in the index from one of the days to before another (None: still a member)."""
    return Membership(
        symbol=Symbol(symbol), start=DAYS[start], end=None if end is None else DAYS[end]
    )


def coverage(memberships, bars, *, days=DAYS):
    """The coverage of bars written as `{symbol: "x.xx"}`, an x a bar."""
    rows = [[mark == "x" for mark in bars[symbol]] for symbol in bars]
    return index_coverage(
        memberships,
        sessions=np.array(days, dtype="datetime64[D]"),
        symbols=tuple(map(Symbol, bars)),
        has_bar=np.array(rows, np.bool_).reshape(len(bars), len(days)).T,
    )


def test_members_with_a_bar_are_counted_session_by_session():
    # Of A and B: 2, 1, 1, 2 of 2.
    found = coverage([stay("A"), stay("B")], {"A": "xx.x", "B": "x.xx"})
    assert found == IndexCoverage(mean_pct=75.0, worst_pct=50.0, worst_session=DAYS[1])


def test_a_member_that_no_bar_was_ever_stored_of_is_missed():
    found = coverage([stay("A"), stay("GONE", end=2)], {"A": "xxxx"})
    assert found == IndexCoverage(mean_pct=75.0, worst_pct=50.0, worst_session=DAYS[0])


def test_a_bar_of_what_is_no_member_counts_for_nothing():
    found = coverage([stay("B", start=1)], {"A": "xxxx", "B": "xx.x"})
    # The first session has no member and does not count: 1, 0, 1 of 1.
    assert found.mean_pct == pytest.approx(200 / 3)
    assert (found.worst_pct, found.worst_session) == (0.0, DAYS[2])


def test_two_stays_of_a_member_count_it_once_where_they_overlap():
    found = coverage([stay("A", end=3), stay("A", start=1), stay("B")], {"A": "xxxx"})
    assert (found.mean_pct, found.worst_pct) == (50.0, 50.0)


@pytest.mark.parametrize(
    "memberships",
    [
        pytest.param([], id="none on record"),
        pytest.param(
            [Membership(symbol=Symbol("A"), start=DAYS[-1] + timedelta(days=9), end=None)],
            id="later ones",
        ),
        pytest.param(
            [Membership(symbol=Symbol("A"), start=date(1999, 1, 4), end=DAYS[0])],
            id="one that ended",
        ),
    ],
)
def test_without_members_nothing_can_be_said(memberships):
    assert coverage(memberships, {"A": "xxxx"}) is None


def test_a_market_without_sessions_has_no_coverage():
    assert coverage([stay("A")], {"A": ""}, days=[]) is None


stays = st.builds(
    lambda symbol, start, length: stay(
        symbol, start, start + length if start + length < len(DAYS) else None
    ),
    st.sampled_from("ABCD"),
    st.integers(0, 3),
    st.integers(1, 4),
)


@given(
    st.lists(stays, max_size=8),
    st.dictionaries(st.sampled_from("ABCXY"), st.text("x.", min_size=4, max_size=4), min_size=1),
)
def test_coverage_is_what_counting_one_by_one_gives(memberships, bars):
    shares = {}
    for place, day in enumerate(DAYS):
        members = {one.symbol for one in memberships if one.covers(day)}
        if members:
            there = [symbol for symbol in members if bars.get(symbol, "....")[place] == "x"]
            shares[day] = 100 * len(there) / len(members)
    found = coverage(memberships, bars)
    if not shares:
        assert found is None
        return
    worst = min(shares, key=lambda day: (shares[day], day))
    assert found.mean_pct == pytest.approx(sum(shares.values()) / len(shares))
    assert (found.worst_pct, found.worst_session) == (pytest.approx(shares[worst]), worst)
