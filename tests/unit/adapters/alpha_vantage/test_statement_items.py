import json
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.alpha_vantage.announcements import read_announcements
from alpha_oracle.adapters.alpha_vantage.statement_items import (
    FIGURES,
    read_overview,
    read_statements,
)
from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement
from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, StatementItem

END = date(2016, 3, 31)
RECEIVED_AT = datetime(2016, 6, 1, 22, 0, tzinfo=UTC)
ANNOUNCED = {"fiscalDateEnding": "2016-03-31", "reportedDate": "2016-04-18", "reportedEPS": "1.0"}
ANNOUNCED_AT = datetime(2016, 4, 19, 4, 0, tzinfo=UTC)


def a_report(end="2016-03-31", **figures):
    return {"fiscalDateEnding": end, "reportedCurrency": "USD", **figures}


def read(*, announced=(ANNOUNCED,), **statements):
    """What statements say, each given as its quarterly reports or as a whole document."""
    documents = {
        statement: given if isinstance(given, dict) else {"quarterlyReports": list(given)}
        for statement in (Statement.INCOME_STATEMENT, Statement.BALANCE_SHEET, Statement.CASH_FLOW)
        for given in [statements.get(statement.lower().split("_")[0], [])]
    }
    earnings = {"quarterlyEarnings": list(announced)}
    return read_statements(
        documents,
        "IBM",
        announcements=read_announcements(earnings, "IBM", received_at=RECEIVED_AT),
        received_at=RECEIVED_AT,
    )


def values(told):
    return {fact.item: fact.value for fact in told.facts}


def test_every_item_has_a_figure():
    assert set(FIGURES) == set(StatementItem)


@pytest.mark.parametrize("item", StatementItem)
def test_each_figure_becomes_its_item_of_a_quarter_or_its_last_day(item):
    statement, name = FIGURES[item][0]
    told = read(**{statement.lower().split("_")[0]: [a_report(**{name: "12000000"})]})
    [fact] = told.facts
    assert (fact.item, fact.value, fact.period_end) == (item, 12_000_000.0, END)
    assert fact.period_start == (None if item in INSTANT_ITEMS else date(2016, 1, 1))
    assert fact.known_at == ANNOUNCED_AT
    assert fact.document == "quarter to 2016-03-31"


def test_a_year_is_known_with_its_last_quarter():
    year = {"annualReports": [a_report("2016-03-31", totalRevenue="400")]}
    [fact] = read(income=year).facts
    assert (fact.period_start, fact.period_end) == (date(2015, 4, 1), END)
    assert fact.known_at == ANNOUNCED_AT
    assert fact.document == "year to 2016-03-31"


@pytest.mark.parametrize("announced", [(), ({**ANNOUNCED, "reportedDate": "None"},)])
def test_without_an_announcement_a_figure_is_known_since_it_came(announced):
    [fact] = read(announced=announced, income=[a_report(totalRevenue="100")]).facts
    assert fact.known_at == RECEIVED_AT


def test_the_last_day_of_a_year_is_told_once_by_its_quarter():
    balance = {
        "quarterlyReports": [a_report(totalAssets="100")],
        "annualReports": [a_report(totalAssets="101"), a_report("2015-03-31", totalAssets="90")],
    }
    told = [(fact.period_end, fact.value, fact.document) for fact in read(balance=balance).facts]
    assert told == [
        (date(2015, 3, 31), 90.0, "year to 2015-03-31"),
        (END, 100.0, "quarter to 2016-03-31"),
    ]


@pytest.mark.parametrize("text", ["None", "", "-", " null "])
def test_a_figure_not_given_is_no_fact(text):
    told = read(income=[a_report(totalRevenue=text, netIncome="5")])
    assert values(told) == {StatementItem.NET_INCOME: 5.0}
    assert told.refused == ()


def test_depreciation_comes_from_the_cash_flow_and_else_from_the_income_statement():
    income = [a_report(depreciationAndAmortization="7")]
    both = read(income=income, cash=[a_report(depreciationDepletionAndAmortization="8")])
    one = read(income=income, cash=[a_report(depreciationDepletionAndAmortization="None")])
    assert values(both) == {StatementItem.DEPRECIATION_AMORTIZATION: 8.0}
    assert values(one) == {StatementItem.DEPRECIATION_AMORTIZATION: 7.0}
    assert both.facts[0].document == one.facts[0].document


def test_debt_is_told_apart_by_when_it_is_due():
    # IBM's of 2022, in millions: current debt has the current part of long-term debt in twice.
    told = read(
        balance=[
            a_report(
                shortTermDebt="4760",
                currentDebt="9511",
                currentLongTermDebt="4676",
                longTermDebt="47190",
                longTermDebtNoncurrent="46189",
            )
        ]
    )
    assert values(told) == {
        StatementItem.SHORT_TERM_DEBT: 4760.0,
        StatementItem.LONG_TERM_DEBT: 46189.0,
    }
    other = read(balance=[a_report(currentDebt="3", longTermDebt="4", shortTermDebt="None")])
    assert values(other) == {
        StatementItem.SHORT_TERM_DEBT: 3.0,
        StatementItem.LONG_TERM_DEBT: 4.0,
    }


