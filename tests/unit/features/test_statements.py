"""Statements as they were known: a company's reports worked by hand, then everything at once."""

from __future__ import annotations

import numpy as np
import pytest

from alpha_oracle.features.joining.statements import known_statements
from tests.unit.features.reference_rows import (
    a_frame,
    entries_of,
    fact_rows,
    facts,
    facts_of_rows,
    split,
)

# Fiscal years are calendar years. The half-year is amended, and shares are split 2:1 in between.
SIX_REPORTS = """
revenue             2013-01-01 2013-12-31 350   2015-02-20T21:30
revenue             2014-01-01 2014-12-31 400   2015-02-20T21:30
net_income          2013-01-01 2013-12-31 30    2015-02-20T21:30
net_income          2014-01-01 2014-12-31 40    2015-02-20T21:30
total_assets        -          2013-12-31 900   2015-02-20T21:30
total_assets        -          2014-12-31 1000  2015-02-20T21:30
equity              -          2014-12-31 500   2015-02-20T21:30
shares_outstanding  -          2015-02-10 10    2015-02-20T21:30
revenue             2014-01-01 2014-03-31 90    2015-05-05T20:30
revenue             2015-01-01 2015-03-31 100   2015-05-05T20:30
net_income          2014-01-01 2014-03-31 8     2015-05-05T20:30
net_income          2015-01-01 2015-03-31 11    2015-05-05T20:30
total_assets        -          2015-03-31 1010  2015-05-05T20:30
shares_outstanding  -          2015-04-28 10.5  2015-05-05T20:30
revenue             2014-01-01 2014-06-30 190   2015-08-05T22:00
revenue             2014-04-01 2014-06-30 100   2015-08-05T22:00
revenue             2015-01-01 2015-06-30 210   2015-08-05T22:00
revenue             2015-04-01 2015-06-30 110   2015-08-05T22:00
net_income          2014-01-01 2014-06-30 18    2015-08-05T22:00
net_income          2015-01-01 2015-06-30 22    2015-08-05T22:00
shares_outstanding  -          2015-07-28 22    2015-08-05T22:00
revenue             2015-01-01 2015-06-30 220   2015-08-20T20:30
revenue             2014-01-01 2014-09-30 290   2015-11-05T21:30
revenue             2015-01-01 2015-09-30 330   2015-11-05T21:30
net_income          2014-01-01 2014-09-30 28    2015-11-05T21:30
net_income          2015-01-01 2015-09-30 33    2015-11-05T21:30
shares_outstanding  -          2015-10-28 24    2015-11-05T21:30
revenue             2015-01-01 2015-12-31 460   2016-02-19T21:30
net_income          2015-01-01 2015-12-31 46    2016-02-19T21:30
total_assets        -          2015-12-31 1100  2016-02-19T21:30
equity              -          2015-12-31 560   2016-02-19T21:30
shares_outstanding  -          2016-02-09 24    2016-02-19T21:30
"""


def states(table, *, end="2016-12-30", **frame):
    laid_out = a_frame(end=end, **frame)
    known = known_statements(facts(table), laid_out)
    return [] if known is None else entries_of(known, laid_out)


def told(entries, *names):
    return [(day, *(values[name] for name in names)) for day, values in entries]


def assert_told(entries, names, expected):
    actual = told(entries, *names)
    assert [row[0] for row in actual] == [row[0] for row in expected]
    np.testing.assert_allclose([row[1:] for row in actual], [row[1:] for row in expected])


def test_a_years_sum_follows_six_reports_as_they_become_known():
    """Worked by hand: 400 + 100 - 90, 400 + 210 - 190, amended to 400 + 220 - 190, and so on.

    The third report comes at 18:00 New York and counts from the next session.
    """
    assert_told(
        states(SIX_REPORTS),
        ("revenue_ttm", "revenue_ttm_prior", "net_income_ttm", "total_assets"),
        [
            ("2015-02-20", 400.0, 350.0, 40.0, 1000.0),
            ("2015-05-05", 410.0, np.nan, 43.0, 1010.0),
            ("2015-08-06", 420.0, np.nan, 44.0, np.nan),
            ("2015-08-20", 430.0, np.nan, 44.0, np.nan),
            ("2015-11-05", 440.0, np.nan, 45.0, np.nan),
            ("2016-02-19", 460.0, 400.0, 46.0, 1100.0),
        ],
    )


