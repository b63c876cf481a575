"""Short interest as it was known, against reports worked by hand and against pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.features.formula import SHORT_FIELDS
from alpha_oracle.features.joining.short_reports import known_short_interest
from tests.fakes.short_interest import position_columns
from tests.unit.features.reference_rows import a_frame, a_position, entries_of, split


def reports(*positions, end="2016-12-30", **laid_out):
    frame = a_frame(end=end, **laid_out)
    known = known_short_interest(position_columns(positions), frame)
    if known is None:
        return []
    return [(day, *map(float, values.values())) for day, values in entries_of(known, frame)]


def assert_told(actual, expected):
    assert [row[0] for row in actual] == [row[0] for row in expected]
    np.testing.assert_allclose([row[1:] for row in actual], [row[1:] for row in expected])


MARCH = a_position("2015-03-13", 100, known_at="2015-03-25T13:30", volume=50.0)
END_OF_MARCH = a_position("2015-03-31", 120, known_at="2015-04-13T13:30", volume=40.0)
APRIL = a_position("2015-04-15", 90, known_at="2015-04-27T13:30")


def test_reports_hold_from_the_session_they_are_known_until_the_next():
    """The average volume of the third was not given."""
    unknown = (np.nan, np.nan)
    assert_told(
        reports(APRIL, MARCH, END_OF_MARCH, end="2015-05-29"),
        [
            ("2015-03-25", 100.0, np.nan, *unknown, 50.0),
            ("2015-04-13", 120.0, 100.0, *unknown, 40.0),
            ("2015-04-27", 90.0, 120.0, *unknown, np.nan),
        ],
    )


def test_nothing_is_known_62_days_after_a_settlement_without_a_newer_report():
    """2015-04-15 and 61 days are 2015-06-15, a Monday."""
    told = reports(APRIL)
    assert [entry[0] for entry in told] == ["2015-04-27", "2015-06-16"]
    assert np.isnan(told[1][1:]).all()


def test_the_report_before_is_unknown_where_one_between_is_missing():
    assert np.isnan(reports(MARCH, APRIL)[1][2])


def test_a_revision_counts_from_when_it_was_known():
    revised = a_position("2015-03-13", 110, known_at="2015-04-01T20:00")
    assert [entry[:2] for entry in reports(MARCH, revised, end="2015-05-01")] == [
        ("2015-03-25", 100.0),
        ("2015-04-01", 110.0),
    ]


def test_a_revised_earlier_report_moves_no_newer_one():
    late = a_position("2015-03-13", 110, known_at="2015-04-20T20:00")
    told = reports(MARCH, END_OF_MARCH, late, end="2015-05-01")
    assert [entry[:3] for entry in told[1:]] == [
        ("2015-04-13", 120.0, 100.0),
        ("2015-04-20", 120.0, 110.0),
    ]


def test_shares_and_volume_are_those_of_the_first_bar():
    after = a_position("2015-03-31", 240, known_at="2015-04-13T13:30", volume=80.0)
    told = reports(MARCH, after, end="2015-05-01", actions=[split("2015-03-31", 2)])
    assert (told[1][1], told[1][2], told[1][5]) == (120.0, 100.0, 40.0)


def test_symbols_do_not_mix_and_others_are_left_aside():
    frame = a_frame(symbols=("ACME", "BETA", "ZETA"), end="2015-04-01")
    told = [
        a_position("2015-03-13", shares, known_at="2015-03-25T13:30", symbol=symbol)
        for symbol, shares in (("ZETA", 1), ("OTHER", 2), ("ACME", 3))
    ]
    known = known_short_interest(position_columns(told), frame)
    assert known.offsets.tolist() == [0, 1, 1, 2]
    assert [entries_of(known, frame, column=at)[0][1]["short_shares"] for at in (0, 2)] == [3, 1]


def test_without_reports_there_is_no_short_interest():
    assert known_short_interest(position_columns([]), a_frame()) is None
    assert reports(a_position("2014-03-13", 100, known_at="2014-03-25T13:30")) == []


def a_history(seed, *, count=60):
    random = np.random.default_rng(seed)
    settlements = [date(2012, 1, 13) + timedelta(days=int(15.2 * n)) for n in range(count)]
    told = []
    for settlement in settlements:
        known_at = datetime.combine(settlement, time(14), UTC) + timedelta(days=12)
        shares = float(random.integers(1000, 2000))
        told.append((settlement, known_at, shares, float(random.integers(100, 200))))
        if random.random() < 0.2:
            known_at += timedelta(days=int(random.integers(1, 90)))
            told.append((settlement, known_at, shares + 7.0, 150.0))
    return told


def positions_of(told):
    return position_columns(
        a_position(
            settled.isoformat(),
            shares,
            known_at=known_at.replace(tzinfo=None).isoformat(),
            volume=volume,
        )
        for settled, known_at, shares, volume in told
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_year_of_reports_is_that_of_pandas(seed):
    told = a_history(seed)
    frame = a_frame("2012-01-03", "2014-12-31")
    entries = entries_of(known_short_interest(positions_of(told), frame), frame)
    table = pd.DataFrame(told, columns=["settled", "known_at", "shares", "volume"])
    for day, values in entries:
        if np.isnan(values["short_shares"]):
            continue
        decision = frame.decisions[np.searchsorted(frame.days, np.datetime64(day).astype(int))]
        known = table[table["known_at"] <= pd.Timestamp(int(decision), unit="us", tz=UTC)]
        newest = known.sort_values("known_at").groupby("settled")["shares"].last()
        year = newest.rolling(24)
        expected = [
            newest.iloc[-1],
            newest.shift(1).iloc[-1],
            year.mean().iloc[-1],
            year.std().iloc[-1],
        ]
        np.testing.assert_allclose([values[name] for name in SHORT_FIELDS[:4]], expected)


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_reports_nor_what_comes_later_matters(seed):
    told = a_history(seed)
    frame = a_frame("2012-01-03", "2014-12-31")
    whole = on_sessions(told, frame)
    by_2013 = [row for row in told if row[1] < datetime(2013, 1, 1, tzinfo=UTC)]
    sessions = np.searchsorted(frame.days, np.datetime64("2013-01-01").astype(int))
    np.testing.assert_array_equal(on_sessions(told[::-1], frame), whole)
    np.testing.assert_array_equal(on_sessions(by_2013, frame)[:sessions], whole[:sessions])


def on_sessions(told, frame):
    """Every field on every session, each entry carried forward to the next."""
    out = np.full((frame.sessions, len(SHORT_FIELDS)), np.nan)
    for session, values in entries_of(known_short_interest(positions_of(told), frame), frame):
        row = np.searchsorted(frame.days, np.datetime64(session).astype(int))
        out[row:] = list(values.values())
    return out
