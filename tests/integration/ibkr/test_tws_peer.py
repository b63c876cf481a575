"""The TWS-protocol server, spoken to by the unmodified ib_insync client: who may come, what is."""

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import date, timedelta

import pytest

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import Client, a_stock, kept_out, talk, until
from tests.peers.tws import notices
from tests.peers.tws.faults import Held, Point, Refuse
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.market import RawBar, a_listing, market_of_closes
from tests.peers.tws.process import ROOT
from tests.peers.tws.running import running_gateway

DAYS = sessions_from(date(2024, 1, 2), count=40)
EVENING = calendar.session_close(DAYS[-1]) + timedelta(hours=1)

HOLDER = """
import socket, sys
held = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
held.sendall(b"API\\0\\0\\0\\0\\x09v157..176" + b"\\0\\0\\0\\x0871\\x002\\x002\\0\\0")
while True:
    held.recv(4096)
"""


@pytest.fixture
def gateway():
    market = market_of_closes({"AAPL": range(100, 140), "BRK.B": [300.0] * 40}, DAYS)
    with running_gateway(market, now=EVENING) as gateway:
        yield gateway


def test_a_client_connects_and_learns_its_account_and_first_order_id(gateway):
    async def conversation(client):
        api = client.ib.client
        await api.connectAsync(gateway.host, gateway.port, 2)
        await client.told(2158)
        return api.serverVersion(), api.getAccounts(), api.getReqId(), client.errors

    version, accounts, order_id, errors = talk(conversation)
    assert (version, accounts, order_id) == (176, ["DU1234567"], 1)
    assert [(number, code) for number, code, _ in errors] == [(-1, 2104), (-1, 2106), (-1, 2158)]


def test_the_full_connect_synchronises_an_empty_account(gateway):
    async def conversation(client):
        ib = client.ib
        return ib.positions(), ib.trades(), ib.fills(), ib.accountValues(), client.codes

    assert talk(conversation, gateway=gateway) == ([], [], [], [], [])


def test_the_server_tells_the_time_of_its_own_clock(gateway):
    async def conversation(client):
        return await client.ib.reqCurrentTimeAsync()

    assert talk(conversation, gateway=gateway) == EVENING


def test_a_client_id_in_use_is_refused_and_the_socket_closed(gateway):
    async def conversation(first):
        second = Client()
        await kept_out(second, gateway)
        return first.ib.isConnected(), second.errors

    first_is_connected, errors = talk(conversation, gateway=gateway)
    assert first_is_connected
    assert errors == [(-1, 326, notices.ID_IN_USE.text)]
    assert [(one.client_id, one.code) for one in gateway.ledger.refusals] == [(2, 326)]


def test_a_client_id_is_free_again_once_its_holder_left(gateway):
    async def conversation(_client):
        return gateway.connected_ids

    assert talk(conversation, gateway=gateway) == (2,)
    assert talk(conversation, gateway=gateway) == (2,)
    assert gateway.ledger.times_connected(2) == 2


def test_a_client_id_is_free_again_once_its_holder_is_killed(gateway):
    async def conversation(client):
        await until(lambda: gateway.connected_ids == (2,))
        holder.kill()
        holder.wait()
        await until(lambda: gateway.connected_ids == ())
        await client.connect(gateway)
        return client.ib.isConnected()

    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(gateway.port)], cwd=ROOT)
    try:
        assert talk(conversation)
    finally:
        holder.kill()


def test_a_killed_session_can_linger_as_a_client_id_in_use_for_a_while(gateway):
    gateway.fault(Point.START_API, Refuse(notices.ID_IN_USE, then_close=True), client_id=2)

    async def conversation(client):
        await kept_out(client, gateway)
        again = await Client().connect(gateway)
        again.ib.disconnect()
        return client.codes

    assert talk(conversation) == [326]


def test_two_clients_are_served_side_by_side(gateway):
    async def conversation(first):
        second = await Client().connect(gateway, 7)
        both = await asyncio.gather(first.bars("AAPL"), second.bars("AAPL"))
        connected = gateway.connected_ids
        second.ib.disconnect()
        return connected, [len(bars) for bars in both]

    assert talk(conversation, gateway=gateway) == ((2, 7), [3, 3])


def test_a_stranger_to_the_protocol_is_hung_up_on(gateway):
    with socket.create_connection((gateway.host, gateway.port), timeout=60) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert stranger.recv(100) == b""
    events = [one.event for one in gateway.ledger.connections]
    assert ConnectionEvent.NAMED not in events


