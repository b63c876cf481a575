"""Sources by priority: IBKR first, Alpha Vantage for what it lacks."""

from dataclasses import replace

import numpy as np
import pytest

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.vendors import (
    a_market,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    by_ibkr,
    gateway_market,
    rows_of,
    symbols_of,
    table_of,
    vendor_table,
)
from tests.end_to_end.worlds import HISTORY_ENDS, NOW, SESSION, artifacts_of
from tests.peers.alpha_vantage.server import alpha_vantage
from tests.peers.tws.running import running_gateway
from tests.ports import a_free_port

pytestmark = pytest.mark.usefixtures("impatient")

SYMBOLS = ("BRK.B", *symbols_of(5))
KNOWN, UNKNOWN = SYMBOLS[:4], SYMBOLS[4:]
MARKET = a_market(SYMBOLS)


def given(symbols, bars=MARKET):
    """The bars of some symbols."""
    return bars.take(np.isin(bars.symbol_index, [bars.symbols.index(one) for one in symbols]))


def both(port, url):
    """Settings that ask IBKR first."""
    return {**by_alpha_vantage(url), **by_ibkr(port), "DATA__FALLBACK": '["alpha_vantage"]'}


def sources_of_the_session(world):
    """Who gave each symbol's bar of the session, and why."""
    found = world.rows(
        "SELECT symbol, source, reason FROM newest_bars"
        f" WHERE session = '{SESSION}' ORDER BY symbol"
    )
    return {symbol: (source, reason) for symbol, source, reason in found}


def market_without(symbols):
    """A gateway's market that knows some symbols no more."""
    market = gateway_market(MARKET)
    for symbol in symbols:
        market.delist(market.con_id(symbol))
    return market


def test_what_ibkr_does_not_know_comes_from_alpha_vantage(vendor_worlds, home):
    history = before_the_session(MARKET)
    with (
        running_gateway(market_without(UNKNOWN), now=NOW) as gateway,
        alpha_vantage(vendor_table(MARKET)) as vendor,
        vendor_worlds(
            home,
            as_given_by("ibkr", given(KNOWN, history)),
            as_given_by("alpha_vantage", given(UNKNOWN, history)),
            **both(gateway.port, vendor.url),
        ) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        assert sources_of_the_session(world) == {
            **dict.fromkeys(KNOWN, ("ibkr", "")),
            **dict.fromkeys(UNKNOWN, ("alpha_vantage", "ibkr: unknown symbol")),
        }
        assert sorted(asked.symbol for asked in vendor.requests) == list(UNKNOWN)
        shown = table_of(artifacts_of(state)["bar-sources"])
        assert [(row["source"], row["asked"], row["given"]) for row in shown] == [
            ("ibkr", 6, 4),
            ("alpha_vantage", 2, 2),
        ]
        facts = state.result().facts
        assert facts["bars"] == "6 of 6 expected symbols (100.0 %)"


def test_with_the_gateway_closed_everything_comes_from_alpha_vantage(vendor_worlds, home):
    port = a_free_port()
    with (
        alpha_vantage(vendor_table(MARKET)) as vendor,
        vendor_worlds(
            home, as_given_by("ibkr", before_the_session(MARKET)), **both(port, vendor.url)
        ) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        found = sources_of_the_session(world)
        assert {source for source, _ in found.values()} == {"alpha_vantage"}
        [reason] = {reason for _, reason in found.values()}
        assert reason.startswith(f"ibkr: nothing listens on 127.0.0.1:{port}")
        assert set(found) == set(SYMBOLS)
        first, second = table_of(artifacts_of(state)["bar-sources"])
        assert (first["source"], first["given"]) == ("ibkr", 0)
        assert "nothing listens" in first["ended by"]
        assert (second["source"], second["given"]) == ("alpha_vantage", 6)


def test_where_the_sources_disagree_it_is_shown_and_the_stored_bar_stays(vendor_worlds, home):
    symbol = UNKNOWN[0]
    is_off = rows_of(MARKET, symbol) & (MARKET.session == np.datetime64(HISTORY_ENDS))
    off = replace(MARKET, close=np.where(is_off, MARKET.close * 1.03, MARKET.close))
    off = replace(off, high=np.maximum(off.high, off.close))
    stored = f"SELECT * FROM newest_bars WHERE session < '{SESSION}' ORDER BY symbol, session"
    with (
        running_gateway(market_without([symbol]), now=NOW) as gateway,
        alpha_vantage(vendor_table(off)) as vendor,
        vendor_worlds(
            home,
            as_given_by("ibkr", before_the_session(MARKET)),
            **both(gateway.port, vendor.url),
        ) as world,
    ):
        before = world.rows(stored)
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        assert sources_of_the_session(world)[symbol] == ("alpha_vantage", "ibkr: unknown symbol")
        assert world.rows(stored) == before
        assert world.rows("SELECT count(*) FROM bar_revisions") == [(0,)]
        [row] = table_of(artifacts_of(state)["bars-attention"])
        assert (row["symbol"], row["what"]) == (symbol, "sources disagree")
        assert world.run_record()[2]["to look at"].startswith("sources disagree 1; see")
        assert f"{HISTORY_ENDS}: " in row["detail"]
        assert "stored from ibkr" in row["detail"]
        assert "(3.00 %)" in row["detail"]


def test_what_the_fallback_has_no_requests_left_for_is_missing_and_named(vendor_worlds, home):
    left_out = SYMBOLS[-1]
    with (
        alpha_vantage(vendor_table(MARKET)) as vendor,
        vendor_worlds(
            home,
            as_given_by("ibkr", before_the_session(MARKET)),
            **(both(a_free_port(), vendor.url) | {"DATA__ALPHA_VANTAGE__REQUESTS_PER_DAY": 5}),
        ) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_failed()
        assert "5 of 6 expected symbols are stored" in state.message
        assert f"alpha_vantage: the day's requests are used up ({left_out})" in state.message
        assert set(sources_of_the_session(world)) == set(SYMBOLS) - {left_out}
        assert len(vendor.requests) == 5
        assert world.signals() == []
