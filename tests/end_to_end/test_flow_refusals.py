"""What a person reads where a vendor gives no bars, and what stays unsaid."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.vendors import (
    ACCOUNT,
    KEY,
    a_market,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    by_ibkr,
    dump,
    foreign_client,
    gateway_market,
    symbols_of,
    table_of,
    vendor_table,
)
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    NOW,
    SESSION,
    all_that_prefect_knows,
    artifacts_of,
)
from tests.peers.alpha_vantage.server import Plan, alpha_vantage
from tests.peers.tws import notices
from tests.peers.tws.faults import Empty, LoseLink, Point, Refuse, Restart
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.running import running_gateway

pytestmark = pytest.mark.usefixtures("impatient")

SYMBOLS = symbols_of(6)
GONE = SYMBOLS[5]
MARKET = a_market(SYMBOLS)
BEFORE = before_the_session(MARKET)
OTHER_ACCOUNT = "DU9999999"
SECRETS = (KEY, ACCOUNT, OTHER_ACCOUNT)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a run ended, and what the vendor saw of it."""

    state: Any
    requests: int

    @property
    def attention(self):
        """What the run wants looked at: symbol, what and why."""
        rows = table_of(artifacts_of(self.state)["bars-attention"])
        return [(row["symbol"], row["what"], row["detail"]) for row in rows]


@pytest.fixture
def a_day(vendor_worlds, home, capfd):
    """A function that runs the day and looks for secrets in everything it left."""

    def run(source, settings):
        with vendor_worlds(home, as_given_by(source, BEFORE), **settings) as world:
            state = daily_pipeline(return_state=True)
            left = all_that_prefect_knows(state) + dump(world) + str(world.signals())
            written = "".join(file.read_text() for file in home.rglob("*.log"))
            said = "".join(capfd.readouterr())
        assert [secret for secret in SECRETS if secret in left + written + said] == []
        return state

    return run


@pytest.fixture
def by_vendor(a_day):
    """A function that runs the day on an Alpha Vantage with something wrong."""

    def run(*, faults=(), table=MARKET, settings=None, **peer):
        with alpha_vantage(vendor_table(table), **peer) as vendor:
            for name, fault in faults:
                vendor.fail(name, **fault)
            state = a_day("alpha_vantage", by_alpha_vantage(vendor.url) | (settings or {}))
            return Told(state=state, requests=len(vendor.requests))

    return run


@pytest.fixture
def by_gateway(a_day):
    """A function that runs the day on a gateway with something wrong."""

    def run(*, faults=(), delisted=(), settings=None, beside=None):
        market = gateway_market(MARKET)
        for symbol in delisted:
            market.delist(market.con_id(symbol))
        with (
            running_gateway(market, now=NOW, accounts=(ACCOUNT,)) as gateway,
            ExitStack() as stack,
        ):
            for point, effect, row in faults:
                gateway.fault(point, effect, **row)
            if beside is not None:
                stack.enter_context(beside(gateway))
            changes = {"BROKER__IBKR__ACCOUNT": ACCOUNT} | (settings or {})
            state = a_day("ibkr", by_ibkr(gateway.port) | changes)
            ledger = gateway.ledger
        return Told(state=state, requests=len(ledger.asked(Point.HISTORICAL_DATA))), ledger

    return run


def test_a_wrong_key_is_named_with_its_setting(by_vendor):
    told = by_vendor(keys=frozenset({"ANOTHERK3Y16CHAR"}))
    assert told.state.is_failed()
    assert "the key is refused; check data.alpha_vantage.api_key" in told.state.message
    assert "apikey is invalid or missing" in told.state.message
    assert told.requests <= 2


def test_no_key_is_told_before_anything_is_asked(by_vendor):
    told = by_vendor(settings={"DATA__ALPHA_VANTAGE__API_KEY": None})
    assert told.state.is_failed()
    assert "data.alpha_vantage.api_key" in told.state.message
    assert told.requests == 0


def test_a_day_used_up_elsewhere_is_told_without_the_key_it_echoes(by_vendor):
    told = by_vendor(faults=[("day_echoes_key", {"times": 9})])
    assert told.state.is_failed()
    assert "the key's day is used up" in told.state.message
    assert "[redacted]" in told.state.message
    assert told.requests == 1


def test_a_refusal_nobody_knows_is_told_without_the_key(by_vendor):
    told = by_vendor(faults=[("never_seen_error", {"times": 9})])
    assert told.state.is_failed()
    assert "Something about [redacted] went wrong" in told.state.message