def test_a_message_the_server_does_not_speak_is_refused(gateway):
    async def conversation(client):
        client.ib.client.reqScannerParameters()
        await client.told(505)

    talk(conversation, gateway=gateway)


def test_market_data_is_not_subscribed():
    async def conversation(client):
        client.ib.reqMktData(a_stock("AAPL"))
        await client.told(354)

    market = market_of_closes({"AAPL": [100.0] * 40}, DAYS)
    with running_gateway(market, now=EVENING, is_subscribed=False) as gateway:
        talk(conversation, gateway=gateway)


def test_a_contract_is_found_by_its_ticker_in_the_spelling_of_tws(gateway):
    async def conversation(client):
        return [await client.details(name) for name in ("BRK B", "BRK.B", "NOPE")], client.errors

    ((found,), dotted, unknown), errors = talk(conversation, gateway=gateway)
    assert (found.contract.symbol, found.contract.localSymbol) == ("BRK B", "BRK B")
    assert (dotted, unknown) == ([], [])
    assert {text for _, code, text in errors if code == 200} == {notices.UNKNOWN_CONTRACT.text}


def test_contract_details_say_what_kind_of_company_it_is(gateway):
    gateway.list_contract(
        a_listing("SPY", long_name="SPDR S&P 500", primary_exchange="ARCA", stock_type="ETF")
    )

    async def conversation(client):
        (details,) = await client.details("SPY")
        return details

    details = talk(conversation, gateway=gateway)
    assert (details.longName, details.stockType) == ("SPDR S&P 500", "ETF")
    assert (details.contract.primaryExchange, details.contract.currency) == ("ARCA", "USD")
    assert details.liquidHours == "20240228:0930-20240228:1600"


def test_a_ticker_of_two_companies_is_ambiguous_until_the_exchange_is_named(gateway):
    gateway.list_contract(a_listing("AAPL", con_id=77, primary_exchange="ARCA"))

    async def conversation(client):
        both = await client.details("AAPL")
        one = await client.details("AAPL", primaryExchange="ARCA")
        assert await client.bars("AAPL") == []
        return both, one, client.codes

    both, (one,), codes = talk(conversation, gateway=gateway)
    assert len(both) == 2
    assert one.contract.conId == 77
    assert codes == [200]


def test_a_renamed_company_keeps_its_number_and_a_reused_ticker_gets_another(gateway):
    async def conversation(client):
        (before,) = await client.details("AAPL")
        number = before.contract.conId
        gateway.rename(number, "APPL")
        (renamed,) = await client.details("APPL")
        (by_number,) = await client.ib.reqContractDetailsAsync(a_stock("", conId=number))
        gateway.delist(number)
        gateway.list_contract(a_listing("AAPL", con_id=78), RawBar(DAYS[-1], 5, 5, 5, 5, 100))
        (reused,) = await client.details("AAPL")
        (bar,) = await client.bars("AAPL")
        return number, renamed.contract, by_number.contract, reused.contract, bar.close

    number, renamed, by_number, reused, close = talk(conversation, gateway=gateway)
    assert (renamed.conId, by_number.symbol) == (number, "APPL")
    assert (reused.conId, close) == (78, 5.0)


def test_a_request_is_kept_with_who_asked_what_and_when(gateway):
    async def conversation(client):
        await client.details("BRK B")
        both = asyncio.gather(client.bars("AAPL"), client.bars("BRK B"))
        await until(lambda: len(gateway.ledger.asked(Point.HISTORICAL_DATA)) == 2)
        gateway.let_go()
        await both

    # The second is asked before the first is answered, on any machine.
    gateway.fault(Point.HISTORICAL_DATA, Held(), symbol="AAPL")
    talk(conversation, gateway=gateway)
    ledger = gateway.ledger
    (details,) = ledger.asked(Point.CONTRACT_DETAILS)
    bars = ledger.asked(Point.HISTORICAL_DATA)
    assert (details.client_id, details.symbol) == (2, "BRK B")
    assert [request.symbol for request in bars] == ["AAPL", "BRK B"]
    assert details.at <= bars[0].at <= bars[1].at
    assert ledger.most_in_flight[Point.HISTORICAL_DATA] == 2
    assert ledger.in_flight[Point.HISTORICAL_DATA] == 0
