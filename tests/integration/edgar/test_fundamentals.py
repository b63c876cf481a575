import json
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.adapters.edgar.fundamentals import EdgarFundamentals
from alpha_oracle.adapters.edgar.submissions import Submissions
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.fundamentals import StatementItem
from alpha_oracle.domain.requests import Listing
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway
from tests.integration.edgar.worlds import (
    TICKERS,
    a_world,
    facts_path,
    list_path,
    number,
    real,
)
from tests.peers.edgar.documents import columns, company_facts, figure, submissions, tickers

QUARTER = {"start": "2024-01-01", "end": "2024-03-31"}
# 20:08 New York time would be dated with the next day: the list is in UTC.
REPORT = (number(1), "10-Q", "2024-05-02", "2024-05-02T20:08:00.000Z")
REPORTED_AT = datetime(2024, 5, 2, 20, 8, tzinfo=UTC)


def a_company(*rows, facts=None, older=()):
    revenue = {"Revenues": [figure(number(1), 10.0, **QUARTER)]}
    return {
        TICKERS: tickers({"AAA": (1, "A Company"), "BRK-B": (2, "Another Company")}),
        list_path(1): submissions(1, rows or [REPORT], older=older),
        facts_path(1): company_facts(1, revenue) if facts is None else facts,
    }


def test_a_fact_is_known_when_its_filing_was_accepted():
    with a_world(a_company()) as world:
        (fact,) = world.facts().facts
        assert (fact.symbol, fact.item, fact.value) == ("AAA", StatementItem.REVENUE, 10.0)
        assert fact.known_at == REPORTED_AT
        assert world.peer.paths == [TICKERS, list_path(1), facts_path(1)]


def test_a_list_that_does_not_tell_its_zone_is_read_as_the_later():
    with a_world(a_company((*REPORT[:3], "2024-05-02T16:08:00.000Z"))) as world:
        (fact,) = world.facts().facts
        assert fact.known_at == datetime(2024, 5, 2, 20, 8, tzinfo=UTC)


def test_a_filing_of_an_older_page_is_looked_for_there_alone():
    pages = [
        ("CIK0000000001-submissions-001.json", "2020-01-01", "2024-05-31"),
        ("CIK0000000001-submissions-002.json", "2001-01-01", "2019-12-31"),
    ]
    newer = (number(9), "10-Q", "2024-08-02", "2024-08-02T20:08:00.000Z")
    files = a_company(newer, older=pages)
    old = json.dumps(columns([REPORT])).encode()
    with a_world(files | {f"/submissions/{pages[0][0]}": old}) as world:
        (fact,) = world.facts().facts
        assert fact.known_at == REPORTED_AT
        assert f"/submissions/{pages[1][0]}" not in world.peer.paths


def test_a_filing_that_no_list_has_is_known_at_the_end_of_its_day():
    with a_world(a_company((number(7), *REPORT[1:]))) as world:
        (fact,) = world.facts().facts
        assert fact.known_at == datetime(2024, 5, 3, 3, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "is_asked"),
    [
        (None, True),
        (REPORTED_AT - timedelta(days=30), True),
        # Its figures may have come after it.
        (REPORTED_AT + timedelta(hours=23), True),
        (REPORTED_AT + timedelta(hours=25), False),
    ],
)
def test_figures_are_asked_for_where_a_report_was_filed_since(since, is_asked):
    with a_world(a_company()) as world:
        received = world.facts(since=since)
        assert bool(received.facts) is is_asked
        assert received.absence is None
        assert (facts_path(1) in world.peer.paths) is is_asked


def test_other_filings_are_no_reason_to_ask():
    other = (number(2), "8-K", "2024-05-30", "2024-05-30T20:30:00.000Z")
    with a_world(a_company(other, REPORT)) as world:
        assert world.facts(since=REPORTED_AT + timedelta(days=2)).facts == ()
        assert facts_path(1) not in world.peer.paths


