"""Statements as known on every session, against the definition written out in plain Python."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from alpha_oracle.features.joining.statements import known_statements
from tests.unit.features.reference_rows import a_frame, facts_of_rows

FLOWS = ("revenue", "net_income", "operating_cash_flow")
ITEMS = (*FLOWS, "equity")
QUARTER = timedelta(days=91)


def a_companys_facts(seed):
    """Rows of a company that files late, leaves things out, and revises what it filed."""
    random = np.random.default_rng(seed)
    style = ("quarters", "year to date", "both")[seed % 3]
    rows = []
    end = date(2011, 3, 26) + timedelta(days=int(random.integers(0, 90)))
    start_of_year = start_of_quarter = end - QUARTER + timedelta(days=1)
    quarter = 1
    while end < date(2015, 1, 1):
        known_at = datetime.combine(end, datetime.min.time()) + timedelta(
            days=int(random.integers(15, 120)), hours=int(random.integers(0, 24))
        )
        spans = {start_of_quarter} if style != "year to date" else set()
        spans |= {start_of_year} if style != "quarters" or quarter == 4 else set()
        facts = [(item, start) for item in FLOWS for start in sorted(spans)] + [("equity", None)]
        for item, start in facts:
            if random.random() < 0.05:
                continue
            value = float(random.integers(1, 1000))
            rows.append((item, start, end, value, known_at))
            if random.random() < 0.2:
                later = known_at + timedelta(days=int(random.integers(0, 500)))
                rows.append((item, start, end, value + 0.5, later))
        start_of_quarter = end + timedelta(days=1)
        start_of_year = start_of_quarter if quarter == 4 else start_of_year
        quarter = quarter % 4 + 1
        # Some fiscal years have 53 weeks, the last quarter 14.
        end += QUARTER + timedelta(days=7 * int(quarter == 4 and random.random() < 0.3))
    return rows


def as_facts(rows):
    return facts_of_rows(
        ("ACME", item, start and start.isoformat(), end.isoformat(), value, known_at.isoformat())
        for item, start, end, value, known_at in rows
    )


def newest_of(rows):
    """The value of each item and period told last."""
    book = {}
    for item, start, end, value, _ in sorted(rows, key=lambda row: row[4]):
        book[item, start, end] = value
    return book


def days(start, end):
    return (end - start).days + 1


def is_a_year_before(earlier, later):
    return 350 <= (later - earlier).days <= 380


def near(one, other):
    return abs((one - other).days) <= 7


def year_through(book, item, end):
    periods = {key[1:]: value for key, value in book.items() if key[0] == item}
    for (start, stop), value in periods.items():
        if stop == end and 350 <= days(start, stop) <= 380:
            return value
    for (start, stop), annual in sorted(periods.items(), key=lambda pair: pair[0][1], reverse=True):
        if stop < end and 350 <= days(start, stop) <= 380:
            since = [
                v for (s, e), v in periods.items() if e == end and near(s, stop + timedelta(1))
            ]
            before = [
                v for (s, e), v in periods.items() if near(s, start) and is_a_year_before(e, end)
            ]
            if since and before:
                return annual + since[0] - before[0]
    total, stop, first = 0.0, end, end
    for _ in range(4):
        quarters = [
            (s, value)
            for (s, e), value in periods.items()
            if (e == stop if stop == end else near(e, stop)) and 75 <= days(s, e) <= 125
        ]
        if not quarters:
            return np.nan
        first = quarters[0][0]
        total += quarters[0][1]
        stop = first - timedelta(1)
    return total if 350 <= days(first, end) <= 380 else np.nan


def state(rows, today):
    """Every figure on a session, from the rows known by its decision."""
    book = newest_of(rows)
    ends = [e for (item, s, e) in book if item in FLOWS[:2] and 75 <= days(s, e) <= 380]
    unknown = dict.fromkeys(("revenue", "net", "cash", "equity", "prior", "equity_prior"), np.nan)
    if not ends or (today - max(ends)).days > 456:
        return unknown
    end = max(ends)
    before = None
    for item in ("net_income", "revenue"):
        candidates = [e for (name, _, e) in book if name == item and is_a_year_before(e, end)]
        if candidates and before is None:
            before = min(candidates, key=lambda e: (abs((end - e).days - 365), -e.toordinal()))
    return {
        "revenue": year_through(book, "revenue", end),
        "net": year_through(book, "net_income", end),
        "cash": year_through(book, "operating_cash_flow", end),
        "equity": book.get(("equity", None, end), np.nan),
        "prior": year_through(book, "revenue", before) if before else np.nan,
        "equity_prior": book.get(("equity", None, before), np.nan),
    }


FIELD = {
    "revenue": "revenue_ttm",
    "net": "net_income_ttm",
    "cash": "operating_cash_flow_ttm",
    "equity": "equity",
    "prior": "revenue_ttm_prior",
    "equity_prior": "equity_prior",
}


def on_every_session(known, frame):
    """Each entry carried forward to the next."""
    out = {name: np.full(frame.sessions, np.nan) for name in FIELD}
    for name, field in FIELD.items():
        for row, value in zip(known.row, known.values[field], strict=True):
            out[name][row:] = value
    return out


@pytest.mark.parametrize("seed", range(12))
def test_statements_are_those_of_the_definition_on_every_session(seed):
    rows = a_companys_facts(seed)
    frame = a_frame("2011-06-01", "2016-06-30")
    actual = on_every_session(known_statements(as_facts(rows), frame), frame)
    decided = frame.decisions.astype("datetime64[us]").tolist()
    known, expected = -1, None
    for row, decision in enumerate(decided):
        by_now = [fact for fact in rows if fact[4] <= decision]
        today = date.fromordinal(int(frame.days[row]) + date(1970, 1, 1).toordinal())
        if len(by_now) != known or row % 10 == 0:
            known, expected = len(by_now), state(by_now, today)
            for name, value in expected.items():
                np.testing.assert_equal(actual[name][row], value, err_msg=f"{name} on {today}")


@pytest.mark.parametrize("seed", range(4))
def test_what_becomes_known_later_changes_nothing_before(seed):
    rows = a_companys_facts(seed)
    frame = a_frame("2011-06-01", "2016-06-30")
    whole = on_every_session(known_statements(as_facts(rows), frame), frame)
    for row in range(150, frame.sessions, 90):
        decision = np.datetime64(int(frame.decisions[row]), "us").item()
        cut = known_statements(as_facts([fact for fact in rows if fact[4] <= decision]), frame)
        part = on_every_session(cut, frame)
        for name, values in part.items():
            np.testing.assert_array_equal(values[: row + 1], whole[name][: row + 1])
