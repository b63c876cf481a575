from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle import calendar
from alpha_oracle.domain.margin import MarginDeficit
from alpha_oracle.risk.intraday_margin import (
    after_look,
    due_session,
    freeze_end,
    is_outstanding,
    level_after_purchase,
    margin_level,
    meet,
)

FRIDAY = date(2016, 1, 8)
MONDAY = date(2016, 1, 11)
DUE = date(2016, 1, 15)
AFTER_DUE = date(2016, 1, 19)
FREEZE_END = date(2016, 4, 14)


def a_deficit(usd=2000, *, level=0, **changes):
    ordinary = {
        "session": FRIDAY,
        "usd": Decimal(usd),
        "equity_usd": Decimal(100_000),
        "level_usd": Decimal(level),
    }
    return MarginDeficit(**{**ordinary, **changes})


def met(deficits, level, *, session=DUE):
    return meet(deficits, Decimal(level), session=session)


def test_the_level_is_what_maintenance_leaves():
    assert margin_level(Decimal(20_000), Decimal(5_000)) == 15_000


def test_a_purchase_is_projected_at_the_highest_requirement():
    assert level_after_purchase(Decimal(15_000), Decimal(1_000)) == 14_000


@pytest.mark.parametrize(
    ("levels", "deficit"),
    [
        pytest.param([], None, id="never looked"),
        pytest.param([500, 0], None, id="never negative"),
        pytest.param([500, -700, 300, -200], a_deficit(700, level=-200), id="the largest one"),
        pytest.param([-200, -700], a_deficit(700, level=-700), id="ever larger"),
        pytest.param([-700, 900], a_deficit(700, level=900), id="risen on the same day"),
    ],
)
def test_a_days_deficit_is_its_largest_negative_level_and_remembers_the_last(levels, deficit):
    found = None
    for level in levels:
        found = after_look(found, Decimal(level), session=FRIDAY, equity_usd=Decimal(100_000))

    assert found == deficit


def test_a_larger_deficit_is_of_the_equity_it_was_seen_with():
    first = after_look(None, Decimal(-600), session=FRIDAY, equity_usd=Decimal(10_000))
    larger = after_look(first, Decimal(-700), session=FRIDAY, equity_usd=Decimal(20_000))

    assert not first.is_de_minimis
    assert larger.is_de_minimis


def test_a_deficit_is_above_nothing():
    with pytest.raises(ValueError, match="is none"):
        a_deficit(0)


@pytest.mark.parametrize(
    ("usd", "equity", "trifle"),
    [
        pytest.param(1000, 100_000, True, id="1,000 USD"),
        pytest.param("1000.01", 100_000, False, id="a cent more"),
        pytest.param(500, 10_000, True, id="5 % of equity"),
        pytest.param("500.01", 10_000, False, id="more than 5 % of equity"),
        pytest.param(1, -10, False, id="without any equity"),
    ],
)
def test_de_minimis_is_the_lesser_of_5_percent_and_1000_usd(usd, equity, trifle):
    assert a_deficit(usd, equity_usd=Decimal(equity)).is_de_minimis is trifle


def test_the_clock_runs_over_business_days():
    # Monday, 18 January 2016, is a holiday.
    assert due_session(a_deficit()) == DUE
    assert due_session(a_deficit(session=MONDAY)) == AFTER_DUE


@pytest.mark.parametrize(
    ("session", "stands"),
    [
        (date(2016, 1, 7), False),
        (FRIDAY, True),
        (date(2016, 2, 1), True),
        (date(2016, 2, 2), False),
    ],
)
def test_a_deficit_stands_until_its_fifteenth_business_day(session, stands):
    assert is_outstanding(a_deficit(), session) is stands


