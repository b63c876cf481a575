"""The TWS-protocol server as a process: it outlives its clients, and comes back with its state."""

from datetime import date, timedelta

import pytest

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import talk
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
    bars = await client.bars("BRK B", "2 D")
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