@pytest.mark.parametrize("sign", ["", "-"])
def test_what_was_paid_out_is_positive_whatever_its_sign(sign):
    told = read(cash=[a_report(capitalExpenditures=f"{sign}5", dividendPayout=f"{sign}6")])
    assert values(told) == {
        StatementItem.CAPITAL_EXPENDITURE: 5.0,
        StatementItem.DIVIDENDS_PAID: 6.0,
    }


def test_a_loss_stays_one():
    assert values(read(income=[a_report(netIncome="-5")])) == {StatementItem.NET_INCOME: -5.0}


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        pytest.param(
            {"totalAssets": "lots"},
            "BALANCE_SHEET quarter to 2016-03-31: totalAssets 'lots' is no number",
            id="a word",
        ),
        pytest.param(
            {"totalAssets": "1e999"},
            "BALANCE_SHEET quarter to 2016-03-31: totalAssets '1e999' is no number",
            id="too large",
        ),
        pytest.param(
            {"commonStockSharesOutstanding": "0"},
            "BALANCE_SHEET quarter to 2016-03-31: commonStockSharesOutstanding 0: "
            "no company has so few shares",
            id="no shares",
        ),
    ],
)
def test_a_figure_nobody_can_use_is_refused_alone(figures, reason):
    told = read(balance=[a_report(totalLiabilities="7", **figures)])
    [refused] = told.refused
    assert (refused.subject, refused.reason) == ("IBM", reason)
    assert refused.received["totalLiabilities"] == "7"
    assert values(told) == {StatementItem.TOTAL_LIABILITIES: 7.0}


def test_a_figure_nobody_can_use_is_not_replaced_by_the_next_best():
    told = read(balance=[a_report(shortTermDebt="lots", currentDebt="3")])
    assert (told.facts, len(told.refused)) == ((), 1)


def test_the_reports_of_another_currency_are_refused_whole():
    told = read(income=[{**a_report(totalRevenue="100"), "reportedCurrency": "TWD"}])
    [refused] = told.refused
    assert told.facts == ()
    assert refused.received["totalRevenue"] == "100"


def test_announcements_nobody_can_read_come_along_as_refused():
    told = read(announced=["?"], income=[a_report(totalRevenue="100")])
    assert [row.reason for row in told.refused] == ["EARNINGS: the row is no object"]


def test_an_overview_tells_the_shares_of_the_day_it_came():
    late = datetime(2016, 6, 2, 2, 0, tzinfo=UTC)
    told = read_overview({"SharesOutstanding": "890579008"}, "IBM", received_at=late)
    [fact] = told.facts
    assert (fact.item, fact.value) == (StatementItem.SHARES_OUTSTANDING, 890_579_008.0)
    assert (fact.period_start, fact.period_end) == (None, date(2016, 6, 1))
    assert (fact.known_at, fact.document) == (late, "overview of 2016-06-01")


@pytest.mark.parametrize("document", [{}, {"SharesOutstanding": "None"}])
def test_an_overview_without_shares_tells_nothing(document):
    told = read_overview(document, "IBM", received_at=RECEIVED_AT)
    assert (told.facts, told.refused) == ((), ())


@pytest.mark.parametrize("text", ["0", "-5", "many"])
def test_an_overview_with_impossible_shares_is_refused(text):
    told = read_overview({"SharesOutstanding": text}, "IBM", received_at=RECEIVED_AT)
    [refused] = told.refused
    assert told.facts == ()
    assert refused.reason.startswith("OVERVIEW of 2016-06-01: SharesOutstanding ")
    assert refused.received == {"SharesOutstanding": text}


def on_file(shared_data, name):
    return json.loads((shared_data / "alphavantage" / f"{name}.json").read_text())


def test_the_statements_on_file_are_read_whole(shared_data):
    received_at = datetime(2021, 8, 1, tzinfo=UTC)
    told = read_statements(
        {
            Statement.INCOME_STATEMENT: on_file(shared_data, "INCOME_STATEMENT_IBM"),
            Statement.BALANCE_SHEET: {"quarterlyReports": []},
            Statement.CASH_FLOW: {"quarterlyReports": []},
        },
        "IBM",
        announcements=read_announcements(
            on_file(shared_data, "EARNINGS_IBM"), "IBM", received_at=received_at
        ),
        received_at=received_at,
    )
    # Seven items of 20 quarters and 5 years; depreciation was not told then.
    assert told.refused == ()
    assert set(Counter(fact.item for fact in told.facts).values()) == {25}
    assert len(told.facts) == 7 * 25
    assert all(fact.known_at < received_at for fact in told.facts)
    revenue = {
        (fact.period_start, fact.period_end): (fact.value, fact.known_at)
        for fact in told.facts
        if fact.item is StatementItem.REVENUE
    }
    assert revenue[date(2020, 4, 1), date(2020, 6, 30)] == (
        18_123_000_000.0,
        datetime(2020, 7, 21, 4, 0, tzinfo=UTC),
    )
    assert revenue[date(2019, 1, 1), date(2019, 12, 31)] == (
        77_147_000_000.0,
        datetime(2020, 1, 22, 5, 0, tzinfo=UTC),
    )


def test_the_overview_on_file_tells_its_shares(shared_data):
    told = read_overview(on_file(shared_data, "OVERVIEW_IBM_2020"), "IBM", received_at=RECEIVED_AT)
    assert [fact.value for fact in told.facts] == [890_579_008.0]
