"""What every source of index levels must do, whoever it asks."""

from datetime import timedelta

import pytest

from alpha_oracle.calendar import decision_instant, session_close
from alpha_oracle.domain.levels import VIX
from alpha_oracle.errors import ConfigurationError
from tests.contracts.level_sources import END, MAKERS, SESSIONS, START
from tests.fakes.clock import FixedClock

EVENING = session_close(END) + timedelta(hours=1)


@pytest.fixture(params=MAKERS)
def maker(request):
    return request.param


@pytest.fixture
def source(maker):
    with MAKERS[maker](FixedClock(EVENING)) as made:
        yield made


def sessions_of(received):
    return [level.session for level in received.levels]


def test_it_has_a_name(source, maker):
    assert source.name == maker


def test_every_session_of_the_range_comes_once_in_order_with_both_ends(source):
    assert sessions_of(source.fetch(VIX, start=START, end=END)) == list(SESSIONS)
    some = source.fetch(VIX, start=SESSIONS[3], end=SESSIONS[7])
    assert sessions_of(some) == list(SESSIONS[3:8])
    assert {level.series for level in some.levels} == {VIX}


def test_it_says_the_same_when_asked_again(source):
    once, again = (source.fetch(VIX, start=START, end=END) for _ in range(2))
    assert once == again


def test_a_level_is_known_after_the_close_and_when_signals_are_decided(source):
    for level in source.fetch(VIX, start=START, end=END).levels:
        assert session_close(level.session) <= level.known_at
        assert level.known_at <= decision_instant(level.session)


def test_a_session_under_way_has_no_level(maker):
    noon = FixedClock(session_close(END) - timedelta(hours=4))
    with MAKERS[maker](noon) as source:
        received = source.fetch(VIX, start=SESSIONS[-2], end=END)
        assert source.fetch(VIX, start=END, end=END).levels == ()
    assert sessions_of(received) == [SESSIONS[-2]]
    assert received.refused == ()


def test_a_range_without_a_session_has_no_levels(source):
    saturday = END + timedelta(days=1)
    assert source.fetch(VIX, start=saturday, end=saturday).levels == ()


def test_a_series_it_does_not_have_is_an_error_of_the_settings(source):
    with pytest.raises(ConfigurationError, match="DJX"):
        source.fetch("DJX", start=START, end=END)