def test_an_amendment_is_a_reason_to_ask():
    amended = (number(2), "10-K/A", "2024-05-30", "2024-05-30T20:30:00.000Z")
    with a_world(a_company(amended, REPORT)) as world:
        assert world.facts(since=REPORTED_AT + timedelta(days=2)).facts


def test_a_list_is_asked_for_once_in_a_quarter_of_an_hour():
    with a_world(a_company()) as world:
        world.facts()
        world.insiders(start=date(2024, 6, 1))
        world.clock.advance(minutes=14)
        world.facts(since=world.clock.now())
        assert world.peer.paths.count(list_path(1)) == 1
        world.clock.advance(minutes=2)
        world.facts(since=world.clock.now())
        assert world.peer.paths.count(list_path(1)) == 2
        assert world.peer.paths.count(TICKERS) == 1
        world.clock.advance(days=1)
        world.facts(since=world.clock.now())
        assert world.peer.paths.count(TICKERS) == 2


def test_lists_are_kept_as_far_as_there_is_room():
    files = a_company() | {list_path(2): submissions(2, [REPORT])}
    with a_world(files) as world:
        lists = Submissions(world.edgar.client, clock=world.clock, most_rows=1)
        for cik in ("0000000001", "0000000002", "0000000002", "0000000001"):
            lists.newest(cik)
        assert world.peer.paths == [list_path(1), list_path(2), list_path(1)]


def test_class_shares_are_listed_with_a_hyphen():
    files = a_company() | {
        list_path(2): submissions(2, [REPORT]),
        facts_path(2): company_facts(2, {"Revenues": [figure(number(1), 3.0, **QUARTER)]}),
    }
    with a_world(files) as world:
        assert [fact.symbol for fact in world.facts("BRK.B").facts] == ["BRK.B"]


def test_an_unlisted_symbol_is_unknown():
    with a_world(a_company()) as world:
        absence = world.facts("NONE").absence
        assert (absence.symbol, absence.source) == ("NONE", "edgar")
        assert absence.kind is AbsenceKind.UNKNOWN_SYMBOL
        assert world.peer.paths == [TICKERS]


def test_a_symbol_that_left_the_list_is_the_company_it_was():
    with a_world(a_company()) as world:
        world.facts()
        world.peer.files[TICKERS] = tickers({"AAB": (1, "A Company")})
        world.edgar = world.another()
        assert world.facts().facts


def test_a_symbol_that_another_company_took_is_refused_naming_both():
    with a_world(a_company()) as world:
        world.facts()
        world.peer.files[TICKERS] = tickers({"AAA": (7, "Newcomer Corp")})
        world.edgar = world.another()
        for received in (world.facts(), world.insiders()):
            assert received.absence.kind is AbsenceKind.REFUSED
            for told in ("A Company", "0000000001", "Newcomer Corp", "0000000007"):
                assert told in received.absence.reason
        assert world.listings.listings("edgar", ["AAA"])["AAA"].vendor_id == "0000000001"


def test_a_company_of_the_same_name_under_a_new_number_is_the_same():
    files = a_company()
    files[TICKERS] = tickers({"AAA": (1, "A COMPANY, INC.")})
    with a_world(files) as world:
        seen = Listing(vendor_id="0000000099", name="A Company Inc")
        world.listings.record("edgar", {"AAA": seen})
        assert world.facts().facts
        assert world.listings.listings("edgar", ["AAA"])["AAA"].vendor_id == "0000000001"


@pytest.mark.parametrize("missing", [list_path(1), facts_path(1)], ids=["filings", "figures"])
def test_a_company_without_filings_or_figures_has_no_data(missing):
    files = a_company()
    del files[missing]
    with a_world(files) as world:
        absence = world.facts().absence
        assert absence.kind is AbsenceKind.NO_DATA
        assert "A Company" in absence.reason