def test_shares_are_those_of_the_first_bar_whenever_they_were_counted():
    """Ten and a half before a 2:1 split are as many as 21 after it; a year before is found too."""
    entries = states(SIX_REPORTS, actions=[split("2015-06-15", 2)])
    assert_told(
        entries,
        ("shares", "shares_prior"),
        [
            ("2015-02-20", 10.0, np.nan),
            ("2015-05-05", 10.5, np.nan),
            ("2015-08-06", 11.0, np.nan),
            ("2015-08-20", 11.0, np.nan),
            ("2015-11-05", 12.0, np.nan),
            ("2016-02-19", 12.0, 10.0),
        ],
    )


def test_a_balance_of_a_year_before_is_that_of_the_same_day():
    entries = states(SIX_REPORTS)
    prior = [values["total_assets_prior"] for _, values in entries]
    np.testing.assert_array_equal(prior, [900.0, np.nan, np.nan, np.nan, np.nan, 1000.0])


INSTANTS = {
    "winter, at the decision": ("2015-02-20T22:00:00", "2015-02-20"),
    "winter, a second later": ("2015-02-20T22:00:01", "2015-02-23"),
    "summer, at the decision": ("2015-05-05T21:00:00", "2015-05-05"),
    "summer, a second later": ("2015-05-05T21:00:01", "2015-05-06"),
    "on a Saturday": ("2015-05-09T12:00:00", "2015-05-11"),
    "before the first session": ("2014-12-24T12:00:00", "2015-01-02"),
}


@pytest.mark.parametrize(("known_at", "session"), INSTANTS.values(), ids=INSTANTS)
def test_a_report_counts_from_the_decision_it_was_known_at(known_at, session):
    (entry, _) = states(f"revenue 2013-10-01 2014-09-30 400 {known_at}")
    assert entry[0] == session


def test_what_becomes_known_after_the_last_session_is_not_known():
    assert states("revenue 2014-01-01 2014-12-31 400 2015-02-20T21:30", end="2015-02-19") == []


QUARTERS = """
net_income 2014-01-01 2014-03-31 1 2015-02-20T21:30
net_income 2014-04-01 2014-06-30 2 2015-02-20T21:30
net_income 2014-07-01 2014-09-30 3 2015-02-20T21:30
net_income 2014-10-01 2014-12-31 4 2015-02-20T21:30
"""


def test_four_quarters_are_a_year():
    assert states(QUARTERS)[0][1]["net_income_ttm"] == 10.0


def test_three_quarters_and_one_missing_are_none():
    lines = QUARTERS.strip().splitlines()
    for missing in (0, 1, 2):
        rest = "\n".join(line for place, line in enumerate(lines) if place != missing)
        assert states(rest) == []


def test_quarters_of_twelve_and_sixteen_weeks_are_a_year():
    """A retailer's fiscal 2014, 52 weeks: 12, 12, 12 and 16 of them."""
    table = """
    net_income 2013-09-02 2013-11-24 1 2015-01-05T12:00
    net_income 2013-11-25 2014-02-16 2 2015-01-05T12:00
    net_income 2014-02-17 2014-05-11 3 2015-01-05T12:00
    net_income 2014-05-12 2014-08-31 4 2015-01-05T12:00
    """
    assert states(table)[0][1]["net_income_ttm"] == 10.0


def test_a_year_of_53_weeks_rolls_forward_against_one_of_52():
    """Apple's fiscal 2012 began on 2011-09-25; its first quarter had 14 weeks, the one before 13.

    In millions: 25,922 + 13,064 - 6,004.
    """
    table = """
    net_income 2010-09-26 2011-09-24 25922 2015-01-05T12:00
    net_income 2010-09-26 2010-12-25 6004  2015-01-05T12:00
    net_income 2011-09-25 2011-12-31 13064 2015-01-05T12:00
    """
    old = states(table, start="2012-01-03", end="2012-12-31")
    assert old == []
    recent = table.replace("2015-01-05", "2012-01-24")
    assert states(recent, start="2012-01-03", end="2012-12-31")[0][1]["net_income_ttm"] == 32982.0


def test_documents_may_name_a_start_some_days_apart():
    """One begins its years on the first of January, the other on the Monday next to it."""
    table = """
    net_income 2014-01-01 2014-12-31 40 2015-02-20T21:30
    net_income 2013-12-30 2014-03-31 8  2015-05-05T20:30
    net_income 2014-12-29 2015-03-31 11 2015-05-05T20:30
    """
    assert states(table)[1][1]["net_income_ttm"] == 43.0
    quarters = QUARTERS.replace("2014-07-01", "2014-07-03").replace("2014-04-01", "2014-03-31")
    assert states(quarters)[0][1]["net_income_ttm"] == 10.0


