"""Orders at the TWS-protocol server, placed by the unmodified ib_insync client."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from ib_insync import LimitOrder, MarketOrder

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import a_stock, talk, until
from tests.peers.tws import notices
from tests.peers.tws.faults import Adding, DoThenClose, Overtaken, Point, Silent, Twice, Withheld
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway

DAYS = sessions_from(date(2024, 1, 2), count=40)
TEN = datetime(2024, 2, 8, 15, 0, tzinfo=UTC)


@pytest.fixture
def gateway():
    market = market_of_closes({"AAPL": [100.0] * 40, "BRK.B": [300.0] * 40}, DAYS)
    with running_gateway(market, now=TEN) as gateway:
        yield gateway


def placed(client, order, symbol="AAPL", **fields):
    """Place an order as a program should: a reference, an account, a time in force."""
    order.tif, order.account = "DAY", "DU1234567"
    order.orderRef = fields.get("ref", "ref-1")
    return client.ib.placeOrder(a_stock(symbol), order)


def test_an_order_is_open_under_its_reference(gateway):
    async def conversation(client):
        trade = placed(client, LimitOrder("BUY", 100, 90))
        await until(lambda: trade.orderStatus.status == "Submitted")
        (told,) = await client.ib.reqAllOpenOrdersAsync()
        return trade.order, told.order

    mine, told = talk(conversation, gateway=gateway)
    assert (told.orderRef, told.permId, told.lmtPrice) == ("ref-1", mine.permId, 90.0)
    assert (told.clientId, told.account, told.tif) == (2, "DU1234567", "DAY")


def test_an_order_is_executed_at_the_quote_and_costs_something(gateway):
    gateway.quote("AAPL", bid=99.9, ask=100.1)

    async def conversation(client):
        trade = placed(client, MarketOrder("BUY", 100))
        await until(lambda: trade.fills and trade.fills[0].commissionReport.commission)
        return trade.fills[0], trade.orderStatus, await client.ib.reqPositionsAsync()

    fill, status, (held,) = talk(conversation, gateway=gateway)
    assert (fill.execution.shares, fill.execution.price, fill.execution.time) == (100, 100.1, TEN)
    assert fill.execution.execId.endswith(".01")
    assert (fill.commissionReport.commission, status.status) == (1.0, "Filled")
    assert (held.contract.symbol, held.position) == ("AAPL", 100)
    assert gateway.exchange.cash == 100_000 - 100 * Decimal("100.1") - 1


def test_a_completed_order_keeps_its_references_alone(gateway):
    gateway.quote("AAPL", bid=99.9, ask=100.1)

    async def conversation(client):
        trade = placed(client, MarketOrder("BUY", 100))
        await until(lambda: trade.orderStatus.status == "Filled")
        (told,) = await client.ib.reqCompletedOrdersAsync(apiOnly=False)
        return trade.order.permId, told.order

    perm_id, told = talk(conversation, gateway=gateway)
    assert (told.orderRef, told.permId) == ("ref-1", perm_id)
    assert (told.orderId, told.clientId, told.totalQuantity) == (0, 0, 0)


def test_a_cancelled_order_is_told_by_status_and_notice(gateway):
    async def conversation(client):
        trade = placed(client, LimitOrder("BUY", 100, 90))
        await until(lambda: trade.orderStatus.status == "Submitted")
        client.ib.cancelOrder(trade.order)
        await client.told(202)
        return trade.orderStatus.status

    assert talk(conversation, gateway=gateway) == "Cancelled"
    assert gateway.exchange.by_ref("ref-1").status == "Cancelled"


@pytest.mark.parametrize("code", [10147, 10148], ids=["of none", "of one that ended"])
def test_a_cancel_can_come_to_nothing(gateway, code):
    gateway.quote("AAPL", bid=99.9, ask=100.1)

    async def conversation(client):
        trade = placed(client, MarketOrder("BUY", 100))
        await until(lambda: trade.orderStatus.status == "Filled")
        client.ib.client.cancelOrder(trade.order.orderId + (900 if code == 10147 else 0))
        await client.told(code)

    talk(conversation, gateway=gateway)


def test_nothing_is_lent(gateway):
    async def conversation(client):
        trade = placed(client, MarketOrder("SELL", 100))
        await client.told(201)
        return trade

    trade = talk(conversation, gateway=gateway)
    assert trade.order.orderRef == "ref-1"
    assert gateway.exchange.by_ref("ref-1").status == "Inactive"


def test_a_day_order_ends_at_the_close(gateway):
    closes = calendar.session_close(DAYS[26])

    async def conversation(client):
        trade = placed(client, LimitOrder("BUY", 100, 90))
        await until(lambda: trade.orderStatus.status == "Submitted")
        await asyncio.to_thread(gateway.set_now, closes + timedelta(minutes=1))
        await until(lambda: trade.orderStatus.status == "Cancelled")

    talk(conversation, gateway=gateway)
    assert gateway.exchange.by_ref("ref-1").ended_at == closes


def test_a_number_is_used_once(gateway):
    async def conversation(client):
        trade = placed(client, LimitOrder("BUY", 100, 90))
        await until(lambda: trade.orderStatus.status == "Submitted")
        again = LimitOrder("BUY", 100, 91, orderId=trade.order.orderId, account="DU1234567")
        again.tif = "DAY"
        client.ib.client.placeOrder(again.orderId, a_stock("AAPL"), again)
        await client.told(103)

    talk(conversation, gateway=gateway)


def test_an_informational_notice_makes_the_client_believe_in_a_cancel(gateway):
    gateway.fault(Point.PLACE_ORDER, Adding(notices.TIF_PRESET))

    async def conversation(client):
        trade = placed(client, LimitOrder("BUY", 100, 90))
        await client.told(10349)
        return trade.orderStatus.status

    assert talk(conversation, gateway=gateway) == "Cancelled"
    assert gateway.exchange.by_ref("ref-1").status == "Submitted"


@pytest.mark.parametrize("effect", [Silent(), DoThenClose()], ids=["silence", "end of the socket"])
def test_an_order_can_live_though_nothing_was_answered(gateway, effect):
    gateway.fault(Point.PLACE_ORDER, effect)

    async def conversation(client):
        placed(client, LimitOrder("BUY", 100, 90))
        await until(lambda: gateway.exchange.tickets)

    talk(conversation, gateway=gateway)
    assert gateway.exchange.by_ref("ref-1").status == "Submitted"


@pytest.mark.parametrize(
    ("effect", "executions", "commissions"),
    [(Twice(), 1, 1), (Withheld(), 0, 0), (Overtaken(0.05), 1, 0)],
    ids=["said twice", "never said", "overtaken by its commission"],
)
def test_an_execution_can_be_told_in_other_ways(gateway, effect, executions, commissions):
    gateway.quote("AAPL", bid=99.9, ask=100.1)
    gateway.fault(Point.EXECUTION_TOLD, effect)

    async def conversation(client):
        trade = placed(client, MarketOrder("BUY", 100))
        await until(lambda: trade.orderStatus.status == "Filled")
        await until(lambda: len(trade.fills) == executions)
        # Who is answered has been told all that was to be told before.
        await client.ib.reqCurrentTimeAsync()
        return len([one for one in trade.fills if one.commissionReport.commission])

    assert talk(conversation, gateway=gateway) == commissions
    assert len(gateway.exchange.deals) == 1


def test_a_corrected_execution_has_the_same_stem(gateway):
    gateway.quote("AAPL", bid=99.9, ask=100.1)

    async def conversation(client):
        trade = placed(client, MarketOrder("BUY", 100))
        await until(lambda: trade.fills)
        first = trade.fills[0].execution.execId
        await asyncio.to_thread(gateway.correct, first, shares=90, price=100)
        await until(lambda: len(trade.fills) == 2)
        return [fill.execution.execId for fill in trade.fills]

    first, second = talk(conversation, gateway=gateway)
    assert (first[:-2], first[-2:], second[-2:]) == (second[:-2], "01", "02")


def test_the_figures_of_the_account_are_for_two_requests_at_once(gateway):
    gateway.hold("AAPL", 100)
    gateway.quote("AAPL", bid=99, ask=101)

    async def conversation(client):
        values = await client.ib.accountSummaryAsync()
        client.ib.client.reqAccountSummary(901, "All", "NetLiquidation")
        client.ib.client.reqAccountSummary(902, "All", "NetLiquidation")
        await client.told(322)
        return {one.tag: one.value for one in values}

    told = talk(conversation, gateway=gateway)
    assert told["NetLiquidation"] == "110000.00"
    assert told["MaintMarginReq"] == "2500.00"


def test_quotes_come_until_the_data_is_lost(gateway):
    gateway.quote("AAPL", bid=99, ask=101)

    async def conversation(client):
        ticker = client.ib.reqMktData(a_stock("AAPL"))
        await until(lambda: ticker.ask == 101)
        await asyncio.to_thread(gateway.lose_link)
        await asyncio.to_thread(lambda: gateway.restore_link(data_lost=True))
        await client.told(1101)
        await asyncio.to_thread(lambda: gateway.quote("AAPL", bid=109, ask=111))
        # Who is answered has been told all that was to be told before.
        await client.ib.reqCurrentTimeAsync()
        return ticker.bid, ticker.marketDataType

    assert talk(conversation, gateway=gateway) == (99.0, 1)


def test_delayed_data_is_another_kind_of_tick():
    market = market_of_closes({"AAPL": [100.0] * 40}, DAYS)

    async def conversation(client):
        client.ib.reqMarketDataType(3)
        ticker = client.ib.reqMktData(a_stock("AAPL"))
        await client.told(10167)
        await asyncio.to_thread(lambda: gateway.quote("AAPL", bid=99, ask=101))
        await until(lambda: ticker.bid == 99)
        return ticker.marketDataType

    with running_gateway(market, now=TEN, is_subscribed=False) as gateway:
        assert talk(conversation, gateway=gateway) == 3


def test_there_are_only_so_many_lines():
    market = market_of_closes({"AAPL": [100.0] * 40, "MSFT": [50.0] * 40}, DAYS)

    async def conversation(client):
        client.ib.reqMktData(a_stock("AAPL"))
        client.ib.reqMktData(a_stock("MSFT"))
        await client.told(101)

    with running_gateway(market, now=TEN, most_lines=1) as gateway:
        talk(conversation, gateway=gateway)


def test_other_clients_orders_are_in_the_same_account(gateway):
    perm_id = gateway.place_foreign("AAPL", client_id=7, order_ref="theirs")

    async def conversation(client):
        return await client.ib.reqAllOpenOrdersAsync(), await client.ib.reqOpenOrdersAsync()

    (everyones,), mine = talk(conversation, gateway=gateway)
    assert (everyones.order.permId, everyones.order.clientId, mine) == (perm_id, 7, [])