def test_a_company_that_reports_in_another_currency_has_no_data():
    figures = company_facts(1, {"Revenues": [figure(number(1), 1.0, **QUARTER)]}, unit="JPY")
    with a_world(a_company(facts=figures)) as world:
        received = world.facts()
        assert received.absence.kind is AbsenceKind.NO_DATA
        assert "US GAAP" in received.absence.reason


def test_rows_that_cannot_be_read_come_beside_the_others():
    rows = [figure(number(1), 10.0, **QUARTER), figure(number(1), "ten", **QUARTER)]
    with a_world(a_company(facts=company_facts(1, {"Revenues": rows}))) as world:
        received = world.facts()
        assert (len(received.facts), len(received.refused)) == (1, 1)


def test_figures_that_cannot_be_read_are_an_error_of_the_data():
    unreadable = a_company(facts=b'{"cik": 1, "facts": [}')
    with a_world(unreadable) as world, pytest.raises(DataError, match="facts of CIK 0000000001"):
        world.facts()


def test_a_list_without_its_older_page_is_asked_for_again():
    pages = [("CIK0000000001-submissions-001.json", "2020-01-01", "2024-05-31")]
    files = a_company((number(9), *REPORT[1:]), older=pages)
    with a_world(files) as world, pytest.raises(SourceAway, match="submissions-001"):
        world.facts()


def test_a_server_that_is_not_edgar_is_told_by_its_missing_list():
    with a_world({}) as world, pytest.raises(ConfigurationError, match=r"data\.edgar\.base_url"):
        world.facts()


def test_the_source_has_no_daily_budget_and_every_run_asks():
    with a_world() as world:
        source = EdgarFundamentals(world.edgar)
        plan = source.plan(["AAA", "BBB"])
        assert (source.name, source.worth_asking_after) == ("edgar", timedelta(0))
        assert (plan.source, plan.symbols, plan.requests) == ("edgar", 2, 4)
        assert plan.fits


def test_doctor_is_told_how_many_tickers_there_are():
    with a_world(a_company()) as world:
        told = world.edgar.check()
        assert "2 tickers" in told
        assert "10 requests a second" in told
        assert world.peer.paths == [TICKERS]


def test_apple_as_edgar_has_it(shared_data):
    apple = 320193
    older = "/submissions/CIK0000320193-submissions-001.json"
    files = {
        TICKERS: real(shared_data, "company_tickers.json.gz"),
        list_path(apple): real(shared_data, "submissions_CIK0000320193_AAPL.json.gz"),
        older: real(shared_data, "submissions_CIK0000320193_AAPL-001.json.gz"),
        facts_path(apple): real(shared_data, "companyfacts_CIK0000320193_AAPL.json.gz"),
    }
    with a_world(files) as world:
        received = world.facts("AAPL")
        assert (received.refused, received.absence) == ((), None)
        first = {fact.document: fact.known_at for fact in received.facts}
        assert older in world.peer.paths
        # Of the older page: 16:41:33 in New York.
        assert first["0001193125-09-153165"] == datetime(2009, 7, 22, 20, 41, 33, tzinfo=UTC)
        assert first["0000320193-23-000077"] == datetime(2023, 8, 3, 22, 4, 43, tzinfo=UTC)
        # Filed after the list was kept: the end of its day.
        assert first["0000320193-26-000006"].time().isoformat() == "04:59:59"
        assert len(received.facts) > 3000
        assert all(fact.known_at.date() >= fact.period_end for fact in received.facts)


def test_marvell_as_edgar_has_it(shared_data):
    files = {
        TICKERS: real(shared_data, "company_tickers.json.gz"),
        list_path(1835632): submissions(1835632, []),
        facts_path(1835632): real(shared_data, "companyfacts_CIK0001835632_MRVL.json.gz"),
    }
    with a_world(files) as world:
        received = world.facts("MRVL")
        assert {fact.item for fact in received.facts} == set(StatementItem)
        assert (received.refused, received.absence) == ((), None)