@pytest.mark.parametrize("start", ["2013-12-30", "2014-01-02"])
def test_of_two_years_that_end_alike_the_one_told_last_counts(start):
    table = f"""
    net_income 2014-01-01 2014-12-31 40 2015-02-20T21:30
    net_income {start} 2014-12-31 41 2015-03-20T20:30
    """
    assert [values["net_income_ttm"] for _, values in states(table, end="2015-12-31")] == [40, 41]


def test_a_late_filing_about_an_earlier_period_moves_no_newer_figure():
    later = SIX_REPORTS + "revenue 2013-01-01 2013-12-31 333 2016-03-01T21:30\n"
    late = SIX_REPORTS + "revenue 2012-01-01 2012-12-31 333 2016-03-01T21:30\n"
    assert len(states(later)) == len(states(late)) == len(states(SIX_REPORTS))


def test_a_revised_year_before_moves_the_figures_that_stand_on_it_alone():
    revised = SIX_REPORTS + "revenue 2014-01-01 2014-12-31 405 2016-03-01T21:30\n"
    day, values = states(revised)[-1]
    assert day == "2016-03-01"
    assert (values["revenue_ttm"], values["revenue_ttm_prior"]) == (460.0, 405.0)


def test_an_item_not_told_for_the_newest_period_is_unknown_rather_than_old():
    table = """
    revenue    2014-01-01 2014-12-31 400 2015-02-20T21:30
    net_income 2014-01-01 2014-12-31 40  2015-02-20T21:30
    cash       -          2014-12-31 5   2015-02-20T21:30
    net_income 2014-01-01 2014-03-31 8   2015-05-05T20:30
    net_income 2015-01-01 2015-03-31 11  2015-05-05T20:30
    """
    assert_told(
        states(table, end="2015-12-31"),
        ("revenue_ttm", "net_income_ttm", "cash"),
        [("2015-02-20", 400.0, 40.0, 5.0), ("2015-05-05", np.nan, 43.0, np.nan)],
    )


def test_figures_are_dropped_456_days_after_their_period_and_come_back_with_a_newer_one():
    """2014-12-31 and 456 days are 2016-03-31: the session after knows nothing."""
    table = """
    revenue 2014-01-01 2014-12-31 400 2015-02-20T21:30
    revenue 2015-01-01 2015-12-31 460 2016-06-01T20:30
    """
    assert_told(
        states(table),
        ("revenue_ttm", "shares"),
        [
            ("2015-02-20", 400.0, np.nan),
            ("2016-04-01", np.nan, np.nan),
            ("2016-06-01", 460.0, np.nan),
        ],
    )


def test_a_report_that_comes_too_late_tells_nothing():
    assert states("revenue 2013-01-01 2013-12-31 400 2015-06-01T20:30") == []


def test_a_document_that_says_nothing_new_changes_nothing():
    again = SIX_REPORTS + SIX_REPORTS.replace("2016-02-19T21:30", "2016-02-25T21:30")
    assert_told(states(again), ("revenue_ttm",), told(states(SIX_REPORTS), "revenue_ttm"))


LINES = """
revenue                   2014-01-01 2014-12-31 400 2015-02-20T21:30
cost_of_revenue           2014-01-01 2014-12-31 150 2015-02-20T21:30
operating_income          2014-01-01 2014-12-31 60  2015-02-20T21:30
depreciation_amortization 2014-01-01 2014-12-31 25  2015-02-20T21:30
operating_cash_flow       2014-01-01 2014-12-31 70  2015-02-20T21:30
capital_expenditure       2014-01-01 2014-12-31 30  2015-02-20T21:30
total_assets              -          2014-12-31 900 2015-02-20T21:30
equity                    -          2014-12-31 350 2015-02-20T21:30
long_term_debt            -          2014-12-31 200 2015-02-20T21:30
"""


def test_lines_a_statement_leaves_out_follow_from_the_others():
    ((_, values), *_) = states(LINES)
    assert values["gross_profit_ttm"] == 400 - 150
    assert values["ebitda_ttm"] == 60 + 25
    assert values["free_cash_flow_ttm"] == 70 - 30
    assert values["total_liabilities"] == 900 - 350
    assert values["total_debt"] == 200
    assert np.isnan(values["interest_expense_ttm"])


