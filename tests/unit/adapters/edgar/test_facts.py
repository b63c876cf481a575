import json
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from alpha_oracle.adapters.edgar.acceptance import end_of_day
from alpha_oracle.adapters.edgar.concepts import CONCEPTS, MEASURES
from alpha_oracle.adapters.edgar.facts import read_statements, to_facts
from alpha_oracle.domain.fundamentals import StatementItem
from alpha_oracle.errors import DataError
from tests.integration.edgar.worlds import real
from tests.peers.edgar.documents import company_facts, figure

CIK = "0000000001"
FIRST, SECOND = "0000000001-24-000001", "0000000001-25-000001"
QUARTER = {"start": "2024-01-01", "end": "2024-03-31"}
LATER = {"filed": "2025-05-02"}


def read(us_gaap, *, dei=None, **shape):
    statements = read_statements(
        json.loads(company_facts(1, us_gaap, dei=dei, **shape)), "AAA", cik=CIK
    )
    known_at = {one.accession: end_of_day(one.filed_on) for one in statements.by_accession.values()}
    facts, refused = to_facts(statements, "AAA", known_at=known_at)
    return facts, (*statements.refused, *refused)


def values(facts, item):
    return [fact.value for fact in facts if fact.item is item]


def test_every_item_but_the_shares_has_concepts():
    assert set(MEASURES) == set(StatementItem) - {StatementItem.SHARES_OUTSTANDING}
    assert not any(concept.startswith("-") for concept in CONCEPTS)


def test_a_fact_is_of_its_period_and_known_when_its_document_was():
    facts, refused = read({"Revenues": [figure(FIRST, 10.0, **QUARTER)]})
    (fact,) = facts
    assert (fact.item, fact.value, fact.document) == (StatementItem.REVENUE, 10.0, FIRST)
    assert (fact.period_start, fact.period_end) == (date(2024, 1, 1), date(2024, 3, 31))
    assert fact.known_at == datetime(2024, 5, 3, 3, 59, 59, tzinfo=UTC)
    assert refused == ()


def test_the_first_concept_that_a_document_has_tells_an_item():
    facts, _ = read(
        {
            "SalesRevenueNet": [figure(FIRST, 9.0, **QUARTER)],
            "Revenues": [figure(FIRST, 10.0, **QUARTER)],
        }
    )
    assert values(facts, StatementItem.REVENUE) == [10.0]


def test_a_better_concept_of_a_later_document_does_not_hide_the_earlier_figure():
    facts, _ = read(
        {
            "SalesRevenueNet": [figure(FIRST, 9.0, **QUARTER)],
            "Revenues": [figure(SECOND, 10.0, **QUARTER, **LATER)],
        }
    )
    assert values(facts, StatementItem.REVENUE) == [9.0, 10.0]
    assert [fact.document for fact in facts] == [FIRST, SECOND]


def test_a_wider_figure_does_not_revise_the_right_one():
    wide = "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"
    day = {"end": "2024-03-31"}
    facts, _ = read(
        {
            "StockholdersEquity": [figure(FIRST, 100.0, **day)],
            wide: [figure(FIRST, 130.0, **day), figure(SECOND, 130.0, **day, **LATER)],
        }
    )
    assert values(facts, StatementItem.EQUITY) == [100.0]


def test_a_wider_figure_stands_where_there_is_no_other_and_gives_way_to_the_right_one():
    day = {"end": "2024-03-31"}
    facts, _ = read(
        {
            "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents": [
                figure(FIRST, 7.0, **day)
            ],
            "CashAndCashEquivalentsAtCarryingValue": [figure(SECOND, 5.0, **day, **LATER)],
        }
    )
    assert values(facts, StatementItem.CASH) == [7.0, 5.0]


def test_debt_of_several_lines_is_summed_and_the_current_part_taken_off():
    day = {"end": "2024-03-31"}
    facts, _ = read(
        {
            "CommercialPaper": [figure(FIRST, 2.0, **day)],
            "LongTermDebtCurrent": [figure(FIRST, 3.0, **day)],
            "LongTermDebt": [figure(FIRST, 20.0, **day)],
        }
    )
    assert values(facts, StatementItem.SHORT_TERM_DEBT) == [5.0]
    assert values(facts, StatementItem.LONG_TERM_DEBT) == [17.0]


def test_a_figure_of_a_day_is_no_figure_of_a_period():
    facts, _ = read({"Revenues": [figure(FIRST, 10.0, end="2024-03-31")]})
    assert facts == ()


def test_shares_are_those_of_the_cover():
    facts, _ = read(
        {"CommonStockSharesOutstanding": [figure(FIRST, 90, end="2024-03-31")]},
        dei={"EntityCommonStockSharesOutstanding": [figure(FIRST, 95, end="2024-04-26")]},
    )
    (fact,) = facts
    assert (fact.value, fact.period_end) == (95.0, date(2024, 4, 26))


def test_without_a_cover_shares_are_the_newest_of_the_balance_sheet():
    rows = [figure(FIRST, 40, end="2023-12-31"), figure(FIRST, 90, end="2024-03-31")]
    facts, _ = read({"CommonStockSharesOutstanding": rows})
    (fact,) = facts
    assert (fact.value, fact.period_end) == (90.0, date(2024, 3, 31))


@pytest.mark.parametrize("form", ["8-K", "S-1", "10-D", None])
def test_other_forms_are_not_looked_at(form):
    assert read({"Revenues": [figure(FIRST, 10.0, form=form, **QUARTER)]}) == ((), ())


