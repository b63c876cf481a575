from datetime import date

import pytest

from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement
from alpha_oracle.adapters.alpha_vantage.statement_reports import (
    QUARTER,
    YEAR,
    has_reports,
    read_reports,
)

TODAY = date(2016, 6, 1)
ROW = {"fiscalDateEnding": "2016-03-31", "reportedCurrency": "USD", "totalRevenue": "100"}


def reports(*rows, length=QUARTER):
    return read_reports(
        {length.reports: list(rows)},
        "IBM",
        statement=Statement.INCOME_STATEMENT,
        length=length,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("length", "end", "start"),
    [
        pytest.param(QUARTER, date(2016, 6, 30), date(2016, 4, 1), id="second quarter"),
        pytest.param(QUARTER, date(2016, 3, 31), date(2016, 1, 1), id="first quarter"),
        pytest.param(QUARTER, date(2016, 5, 31), date(2016, 3, 1), id="from a leap day"),
        pytest.param(QUARTER, date(2015, 5, 31), date(2015, 3, 1), id="from February"),
        pytest.param(QUARTER, date(2016, 2, 29), date(2015, 12, 1), id="to a leap day"),
        pytest.param(QUARTER, date(2016, 9, 24), date(2016, 6, 25), id="within a month"),
        pytest.param(QUARTER, date(2016, 5, 30), date(2016, 3, 1), id="a day shorter"),
        pytest.param(YEAR, date(2016, 12, 31), date(2016, 1, 1), id="a year"),
        pytest.param(YEAR, date(2016, 2, 29), date(2015, 3, 1), id="a year to a leap day"),
        pytest.param(YEAR, date(2017, 2, 28), date(2016, 3, 1), id="a year from a leap day"),
        pytest.param(YEAR, date(1900, 1, 1), date(1899, 1, 2), id="the first there may be"),
    ],
)
def test_a_period_starts_the_day_after_the_one_before(length, end, start):
    assert length.start_of(end) == start


def test_reports_come_by_the_end_of_their_period():
    found = reports(ROW, {**ROW, "fiscalDateEnding": "2015-12-31", "totalRevenue": "90"})
    assert {end: row["totalRevenue"] for end, row in found.by_end.items()} == {
        date(2016, 3, 31): "100",
        date(2015, 12, 31): "90",
    }
    assert found.refused == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(
            {**ROW, "reportedCurrency": "EUR"},
            "the report of 2016-03-31 is in 'EUR', not in USD",
            id="another currency",
        ),
        pytest.param(
            {**ROW, "reportedCurrency": "None"},
            "the report of 2016-03-31 is in 'None', not in USD",
            id="no currency",
        ),
        pytest.param(
            {**ROW, "fiscalDateEnding": "2016-06-30"},
            "no period that is over ends on 2016-06-30",
            id="to come",
        ),
        pytest.param(
            {**ROW, "fiscalDateEnding": "0001-01-31"},
            "no period that is over ends on 0001-01-31",
            id="long ago",
        ),
        pytest.param(
            {**ROW, "fiscalDateEnding": "None"}, "its fiscalDateEnding is no date", id="no end"
        ),
        pytest.param(["100"], "the row is no object", id="no object"),
    ],
)
@pytest.mark.parametrize("length", [QUARTER, YEAR], ids=lambda length: length.name)
def test_a_row_that_is_no_report_is_refused(row, reason, length):
    found = reports(row, {**ROW, "fiscalDateEnding": "2015-12-31"}, length=length)
    [refused] = found.refused
    assert refused.subject == "IBM"
    assert refused.reason == f"INCOME_STATEMENT {length.name}: {reason}"
    assert "100" in str(refused.received)
    assert list(found.by_end) == [date(2015, 12, 31)]


def test_a_second_report_of_a_period_is_refused_unless_it_says_the_same():
    found = reports(ROW, dict(ROW), {**ROW, "totalRevenue": "99"})
    [refused] = found.refused
    assert refused.reason == "INCOME_STATEMENT quarter: a second report of 2016-03-31"
    assert found.by_end[date(2016, 3, 31)]["totalRevenue"] == "100"


def test_reports_that_are_no_list_are_refused():
    found = read_reports(
        {"annualReports": "none"},
        "IBM",
        statement=Statement.CASH_FLOW,
        length=YEAR,
        today=TODAY,
    )
    [refused] = found.refused
    assert refused.reason == "CASH_FLOW year: annualReports is no list"
    assert found.by_end == {}


@pytest.mark.parametrize(
    ("document", "has_any"),
    [
        ({}, False),
        ({"annualReports": [], "quarterlyReports": []}, False),
        ({"annualReports": [ROW], "quarterlyReports": []}, True),
        ({"quarterlyReports": [ROW]}, True),
    ],
)
def test_an_answer_has_reports_where_it_has_one_of_a_quarter_or_a_year(document, has_any):
    assert has_reports(document) is has_any