def test_lines_a_statement_gives_are_taken_as_given():
    given = """
    gross_profit      2014-01-01 2014-12-31 240 2015-02-20T21:30
    total_liabilities -          2014-12-31 540 2015-02-20T21:30
    short_term_debt   -          2014-12-31 20  2015-02-20T21:30
    """
    ((_, values), *_) = states(LINES + given)
    assert values["gross_profit_ttm"] == 240
    assert values["total_liabilities"] == 540
    assert values["total_debt"] == 220


REVENUE_2013 = "revenue 2013-01-01 2013-12-31 400 2014-02-20T21:30\n"
SEVEN_FOR_ONE = [split("2014-06-09", 7)]

COUNTS = {
    "counted and told before": ("2014-04-11", "861", "2014-04-24T12:00", 861.0),
    "counted before, told after": ("2014-06-06", "861", "2014-06-16T12:00", 861.0),
    "counted after": ("2014-07-11", "5988", "2014-07-23T12:00", 5988 / 7),
    "counted on the day itself": ("2014-06-09", "5988", "2014-06-16T12:00", 5988 / 7),
}


@pytest.mark.parametrize(("counted", "count", "known_at", "expected"), COUNTS.values(), ids=COUNTS)
def test_shares_counted_around_a_split(counted, count, known_at, expected):
    table = REVENUE_2013 + f"shares_outstanding - {counted} {count} {known_at}"
    entries = states(table, start="2014-01-02", end="2014-12-31", actions=SEVEN_FOR_ONE)
    assert entries[-1][1]["shares"] == pytest.approx(expected)


def test_shares_counted_before_a_split_that_precedes_the_first_bar_are_its_shares():
    table = REVENUE_2013 + "shares_outstanding - 2014-04-11 861 2014-04-24T12:00"
    entries = states(table, start="2014-06-10", end="2014-12-31", actions=SEVEN_FOR_ONE)
    assert entries[0][1]["shares"] == 7 * 861


def test_shares_follow_the_symbols_own_first_bar():
    """Listed on 2014-06-10 only, though the panel begins before the split."""
    table = REVENUE_2013 + "shares_outstanding - 2014-07-11 5988 2014-07-23T12:00"
    entries = states(
        table, start="2014-06-02", end="2014-12-31", actions=SEVEN_FOR_ONE, first_bar=[6]
    )
    assert entries[-1][1]["shares"] == 5988


def test_a_count_restated_for_a_later_split_is_no_seven_times_as_many_shares():
    table = REVENUE_2013 + (
        "shares_outstanding - 2013-09-28 899   2014-01-28T12:00\n"
        "revenue 2013-09-29 2014-09-27   470   2014-10-27T12:00\n"
        "shares_outstanding - 2014-09-27 5866  2014-10-27T12:00\n"
        "shares_outstanding - 2013-09-28 6294  2014-10-27T12:00\n"
    )
    entries = states(table, start="2014-01-02", end="2014-12-31", actions=SEVEN_FOR_ONE)
    assert entries[-1][1]["shares"] == pytest.approx(5866 / 7)
    assert entries[-1][1]["shares_prior"] == pytest.approx(6294 / 7)


def test_a_count_older_than_a_quarter_before_the_period_is_unknown():
    lines = SIX_REPORTS.strip().splitlines()
    uncounted = [line for line in lines if "shares" not in line or "2015-02-10" in line]
    counts = [values["shares"] for _, values in states("\n".join(uncounted))]
    # Until the quarter that ends on 2015-03-31, and the half-year, which ends 140 days after it.
    np.testing.assert_array_equal(counts, [10.0, 10.0, *[np.nan] * 4])


def test_symbols_do_not_mix_and_others_are_left_aside():
    frame = a_frame(symbols=("ACME", "BETA", "ZETA"))
    rows = [
        *fact_rows("revenue 2014-01-01 2014-12-31 400 2015-02-20T21:30", symbol="ZETA"),
        *fact_rows("revenue 2014-01-01 2014-12-31 300 2015-02-20T21:30", symbol="OTHER"),
        *fact_rows("revenue 2014-01-01 2014-12-31 200 2015-02-23T21:30", symbol="ACME"),
    ]
    known = known_statements(facts_of_rows(rows), frame)
    assert known.offsets.tolist() == [0, 2, 2, 4]
    assert known.values["revenue_ttm"][[0, 2]].tolist() == [200.0, 400.0]


def test_without_facts_of_its_symbols_a_panel_has_no_reports():
    rows = fact_rows("revenue 2014-01-01 2014-12-31 400 2015-02-20T21:30", symbol="OTHER")
    assert known_statements(facts_of_rows(rows), a_frame()) is None
    assert known_statements(facts_of_rows([]), a_frame()) is None