@pytest.mark.parametrize("form", ["10-K", "10-K/A", "10-KT", "10-QT/A", "20-F", "40-F"])
def test_reports_of_every_kind_are_taken(form):
    facts, _ = read({"Revenues": [figure(FIRST, 10.0, form=form, **QUARTER)]})
    assert values(facts, StatementItem.REVENUE) == [10.0]


def test_figures_in_another_currency_are_not_taken():
    assert read({"Revenues": [figure(FIRST, 10.0, **QUARTER)]}, unit="EUR") == ((), ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (figure("nine", 1.0, **QUARTER), "names no document"),
        (figure(FIRST, None, **QUARTER), "value is no number"),
        (figure(FIRST, True, **QUARTER), "value is no number"),
        (figure(FIRST, "10", **QUARTER), "value is no number"),
        (figure(FIRST, float("inf"), **QUARTER), "value is no number"),
        (figure(FIRST, 1.0, start="2024-01-01", end="2024-02-31"), "day"),
        (figure(FIRST, 1.0, start=20240101, end="2024-03-31"), "no day but '20240101'"),
        (figure(FIRST, 1.0, start="2024-04-01", end="2024-03-31"), "ends before its start"),
        (figure(FIRST, 1.0, start="2024-01-01", end="2024-09-30"), "known before"),
    ],
    ids=[
        "no_accession", "no_value", "a_flag", "a_text", "infinite", "no_day", "day_as_number",
        "backwards", "of_the_future",
    ],
)  # fmt: skip
def test_a_row_that_is_no_fact_is_refused_with_what_stood_there(row, reason):
    good = figure(SECOND, 2.0, **QUARTER, **LATER)
    facts, refused = read({"Revenues": [row, good]})
    assert values(facts, StatementItem.REVENUE) == [2.0]
    (one,) = refused
    assert reason in one.reason
    assert one.subject.startswith("AAA ")
    assert one.received


def test_a_document_that_tells_two_values_of_one_period_is_believed_once():
    rows = [figure(FIRST, 10.0, **QUARTER), figure(FIRST, 11.0, **QUARTER)]
    facts, refused = read({"Revenues": rows})
    assert values(facts, StatementItem.REVENUE) == [10.0]
    assert [row.received["val"] for row in refused] == ["11.0"]


@pytest.mark.parametrize(
    "document",
    [
        {"cik": 2, "facts": {}},
        {"facts": {}},
        {"cik": 1, "facts": []},
        {"cik": 1, "facts": {"us-gaap": {"Revenues": {"units": {"USD": {}}}}}},
        {"cik": 1, "facts": {"us-gaap": {"Revenues": {"units": {"USD": [3]}}}}},
    ],
    ids=["another_company", "no_company", "no_facts", "no_rows", "no_row"],
)
def test_facts_of_another_shape_are_refused(document):
    with pytest.raises(DataError, match="company facts"):
        read_statements(document, "AAA", cik=CIK)


def of_real(shared_data, name, cik):
    document = json.loads(real(shared_data, name))
    statements = read_statements(document, "AAA", cik=cik)
    known_at = {one.accession: end_of_day(one.filed_on) for one in statements.by_accession.values()}
    facts, refused = to_facts(statements, "AAA", known_at=known_at)
    assert (statements.refused, refused) == ((), ())
    return facts


@pytest.fixture(scope="module")
def apple(shared_data):
    return of_real(shared_data, "companyfacts_CIK0000320193_AAPL.json.gz", "0000320193")


@pytest.fixture(scope="module")
def marvell(shared_data):
    return of_real(shared_data, "companyfacts_CIK0001835632_MRVL.json.gz", "0001835632")


def newest(facts, item):
    return max((fact for fact in facts if fact.item is item), key=lambda fact: fact.period_end)


def test_apple_tells_every_item(apple):
    assert {fact.item for fact in apple} == set(StatementItem)
    # Its 10-Q of January 2026.
    assert newest(apple, StatementItem.TOTAL_ASSETS).value == 379_297e6
    assert newest(apple, StatementItem.REVENUE).value == 143_756e6
    assert newest(apple, StatementItem.SHARES_OUTSTANDING).value == 14_681_140_000
    # Commercial paper 1,997 and the current part of long-term debt 11,827.
    assert newest(apple, StatementItem.SHORT_TERM_DEBT).value == 13_824e6


def test_a_restated_year_has_both_figures_in_the_order_they_were_known(apple):
    year = [
        (fact.document, fact.value)
        for fact in apple
        if fact.item is StatementItem.NET_INCOME
        and (fact.period_start, fact.period_end) == (date(2008, 9, 28), date(2009, 9, 26))
    ]
    # As first reported, and by the 10-K/A of January 2010 under another rule of revenue.
    assert year[:2] == [("0001193125-09-214859", 5_704e6), ("0001193125-10-012091", 8_235e6)]


def test_revenue_goes_on_where_apple_changed_its_concept(apple):
    quarters = sorted(
        {
            fact.period_end
            for fact in apple
            if fact.item is StatementItem.REVENUE
            and 80 < (fact.period_end - fact.period_start).days < 100
        }
    )
    gaps = [(after - before).days for before, after in pairwise(quarters)]
    assert quarters[-1] == date(2025, 12, 27)
    # A fourth quarter is told by no report of its own.
    assert max(gaps) < 200


def test_marvell_tells_every_item(marvell):
    assert {fact.item for fact in marvell} == set(StatementItem)
    assert newest(marvell, StatementItem.NET_INCOME).value == 34.5e6
    assert newest(marvell, StatementItem.INTEREST_EXPENSE).value == 52.8e6


def test_facts_ascend_by_when_they_were_known(marvell):
    times = [fact.known_at for fact in marvell]
    assert times == sorted(times)
