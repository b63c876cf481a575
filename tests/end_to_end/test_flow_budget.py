"""The day's requests of a key, and a session that needs more."""

import json

import pytest

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.killed import run_in_new_process
from tests.end_to_end.vendors import (
    a_market,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    symbols_of,
    table_of,
    vendor_table,
)
from tests.end_to_end.worlds import artifacts_of
from tests.peers.alpha_vantage.server import Plan, alpha_vantage
from tests.peers.slack import slack

SYMBOLS = symbols_of(26)
MARKET = a_market(SYMBOLS, sessions=10)
FREE = Plan(premium=False, per_day=25)
WAYS_OUT = ("--symbols", "the next day", "premium", "data.source to ibkr")


@pytest.fixture
def vendor():
    """An Alpha Vantage that gives a free key 25 requests."""
    with alpha_vantage(vendor_table(MARKET), plan=FREE) as vendor:
        yield vendor


@pytest.fixture
def world(vendor, vendor_worlds, home):
    """An installation of 26 symbols with a free key."""
    settings = by_alpha_vantage(vendor.url, DATA__ALPHA_VANTAGE__REQUESTS_PER_DAY=25)
    before = as_given_by("alpha_vantage", before_the_session(MARKET))
    with vendor_worlds(home, before, **settings) as world:
        yield world


def spend(world, count, *, when):
    """Let so many requests have been counted by now; `when` is SQL."""
    [(account,)] = world.rows("SELECT DISTINCT account FROM request_log")
    world.rows(
        f"INSERT INTO request_log (account, requested_at)"
        f" SELECT '{account}', {when} - number * INTERVAL '1 second'"
        f" FROM generate_series(1, {count}) AS number"
    )


def test_26_symbols_on_25_requests_are_refused_before_the_first(vendor, world, monkeypatch):
    with slack() as server:
        hook = f"{server.url}/services/T0/B0/hook"
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__SLACK__WEBHOOK_URL", hook)
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__SLACK__BASE_URL", server.url)
        state = daily_pipeline(return_state=True)
    assert state.is_failed()
    assert vendor.requests == []
    told = "26 requests are needed for 26 symbols, but of 25 a day 25 are left today"
    [(_, _, body)] = server.received
    for text in (state.message, json.loads(body)["text"], world.run_record()[1]):
        assert told in text
        assert [way for way in WAYS_OUT if way not in text] == []
    [row] = table_of(artifacts_of(state)["request-plan"])
    assert (row["requests"], row["left today"], row["a day"]) == (26, 25, 25)


def test_25_symbols_on_25_requests_pass(vendor, world):
    state = daily_pipeline(symbols=list(SYMBOLS[:25]), return_state=True)
    assert state.is_completed(), state.message
    assert len(vendor.requests) == 25


def test_what_was_spent_yesterday_in_new_york_does_not_count_today(vendor, world):
    daily_pipeline(symbols=list(SYMBOLS[:1]))
    begun = len(vendor.requests)
    midnight = "date_trunc('day', now() AT TIME ZONE 'America/New_York')"
    spend(world, 25, when=f"({midnight}) AT TIME ZONE 'America/New_York'")
    left = 25 - begun
    state = daily_pipeline(symbols=list(SYMBOLS[1 : 1 + left]), return_state=True)
    assert state.is_completed(), state.message
    assert len(vendor.requests) == 25


def test_what_another_process_spent_is_spent(vendor, world, prefect_url):
    code, _ = run_in_new_process(world.environment, prefect_url, symbols=list(SYMBOLS[:20]))
    assert code == 0
    spent = len(vendor.requests)
    assert spent in {20, 21}
    state = daily_pipeline(return_state=True)
    assert state.is_failed()
    assert f"6 requests are needed for 6 symbols, but of 25 a day {25 - spent} are left" in (
        state.message
    )
    assert len(vendor.requests) == spent
    # The rest of the day is enough for all but one or two of them.
    few = daily_pipeline(symbols=list(SYMBOLS[20 : 45 - spent]), return_state=True)
    assert few.is_completed(), few.message
    assert len(vendor.requests) == 25
