"""A history of several months from each vendor, through the command line."""

import pytest

from alpha_oracle import calendar
from tests.end_to_end.command_line import PATIENCE_SECONDS, ask, begin_process
from tests.end_to_end.vendors import (
    DATA_CLIENT,
    a_market,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    by_ibkr,
    gateway_market,
    symbols_of,
    vendor_table,
)
from tests.end_to_end.worlds import NOW, SESSION
from tests.peers.alpha_vantage.server import alpha_vantage
from tests.peers.tws.faults import Point
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.running import running_gateway

pytestmark = pytest.mark.usefixtures("impatient")

SYMBOLS = ("BRK.B", *symbols_of(3))
SESSIONS = 130
MARKET = a_market(SYMBOLS, sessions=SESSIONS)
RANGE = (
    *("--start", calendar.shift_session(SESSION, 1 - SESSIONS), "--end", SESSION),
    *("--symbols", ",".join(SYMBOLS)),
)
STORED = "SELECT symbol, session, close::float, volume::float FROM newest_bars ORDER BY 1, 2"


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


def expected():
    """Every bar of the market."""
    names = [MARKET.symbols[code] for code in MARKET.symbol_index]
    columns = (MARKET.session.tolist(), MARKET.close.tolist(), MARKET.volume.tolist())
    return sorted(zip(names, *columns, strict=True))


def test_alpha_vantage_is_asked_once_a_symbol_for_all_of_it_and_then_no_more(vendor_worlds, home):
    with (
        alpha_vantage(vendor_table(MARKET)) as vendor,
        vendor_worlds(home, **by_alpha_vantage(vendor.url)) as world,
    ):
        first = ask("backfill", *RANGE)
        assert first.code == 0, first.err
        assert world.rows(STORED) == expected()
        assert [asked.outputsize for asked in vendor.requests] == ["full"] * len(SYMBOLS)
        again = ask("backfill", *RANGE)
        assert again.code == 0, again.err
        assert len(vendor.requests) == len(SYMBOLS)


def test_ibkr_is_asked_once_a_symbol_for_all_of_it_and_then_no_more(vendor_worlds, home):
    with (
        running_gateway(gateway_market(MARKET), now=NOW) as gateway,
        vendor_worlds(home, **by_ibkr(gateway.port)) as world,
    ):
        first = ask("backfill", *RANGE)
        assert first.code == 0, first.err
        assert world.rows(STORED) == expected()
        assert len(gateway.ledger.asked(Point.HISTORICAL_DATA)) == len(SYMBOLS)
        again = ask("backfill", *RANGE)
        assert again.code == 0, again.err
        assert len(gateway.ledger.asked(Point.HISTORICAL_DATA)) == len(SYMBOLS)
        assert len(gateway.ledger.asked(Point.CONTRACT_DETAILS)) == len(SYMBOLS)


@pytest.mark.slow
def test_a_backfill_and_a_daily_run_take_turns_at_the_client_id(vendor_worlds, home):
    history = before_the_session(MARKET)
    month = ("--start", calendar.shift_session(SESSION, -150), "--end", history.session[0])
    with (
        running_gateway(gateway_market(MARKET), now=NOW, latency_seconds=2.0) as gateway,
        vendor_worlds(home, as_given_by("ibkr", history), **by_ibkr(gateway.port)) as world,
        begin_process(world.environment, "backfill", *month, "--symbols", "BRK.B") as one,
        begin_process(world.environment, "pipeline", "--json") as other,
    ):
        for process in (one, other):
            _, said = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0, said
        ledger = gateway.ledger
    assert [one.event for one in ledger.connections if one.client_id == DATA_CLIENT] == [
        *(ConnectionEvent.NAMED, ConnectionEvent.CLOSED),
        *(ConnectionEvent.NAMED, ConnectionEvent.CLOSED),
    ]
    assert ledger.codes() == []