@pytest.mark.parametrize(
    ("deficit", "session", "end"),
    [
        pytest.param(a_deficit(), DUE, None, id="not yet missed"),
        pytest.param(a_deficit(), AFTER_DUE, FREEZE_END, id="missed"),
        pytest.param(a_deficit(), FREEZE_END, FREEZE_END, id="the last frozen day"),
        pytest.param(a_deficit(), date(2016, 4, 15), None, id="90 days later"),
        pytest.param(a_deficit(1000), AFTER_DUE, None, id="a trifle"),
        pytest.param(a_deficit(met_on=DUE), AFTER_DUE, None, id="met in time"),
        pytest.param(a_deficit(met_on=AFTER_DUE), AFTER_DUE, None, id="met late, free again"),
        pytest.param(
            a_deficit(met_on=date(2016, 1, 20)), AFTER_DUE, FREEZE_END, id="met only later"
        ),
    ],
)
def test_a_missed_deficit_freezes_for_90_days_or_until_it_is_met(deficit, session, end):
    assert freeze_end([deficit], session) == end


def test_the_latest_of_several_missed_deficits_ends_the_freeze():
    later = a_deficit(session=MONDAY)

    assert freeze_end([later, a_deficit()], date(2016, 1, 20)) == date(2016, 4, 18)


@pytest.mark.parametrize(
    ("level", "session", "met_on"),
    [
        pytest.param(1500, MONDAY, MONDAY, id="risen by it since its end"),
        pytest.param(1499, MONDAY, None, id="risen by a dollar less"),
        pytest.param(1500, FRIDAY, None, id="on its own day"),
        pytest.param(1500, date(2016, 2, 1), date(2016, 2, 1), id="on its last day"),
        pytest.param(1500, date(2016, 2, 2), None, id="when it stands no more"),
    ],
)
def test_a_deficit_is_met_by_a_rise_since_the_end_of_its_session(level, session, met_on):
    (found,) = met([a_deficit(level=-500)], level, session=session)

    assert found.met_on == met_on


def test_a_rise_meets_the_oldest_deficit_first():
    older, newer = a_deficit(), a_deficit(1000, session=MONDAY)

    assert met([newer, older], 2999) == (a_deficit(met_on=DUE), newer)
    assert [one.met_on for one in met([newer, older], 3000)] == [DUE, DUE]


def test_while_an_older_deficit_stands_a_newer_one_has_to_wait_for_it():
    older, newer = a_deficit(), a_deficit(1000, session=MONDAY)

    assert met([older, newer], 1500) == (older, newer)


def test_a_rise_that_met_a_deficit_meets_no_newer_one_again():
    older, newer = a_deficit(met_on=date(2016, 1, 12)), a_deficit(1000, session=MONDAY)

    assert met([older, newer], 2500)[1].met_on is None
    assert met([older, newer], 3000)[1].met_on == DUE


def test_a_rise_before_a_deficit_takes_nothing_of_what_meets_it():
    older, newer = a_deficit(met_on=MONDAY), a_deficit(1000, session=MONDAY)

    assert met([older, newer], 1000)[1].met_on == DUE


def test_a_lapsed_deficit_takes_no_rise():
    lapsed = date(2016, 2, 2)
    newer = a_deficit(1000, session=date(2016, 1, 29))

    first, second = met([a_deficit(), newer], 1000, session=lapsed)

    assert (first.met_on, second.met_on) == (None, lapsed)


SESSIONS = calendar.sessions_between(FRIDAY, date(2016, 2, 29))


@given(st.lists(st.integers(-3000, 3000), min_size=2, max_size=len(SESSIONS)))
def test_no_rise_is_counted_twice(levels):
    # One look a session, at its end.
    deficits = {}
    for session, level in zip(SESSIONS, map(Decimal, levels), strict=False):
        today = after_look(None, level, session=session, equity_usd=Decimal(100_000))
        every = [*deficits.values(), *([] if today is None else [today])]
        deficits = {one.session: one for one in meet(every, level, session=session)}

    ends = dict(zip(SESSIONS, levels, strict=False))
    for one in deficits.values():
        if one.met_on is not None:
            together = [
                other.usd
                for other in deficits.values()
                if other.met_on is not None
                and other.session <= one.session < other.met_on
                and other.met_on <= one.met_on
            ]
            assert sum(together) <= ends[one.met_on] - ends[one.session]
