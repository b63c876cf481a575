"""The TWS-protocol server as a process: it outlives its clients, and comes back with its state."""

from datetime import date, timedelta

import pytest
from ib_insync import LimitOrder, MarketOrder

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import a_stock, talk, until
from tests.peers.tws import notices
from tests.peers.tws.faults import Point, Refuse
from tests.peers.tws.process import gateway_process

DAYS = sessions_from(date(2024, 1, 2), count=4)
EVENING = calendar.session_close(DAYS[-1]) + timedelta(hours=1)
BARS = "symbol,date,open,high,low,close,volume\n" + "".join(
    f"BRK.B,{day},8,8,8,8,1000\n" for day in DAYS
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "bars.csv").write_text(BARS)
    (tmp_path / "actions.csv").write_text(f"symbol,ex_date,type,value\nBRK.B,{DAYS[-1]},split,4\n")
    return tmp_path


async def ask(client):
    bars = await client.bars("BRK B", "2 D", patience=60)
    return [(bar.close, bar.volume) for bar in bars], client.codes


def test_a_process_goes_on_where_a_killed_one_was(files):
    now = calendar.session_close(DAYS[-2])
    actions = files / "actions.csv"
    with gateway_process(
        files / "bars.csv", folder=files, actions=actions, now=now, volume_in_lots=False
    ) as gateway:
        before = talk(ask, gateway=gateway)
        port = gateway.port
        gateway.remote.set_now(EVENING)
        gateway.remote.fault(Point.HISTORICAL_DATA, Refuse(notices.PACING))
        gateway.kill()
        gateway.start()
        refused = talk(ask, gateway=gateway)
        after = talk(ask, gateway=gateway)
        seen = gateway.remote.ledger
    assert before == ([(8.0, 1000.0), (8.0, 1000.0)], [])
    assert refused == ([], [162])
    assert after == ([(2.0, 4000.0), (8.0, 1000.0)], [])
    assert gateway.port == port
    assert len(seen.asked(Point.HISTORICAL_DATA)) == 2
    assert [one.symbol for one in gateway.ledger.asked(Point.HISTORICAL_DATA)] == ["BRK B"] * 3
    assert gateway.ledger.times_connected(2) == 3
    assert gateway.ledger.codes() == [162]


def test_a_restarted_process_still_has_its_orders_positions_and_executions(files):
    now = calendar.session_open(DAYS[-1]) + timedelta(hours=1)

    async def trade(client):
        for ref, order in (("waits", LimitOrder("BUY", 10, 5)), ("done", MarketOrder("BUY", 10))):
            order.tif, order.account, order.orderRef = "DAY", "DU1234567", ref
            client.ib.placeOrder(a_stock("BRK B"), order)
        await until(lambda: len(client.ib.fills()) == 1)

    async def look(client):
        (position,) = await client.ib.reqPositionsAsync()
        (fill,) = await client.ib.reqExecutionsAsync()
        (waiting,) = await client.ib.reqOpenOrdersAsync()
        return position.position, fill.execution.orderRef, waiting.order.orderRef

    with gateway_process(files / "bars.csv", folder=files, now=now) as gateway:
        gateway.remote.quote("BRK.B", bid=7.9, ask=8.1)
        talk(trade, gateway=gateway)
        gateway.kill()
        gateway.start()
        assert talk(look, gateway=gateway) == (10, "done", "waits")
        assert gateway.remote.exchange.by_ref("waits").is_working
