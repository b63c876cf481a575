"""Which facts come, which requests they cost, and which answers are used again."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.fundamentals import ReceivedFacts, StatementItem
from alpha_oracle.errors import BudgetSpent, ConfigurationError, SourceAway
from tests.integration.alpha_vantage.companies import (
    AAA,
    ASKED,
    LAST_OF_YEAR,
    NEWEST,
    NOW,
    a_company_world,
    asked,
    fundamentals,
    told,
)
from tests.integration.alpha_vantage.worlds import KEY, SESSION
from tests.peers.alpha_vantage.companies import Company, Recorded
from tests.peers.alpha_vantage.server import Plan
from tests.peers.alpha_vantage.texts import DAY_USED_UP, RATE_LIMITED, UNRECOGNISED

EMPTY = b"{}"
WEEK = timedelta(days=7)


def test_a_company_costs_five_requests_and_tells_quarters_years_and_shares():
    with a_company_world() as world:
        received = fundamentals(world).fetch("AAA", since=None)
        assert (received.refused, received.absence) == ((), None)
        assert told(received) == {
            ("revenue", "2015-10-01", "2015-12-31"): 100.0,
            ("net_income", "2015-10-01", "2015-12-31"): 10.0,
            ("operating_cash_flow", "2015-10-01", "2015-12-31"): 20.0,
            ("total_assets", "None", "2015-12-31"): 900.0,
            ("shares_outstanding", "None", "2015-12-31"): 990.0,
            ("revenue", "2015-01-01", "2015-12-31"): 400.0,
            ("net_income", "2015-01-01", "2015-12-31"): 40.0,
            ("operating_cash_flow", "2015-01-01", "2015-12-31"): 80.0,
            ("revenue", "2016-01-01", "2016-03-31"): 110.0,
            ("net_income", "2016-01-01", "2016-03-31"): 11.0,
            ("operating_cash_flow", "2016-01-01", "2016-03-31"): 21.0,
            ("total_assets", "None", "2016-03-31"): 910.0,
            ("shares_outstanding", "None", "2016-03-31"): 995.0,
            ("shares_outstanding", "None", "2016-05-02"): 1000.0,
        }
        assert asked(world) == ASKED
        assert world.spent == 5


def test_facts_are_known_since_their_announcement_and_shares_since_now():
    with a_company_world() as world:
        received = fundamentals(world).fetch("AAA", since=None)
        known = {fact.period_end: fact.known_at for fact in received.facts}
        assert known.pop(date(2016, 5, 2)) == world.clock.now()
        assert known == {
            date(2015, 12, 31): datetime(2016, 1, 19, 14, 30, tzinfo=UTC),
            date(2016, 3, 31): datetime(2016, 4, 19, 4, 0, tzinfo=UTC),
        }


def test_a_quarter_that_was_not_announced_is_known_since_it_came():
    companies = {"AAA": replace(AAA, quarters=(LAST_OF_YEAR, replace(NEWEST, announced=None)))}
    with a_company_world(companies) as world:
        received = fundamentals(world).fetch("AAA", since=None)
        [known_at] = {fact.known_at for fact in received.facts if fact.period_end.month == 3}
        # The clock moved on while the requests kept apart.
        assert NOW <= known_at <= world.clock.now()


def test_class_shares_are_asked_for_with_a_hyphen():
    with a_company_world() as world:
        received = fundamentals(world).fetch("BRK.B", since=None)
        assert {fact.symbol for fact in received.facts} == {"BRK.B"}
        assert {one.symbol for one in world.peer.requests} == {"BRK-B"}


def test_nothing_new_since_it_was_asked_last_costs_one_request():
    with a_company_world(now=datetime(2016, 5, 20, 21, 0, tzinfo=UTC)) as world:
        source = fundamentals(world)
        assert source.fetch("AAA", since=world.clock.now() - WEEK) == ReceivedFacts()
        assert asked(world) == ("EARNINGS",)


@pytest.mark.parametrize(
    "days", [pytest.param(3, id="announced since"), pytest.param(21, id="announced shortly before")]
)
def test_an_announcement_that_may_have_been_without_its_statements_is_asked_for_whole(days):
    announced = datetime(2016, 4, 18, tzinfo=UTC)
    with a_company_world(now=announced + timedelta(days=days)) as world:
        received = fundamentals(world).fetch("AAA", since=world.clock.now() - WEEK)
        assert ("revenue", "2016-01-01", "2016-03-31") in told(received)
        assert asked(world) == ASKED


def test_statements_in_another_currency_are_refused_and_the_shares_come():
    with a_company_world({"AAA": replace(AAA, currency="TWD")}) as world:
        received = fundamentals(world).fetch("AAA", since=None)
        assert [fact.item for fact in received.facts] == [StatementItem.SHARES_OUTSTANDING]
        # Two quarters and a year, of three statements.
        assert len(received.refused) == 9
        assert received.refused[0].received["reportedCurrency"] == "TWD"


def test_a_source_names_itself_and_when_to_ask_again():
    with a_company_world() as world:
        source = fundamentals(world)
        assert (source.name, source.worth_asking_after) == ("alpha_vantage", WEEK)


def test_a_plan_counts_what_is_not_kept():
    with a_company_world(settings={"requests_per_day": 12}) as world:
        source = fundamentals(world)
        planned = source.plan(["AAA", "BRK.B", "AAA"])
        assert (planned.requests, planned.left, planned.per_day) == (10, 12, 12)
        assert planned.fits
        source.fetch("AAA", since=None)
        planned = fundamentals(world).plan(["AAA", "BRK.B"])
        assert (planned.requests, planned.left) == (5, 7)
        assert not source.plan(["AAA", "BRK.B", "CCC"]).fits
        assert world.peer.count() == 5


def test_answers_paid_for_are_used_by_the_next_process_until_they_are_stored():
    with a_company_world() as world:
        first = fundamentals(world).fetch("AAA", since=None)
        again = fundamentals(world).fetch("AAA", since=None)
        assert told(again) == told(first)
        assert world.peer.count() == 5


def test_answers_that_were_stored_are_asked_for_anew():
    with a_company_world() as world:
        asked_at = world.clock.now()
        fundamentals(world).fetch("AAA", since=None)
        world.clock.advance(hours=30)
        fundamentals(world).fetch("AAA", since=asked_at)
        assert asked(world) == ASKED * 2


@pytest.mark.parametrize("function", ASKED)
def test_a_failure_in_the_middle_gives_nothing_and_pays_for_nothing_twice(function):
    with a_company_world() as world:
        world.peer.fail("status", value=500, function=function)
        with pytest.raises(SourceAway):
            fundamentals(world).fetch("AAA", since=None)
        before = len(asked(world)) - 1
        assert fundamentals(world).plan(["AAA"]).requests == 5 - before
        received = fundamentals(world).fetch("AAA", since=None)
        assert len(received.facts) == 14
        assert world.spent == world.peer.count() == 6


def test_a_day_that_ends_in_the_middle_goes_on_where_it_was_the_next_day():
    with a_company_world(settings={"requests_per_day": 3}) as world:
        with pytest.raises(BudgetSpent, match="used up"):
            fundamentals(world).fetch("AAA", since=None)
        assert asked(world) == ASKED[:3]
        assert fundamentals(world).plan(["AAA"]).requests == 2
        world.clock.advance(hours=24)
        received = fundamentals(world).fetch("AAA", since=None)
        assert len(received.facts) == 14
        assert asked(world) == ASKED
        assert {fact.known_at for fact in received.facts if fact.period_end.month == 3} == {
            datetime(2016, 4, 19, 4, 0, tzinfo=UTC)
        }


def test_what_was_not_announced_is_known_since_the_last_of_its_answers_came():
    companies = {"AAA": replace(AAA, quarters=(LAST_OF_YEAR, replace(NEWEST, announced=None)))}
    with a_company_world(companies, settings={"requests_per_day": 3}) as world:
        with pytest.raises(BudgetSpent):
            fundamentals(world).fetch("AAA", since=None)
        world.clock.advance(hours=24)
        received = fundamentals(world).fetch("AAA", since=None)
        [known_at] = {fact.known_at for fact in received.facts if fact.period_end.month == 3}
        assert known_at > NOW + timedelta(hours=24)


def test_bars_and_statements_share_the_days_budget():
    with a_company_world(settings={"requests_per_day": 6}) as world:
        world.fetch("AAA", start=SESSION, end=SESSION)
        assert fundamentals(world).plan(["AAA"]).left == 5
        fundamentals(world).fetch("AAA", since=None)
        with pytest.raises(BudgetSpent):
            world.fetch("BBB", start=SESSION, end=SESSION)
        assert world.peer.count() == 6


def test_a_symbol_the_vendor_does_not_know_is_absent_after_two_requests():
    with a_company_world() as world:
        source = fundamentals(world)
        absence = source.fetch("NOSUCH", since=None).absence
        assert (absence.symbol, absence.source) == ("NOSUCH", "alpha_vantage")
        assert absence.kind is AbsenceKind.UNKNOWN_SYMBOL
        assert 'of EARNINGS it said: "an empty object"' in absence.reason
        assert asked(world) == ASKED[:2]
        assert source.fetch("NOSUCH", since=None).absence == absence
        assert source.plan(["NOSUCH"]).requests == 0
        assert world.peer.count() == 2
        world.clock.advance(minutes=16)
        assert source.plan(["NOSUCH"]).requests == 5


def test_an_invalid_call_said_twice_is_an_unknown_symbol():
    with a_company_world() as world:
        world.peer.fail("invalid_call", times=2)
        absence = fundamentals(world).fetch("AAA", since=None).absence
        assert absence.kind is AbsenceKind.UNKNOWN_SYMBOL
        assert "Invalid API call" in absence.reason


@pytest.mark.parametrize("function", ASKED[:4])
@pytest.mark.parametrize("fault", ["invalid_call", "body"])
def test_a_slip_is_a_failure_not_an_unknown_symbol_and_gives_nothing(fault, function):
    with a_company_world() as world:
        world.peer.fail(fault, function=function, value=EMPTY)
        received = fundamentals(world).fetch("AAA", since=None)
        assert (received.facts, received.absence.kind) == ((), AbsenceKind.FAILED)
        assert f"of {function} it said" in received.absence.reason
        world.clock.advance(minutes=16)
        assert len(fundamentals(world).fetch("AAA", since=None).facts) == 14
        assert world.peer.count(function=function) == 2
        assert world.peer.count() == 6


def test_an_overview_that_says_nothing_is_done_without():
    with a_company_world() as world:
        world.peer.fail("body", function="OVERVIEW", value=EMPTY)
        received = fundamentals(world).fetch("AAA", since=None)
        assert (len(received.facts), received.absence) == (13, None)


def test_a_company_without_any_report_has_no_data():
    with a_company_world({"AAA": Company(quarters=())}) as world:
        absence = fundamentals(world).fetch("AAA", since=None).absence
        assert absence.kind is AbsenceKind.NO_DATA
        assert absence.reason == "it has no report of a quarter or a year"
        assert asked(world) == ASKED[:2]


def test_a_fund_with_no_announcement_and_no_income_statement_has_no_data():
    nothing = {"EARNINGS": {"symbol": "SPY", "annualEarnings": [], "quarterlyEarnings": []}}
    with a_company_world({"SPY": Recorded(documents=nothing)}) as world:
        absence = fundamentals(world).fetch("SPY", since=None).absence
        assert absence.kind is AbsenceKind.NO_DATA


@pytest.mark.parametrize("function", ASKED)
def test_an_answer_about_another_symbol_is_a_failure_and_not_kept(function):
    with a_company_world() as world:
        world.peer.fail("other_symbol", value="ZZZ", function=function)
        received = fundamentals(world).fetch("AAA", since=None)
        assert (received.facts, received.absence.kind) == ((), AbsenceKind.FAILED)
        assert f"asked for {function} of AAA and answered about 'ZZZ'" in received.absence.reason
        assert len(fundamentals(world).fetch("AAA", since=None).facts) == 14
        assert world.peer.count(function=function) == 2


@pytest.mark.parametrize("function", ASKED)
def test_statements_that_are_premium_are_a_matter_of_the_plan(function):
    with a_company_world() as world:
        world.peer.fail("premium_endpoint", function=function)
        with pytest.raises(ConfigurationError, match=f"does not give {function} for") as refused:
            fundamentals(world).fetch("AAA", since=None)
        assert "data.reference.fundamentals = edgar" in str(refused.value)
        assert not isinstance(refused.value, BudgetSpent)


def test_a_plan_without_statements_costs_one_request():
    with a_company_world(plan=Plan(statements=False)) as world:
        with pytest.raises(ConfigurationError, match="take a premium key"):
            fundamentals(world).fetch("AAA", since=None)
        assert world.peer.count() == 1


def test_a_function_that_is_gone_is_told():
    with a_company_world() as world:
        world.peer.fail("no_such_function", function="CASH_FLOW")
        with pytest.raises(ConfigurationError, match="does not give CASH_FLOW"):
            fundamentals(world).fetch("AAA", since=None)


@pytest.mark.parametrize("name", RATE_LIMITED)
def test_too_many_requests_are_waited_out_and_repeated(name):
    with a_company_world() as world:
        world.peer.fail(name, times=2)
        assert len(fundamentals(world).fetch("AAA", since=None).facts) == 14
        assert [seconds for seconds in world.waits if seconds >= 2.0] == [2.0, 20.0]
        assert world.spent == world.peer.count() == 7


@pytest.mark.parametrize("name", DAY_USED_UP)
def test_a_day_the_vendor_calls_used_up_ends_and_names_the_ways_out(name):
    with a_company_world() as world:
        world.peer.fail(name, function="BALANCE_SHEET")
        with pytest.raises(BudgetSpent, match=r"data\.reference\.fundamentals = edgar") as refused:
            fundamentals(world).fetch("AAA", since=None)
        assert KEY not in str(refused.value)
        assert fundamentals(world).plan(["AAA"]).left == 0
        with pytest.raises(BudgetSpent):
            fundamentals(world).fetch("AAA", since=None)
        assert world.peer.count() == 3


def test_a_key_that_is_refused_names_its_setting():
    with (
        a_company_world(keys=frozenset({"ANOTHER"})) as world,
        pytest.raises(ConfigurationError, match=r"data\.alpha_vantage\.api_key"),
    ):
        fundamentals(world).fetch("AAA", since=None)


@pytest.mark.parametrize("name", UNRECOGNISED)
def test_a_wording_nobody_knows_is_told_and_tried_later(name):
    with a_company_world() as world:
        world.peer.fail(name, function="CASH_FLOW")
        with pytest.raises(SourceAway, match="a reason not known here"):
            fundamentals(world).fetch("AAA", since=None)


def test_a_kept_answer_nobody_can_read_or_about_another_symbol_is_asked_for_again():
    about_bbb = b'{"symbol": "BBB", "quarterlyReports": []}'
    with a_company_world() as world:
        world.spool.keep(world.account, "EARNINGS AAA", b"{half")
        world.spool.keep(world.account, "INCOME_STATEMENT AAA", about_bbb)
        assert len(fundamentals(world).fetch("AAA", since=None).facts) == 14
        assert world.peer.count() == 5


def test_the_answers_on_file_come_through_whole(shared_data):
    folder = shared_data / "alphavantage"
    nothing = {"symbol": "IBM", "annualReports": [], "quarterlyReports": []}
    recorded = Recorded(
        documents={
            "EARNINGS": json.loads((folder / "EARNINGS_IBM.json").read_text()),
            "INCOME_STATEMENT": json.loads((folder / "INCOME_STATEMENT_IBM.json").read_text()),
            "BALANCE_SHEET": nothing,
            "CASH_FLOW": nothing,
            "OVERVIEW": json.loads((folder / "OVERVIEW_IBM_2020.json").read_text()),
        }
    )
    with a_company_world({"IBM": recorded}, now=datetime(2021, 8, 2, tzinfo=UTC)) as world:
        received = fundamentals(world).fetch("IBM", since=None)
        assert (received.refused, received.absence) == ((), None)
        assert len(received.facts) == 7 * 25 + 1
        assert received.facts[-1].value == 890_579_008.0
        assert max(fact.known_at for fact in received.facts[:-1]) < datetime(2020, 8, 1, tzinfo=UTC)