def test_a_plan_that_gives_no_daily_series_is_told_with_the_ways_out(by_vendor):
    refused = ("premium_endpoint", {"times": 9, "function": "TIME_SERIES_DAILY"})
    told = by_vendor(faults=[refused], plan=Plan(premium=False))
    assert told.state.is_failed()
    assert "even the plain daily series is premium for this key" in told.state.message
    assert "data.source = ibkr" in told.state.message


def test_a_symbol_alpha_vantage_does_not_know_is_named_and_shown(by_vendor):
    known = MARKET.take(MARKET.symbol_index != SYMBOLS.index(GONE))
    told = by_vendor(table=known)
    assert told.state.is_failed()
    assert f"alpha_vantage: unknown symbol ({GONE})" in told.state.message
    [(symbol, what, detail)] = told.attention
    assert (symbol, what) == (GONE, "absent: unknown_symbol")
    assert "Invalid API call" in detail


def test_a_session_not_published_yet_costs_three_requests_however_often_it_is_tried(by_vendor):
    told = by_vendor(through=HISTORY_ENDS)
    assert told.state.is_failed()
    assert f"has not published {SESSION} yet" in told.state.message
    assert "ask again from" in told.state.message
    assert told.requests == 3


def test_a_closed_gateway_is_named_with_its_settings(by_gateway):
    @contextmanager
    def closed(gateway):
        gateway.shut()
        yield

    told, _ = by_gateway(beside=closed)
    assert told.state.is_failed()
    assert "nothing listens on 127.0.0.1:" in told.state.message
    assert "start TWS or IB Gateway" in told.state.message


def test_a_client_id_taken_by_another_program_is_named_with_its_setting(by_gateway):
    told, ledger = by_gateway(beside=foreign_client)
    assert told.state.is_failed()
    assert "client id 2 (broker.ibkr.client_id + 1) is in use" in told.state.message
    assert "broker.ibkr.client_id" in told.state.message
    assert set(ledger.codes()) == {326}
    assert told.requests == 0


def test_an_account_the_gateway_does_not_manage_is_told_without_a_number(by_gateway):
    told, _ = by_gateway(settings={"BROKER__IBKR__ACCOUNT": OTHER_ACCOUNT})
    assert told.state.is_failed()
    assert "none is the one of broker.ibkr.account" in told.state.message
    assert told.requests == 0


def test_pacing_that_does_not_end_is_told_as_such(by_gateway):
    told, _ = by_gateway(faults=[(Point.HISTORICAL_DATA, Refuse(notices.PACING), {"times": None})])
    assert told.state.is_failed()
    assert "0 of 6 expected symbols are stored" in told.state.message
    assert "pacing violation; it went on for too long" in told.state.message
    assert {(symbol, what) for symbol, what, _ in told.attention} == {
        (symbol, "absent: failed") for symbol in SYMBOLS
    }
    assert all("pacing violation" in detail for _, _, detail in told.attention)
    assert all("ask again later" in detail for _, _, detail in told.attention)


def test_empty_answers_without_a_reason_are_failures(by_gateway):
    told, _ = by_gateway(faults=[(Point.HISTORICAL_DATA, Empty(), {"times": None, "symbol": GONE})])
    assert told.state.is_failed()
    [(symbol, what, detail)] = told.attention
    assert (symbol, what) == (GONE, "absent: failed")
    assert "answered twice with nothing and no reason" in detail


def test_a_symbol_ibkr_does_not_know_is_named_and_shown(by_gateway):
    told, _ = by_gateway(delisted=[GONE])
    assert told.state.is_failed()
    assert f"ibkr: unknown symbol ({GONE})" in told.state.message
    [(symbol, what, detail)] = told.attention
    assert (symbol, what) == (GONE, "absent: unknown_symbol")
    assert "IBKR error 200" in detail


@pytest.mark.parametrize("data_lost", [True, False], ids=["1101", "1102"])
def test_a_lost_line_to_ibkr_in_the_middle_is_survived(by_gateway, data_lost):
    lost = LoseLink(0.3, data_lost)
    told, ledger = by_gateway(faults=[(Point.HISTORICAL_DATA, lost, {"skip": 3})])
    assert told.state.is_completed(), told.state.message
    named = [one for one in ledger.connections if one.event is ConnectionEvent.NAMED]
    assert [one.client_id for one in named] == [2]


def test_a_restart_of_the_gateway_in_the_middle_is_survived(by_gateway):
    told, ledger = by_gateway(faults=[(Point.HISTORICAL_DATA, Restart(0.2), {"skip": 3})])
    assert told.state.is_completed(), told.state.message
    named = [one for one in ledger.connections if one.event is ConnectionEvent.NAMED]
    assert [one.client_id for one in named] == [2, 2]
    assert 326 not in ledger.codes()
