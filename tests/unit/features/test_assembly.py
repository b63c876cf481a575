"""A panel's context from raw rows, each where it was known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import SectorAssignment, Symbol
from alpha_oracle.features.assembly import build_context
from tests.fakes.insiders import filing_columns
from tests.fakes.short_interest import position_columns
from tests.unit.features.reference_rows import (
    a_filing,
    a_frame,
    a_position,
    a_trade,
    day,
    facts,
    sessions_of,
    split,
)

SESSIONS = sessions_of("2015-03-02", "2015-03-31")
SYMBOLS = tuple(map(Symbol, ("ACME", "BETA")))


def context(**families):
    nothing = {
        "facts": None,
        "filings": filing_columns(()),
        "covered": {},
        "positions": position_columns(()),
        "vix": (),
        "spy": None,
        "sectors": (),
        "actions": (),
    }
    return build_context(
        sessions=SESSIONS,
        symbols=SYMBOLS,
        first_bar=np.zeros(2, dtype=np.int64),
        **{**nothing, **families},
    )


def a_level(session, close, *, later_hours=0):
    known_at = calendar.session_close(day(session)) + timedelta(hours=later_hours)
    return IndexLevel(
        series=VIX,
        session=day(session),
        open=close,
        high=close,
        low=close,
        close=close,
        known_at=known_at,
    )


def an_assignment(symbol, sector, start=None, end=None):
    return SectorAssignment(
        symbol=Symbol(symbol),
        sector=sector,
        start=day(start) if start else None,
        end=day(end) if end else None,
    )


def test_families_without_rows_are_none():
    empty = context()
    assert empty.reports is None
    assert empty.short_interest is None
    assert empty.insiders is None
    assert empty.vix is None
    assert empty.spy is None
    assert empty.sector is None
    assert empty.sector_names == ()


def test_each_family_stands_where_its_rows_were_known():
    spy = np.arange(22.0)
    full = context(
        facts=facts("revenue 2014-01-01 2014-12-31 400 2015-03-04T21:30"),
        filings=filing_columns([a_filing("2015-03-05T21:30", a_trade(), symbol="BETA")]),
        covered={Symbol("BETA"): day("2015-01-02")},
        positions=position_columns([a_position("2015-02-13", 5, known_at="2015-03-06T14:30")]),
        spy=spy,
    )
    assert full.reports.row.tolist() == [2]
    assert full.insiders.row.tolist() == [3]
    assert full.insiders.offsets.tolist() == [0, 0, 1]
    assert full.insiders.covered_from.tolist() == [22, 0]
    assert full.short_interest.row.tolist() == [4]
    assert full.spy is spy


def test_vix_is_the_close_of_each_session_and_nan_where_there_is_none():
    """A closed day is left aside; of two revisions the one known last counts."""
    revised = a_level("2015-03-03", 14.5, later_hours=20)
    levels = [revised, a_level("2015-03-02", 13.0), a_level("2015-03-03", 14.0)]
    levels += [a_level("2015-03-05", 15.0), a_level("2015-04-02", 99.0)]
    vix = context(vix=levels).vix
    np.testing.assert_array_equal(vix[:5], [13.0, 14.5, np.nan, 15.0, np.nan])
    assert np.isnan(vix[4:]).all()


def test_the_sector_that_began_last_holds():
    told = [
        an_assignment("ACME", "Energy", "2015-03-04", "2015-03-06"),
        an_assignment("ACME", "Utilities"),
        an_assignment("BETA", "Energy", "2015-03-05"),
        an_assignment("OTHER", "Aerospace"),
    ]
    full = context(sectors=told)
    assert full.sector_names == ("Energy", "Utilities")
    assert full.sector[:6, 0].tolist() == [1, 1, 0, 0, 1, 1]
    assert full.sector[:5, 1].tolist() == [-1, -1, -1, 0, 0]
    np.testing.assert_array_equal(context(sectors=told[::-1]).sector, full.sector)


SHARES_OF_FIRST_BAR = {
    "before any split": ("2015-01-15", 1.0),
    "between the two": ("2015-06-15", 0.5),
    "after both": ("2015-12-15", 0.05),
}


@pytest.mark.parametrize(
    ("counted_on", "factor"), SHARES_OF_FIRST_BAR.values(), ids=SHARES_OF_FIRST_BAR
)
def test_a_share_is_that_part_of_one_of_the_first_bar(counted_on, factor):
    """Two for one in March, ten for one in September; another symbol's split is its own."""
    actions = [split("2015-09-01", 10), split("2015-03-02", 2), split("2015-03-02", 3, symbol="B")]
    frame = a_frame(actions=actions, symbols=("ACME", "B"))
    counted = np.array([np.datetime64(counted_on).astype(int)])
    assert frame.in_first_bars(np.array([0]), counted).tolist() == [factor]


def test_a_symbol_without_any_bar_needs_none():
    frame = a_frame(symbols=("ACME", "BETA"), first_bar=[504, -1])
    assert frame.first_day.tolist() == [frame.days[-1]] * 2
