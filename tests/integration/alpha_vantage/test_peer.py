"""The local Alpha Vantage says what the real one does."""

import json
from dataclasses import replace
from datetime import date

import pytest
import requests

from alpha_oracle.adapters.alpha_vantage.translate import bars_of, read_series
from tests.builders import bars_of_rows, received
from tests.integration.alpha_vantage.companies import a_company_world
from tests.integration.alpha_vantage.worlds import FREE, KEY, a_market, a_split, a_world
from tests.peers.alpha_vantage.series import as_table
from tests.peers.alpha_vantage.server import ADJUSTED, PLAIN, Plan, alpha_vantage


def asked(peer, function=ADJUSTED, symbol="AAA", **parameters):
    query = {"function": function, "symbol": symbol, "apikey": KEY, **parameters}
    return requests.get(f"{peer.url}/query", params=query, timeout=60).json()


@pytest.mark.parametrize("function", [PLAIN, ADJUSTED])
def test_an_answer_on_file_comes_back_as_it_is(function, shared_data):
    path = shared_data / "alphavantage" / f"{function}_MSFT_compact.json"
    recorded = json.loads(path.read_text())
    series = read_series(recorded, "MSFT", finished=date(2019, 8, 2))
    bars = bars_of(series, start=date(2019, 1, 1), end=date(2019, 12, 31))
    rows = [("MSFT", row[0].isoformat(), *row[1:]) for row in bars.rows]
    whole = replace(received(bars_of_rows(rows)), actions=bars.actions)
    with alpha_vantage(as_table(whole)) as peer:
        told = asked(peer, function, "MSFT")
    # What a share's dividends were worth later is not served: nobody reads that column.
    for days in (recorded["Time Series (Daily)"], told["Time Series (Daily)"]):
        for day in days.values():
            day.pop("5. adjusted close", None)
    assert told == recorded
    assert list(told["Time Series (Daily)"]) == list(recorded["Time Series (Daily)"])


def test_compact_holds_the_last_hundred_points_and_full_all():
    with a_world(bars=a_market(sessions=150)) as world:
        assert len(asked(world.peer)["Time Series (Daily)"]) == 100
        assert len(asked(world.peer, outputsize="full")["Time Series (Daily)"]) == 150


def test_a_free_plan_refuses_what_is_premium():
    with a_world(plan=FREE) as world:
        assert "is a premium endpoint" in asked(world.peer)["Information"]
        assert "premium feature" in asked(world.peer, PLAIN, outputsize="full")["Information"]
        assert "Meta Data" in asked(world.peer, PLAIN)


def test_the_limits_of_a_plan_are_enforced_when_asked():
    with a_world(plan=Plan(per_minute=2, per_day=3)) as world:
        answers = [asked(world.peer) for _ in range(4)]
        assert ["Meta Data" in answer for answer in answers] == [True, True, False, False]
        assert "5 calls per minute" in answers[2]["Note"]
        assert KEY in answers[3]["Information"]


def test_requests_are_counted_by_function_and_symbol():
    with a_world() as world:
        asked(world.peer)
        asked(world.peer, PLAIN)
        asked(world.peer, PLAIN, "BBB")
        assert world.peer.count() == 3
        assert world.peer.count(function=PLAIN) == 2
        assert world.peer.count(symbol="AAA") == 2


def test_splits_are_served_on_their_day():
    with a_world() as world:
        days = asked(world.peer)["Time Series (Daily)"]
        on = {day: row["8. split coefficient"] for day, row in days.items()}
        assert on.pop(a_split().ex_date.isoformat()) == "2.0000"
        assert set(on.values()) == {"1.0000"}


@pytest.mark.parametrize("function", ["INCOME_STATEMENT", "EARNINGS", "OVERVIEW"])
def test_a_companys_answer_has_the_shape_of_one_on_file(function, shared_data):
    name = f"{function}_IBM_2020" if function == "OVERVIEW" else f"{function}_IBM"
    recorded = json.loads((shared_data / "alphavantage" / f"{name}.json").read_text())
    with a_company_world() as world:
        told = asked(world.peer, function)
    if function == "OVERVIEW":
        assert set(told) <= set(recorded)
        return
    assert list(told) == list(recorded)
    for reports in list(told)[1:]:
        ends = [row["fiscalDateEnding"] for row in told[reports]]
        assert ends == sorted(ends, reverse=True)
        assert list(told[reports][0])[:2] == list(recorded[reports][0])[:2]
        assert {type(value) for row in told[reports] for value in row.values()} == {str}


def test_a_company_nobody_knows_is_an_empty_object():
    with a_company_world() as world:
        assert asked(world.peer, "BALANCE_SHEET", "NOSUCH") == {}


def test_a_plan_without_statements_refuses_them_alone():
    with a_company_world(plan=Plan(statements=False)) as world:
        assert "is a premium endpoint" in asked(world.peer, "CASH_FLOW")["Information"]
        assert "Meta Data" in asked(world.peer)
