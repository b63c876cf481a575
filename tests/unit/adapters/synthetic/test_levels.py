from datetime import date, timedelta

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.factors import draw_factors
from alpha_oracle.adapters.synthetic.levels import SyntheticLevels, fear_levels
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.domain.levels import VIX
from alpha_oracle.errors import ConfigurationError
from tests.fakes.clock import FixedClock
from tests.unit.adapters.synthetic.reference import NOW, SETTINGS, START, a_source

SESSIONS = 2_520


@pytest.fixture(scope="module")
def levels():
    return a_source(SyntheticLevels).fetch(VIX, start=START, end=NOW.date()).levels


@pytest.fixture(scope="module")
def closes():
    """Ten years of VIX under each of twelve seeds."""
    return np.array([fear_levels(seed, draw_factors(seed, SESSIONS)).close for seed in range(12)])


def test_every_session_has_a_level_known_from_its_close(levels):
    sessions = calendar.sessions_between(START, NOW.date())
    assert tuple(level.session for level in levels) == sessions
    assert all(level.known_at == calendar.session_close(level.session) for level in levels[::50])
    assert {level.series for level in levels} == {VIX}


def test_a_range_is_a_part_of_the_whole(levels):
    source = a_source(SyntheticLevels)
    start, end = date(2018, 2, 1), date(2018, 11, 23)
    part = source.fetch(VIX, start=start, end=end).levels
    assert part == tuple(level for level in levels if start <= level.session <= end)
    assert source.fetch(VIX, start=date(2013, 1, 2), end=date(2014, 12, 31)).levels == ()


def test_a_session_has_no_level_before_it_is_over():
    clock = FixedClock(calendar.session_close(date(2018, 11, 23)))
    source = SyntheticLevels(SETTINGS, clock=clock)
    sessions = {"start": date(2018, 11, 1), "end": date(2019, 1, 31)}
    assert source.fetch(VIX, **sessions).levels[-1].session == date(2018, 11, 21)
    clock.advance(minutes=5)
    assert source.fetch(VIX, **sessions).levels[-1].session == date(2018, 11, 23)


def test_a_series_it_does_not_have_is_refused():
    with pytest.raises(ConfigurationError, match="has no series 'VXN'"):
        a_source(SyntheticLevels).fetch("VXN", start=START, end=NOW.date())


def test_levels_are_consistent_and_within_nine_and_eighty(levels):
    for level in levels:
        assert 9.0 <= level.low <= min(level.open, level.close)
        assert max(level.open, level.close) <= level.high <= 80.0


def test_fear_comes_back_to_eighteen(closes):
    assert 15.5 < np.exp(np.log(closes).mean()) < 20.5
    assert (closes.max(axis=1) > 25.0).all()
    assert (closes.min(axis=1) < 14.0).all()
    logs = np.log(closes)
    assert 0.9 < np.mean([np.corrcoef(own[1:], own[:-1])[0, 1] for own in logs]) < 0.995


def test_fear_rises_when_the_market_falls(levels):
    start, end = levels[0].session, levels[-1].session
    spy = SyntheticBarSource(SETTINGS).fetch(["SPY"], start=start, end=end).bars.close
    returns = np.diff(np.log(spy))
    changes = np.diff(np.log([level.close for level in levels]))
    assert np.corrcoef(returns, changes)[0, 1] < -0.4
    worst = returns < np.quantile(returns, 0.02)
    assert np.median(changes[worst]) > 0.1


def test_tomorrow_says_nothing_to_today(levels):
    now = calendar.session_close(levels[300].session) + timedelta(minutes=5)
    cut = a_source(SyntheticLevels, now=now).fetch(VIX, start=START, end=NOW.date()).levels
    assert cut == levels[:301]


def test_the_levels_of_a_seed_are_the_same_on_every_machine_and_version(levels):
    assert [levels[place].close for place in (0, 500, -1)] == [21.44, 21.55, 16.7]
