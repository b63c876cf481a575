"""Orders through real sockets: whatever breaks there, one order an intent, and the book is true."""

import os

import pytest

from tests.chaos.gateway_storms import GatewayStorm
from tests.fakes.broker import CASH, SESSION, close_of_the_session
from tests.fakes.gateway_market import ACCOUNT
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway
from tests.unit.execution.trading_day import BEFORE_OPEN, SYMBOLS

RUNS = int(os.environ.get("ALPHA_ORACLE_TEST_GATEWAY_STORMS", "20"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_no_storm_at_the_gateway_doubles_an_order_or_parts_book_and_broker(seed):
    close_of_the_session()
    market = market_of_closes({symbol: [100.0] for symbol in SYMBOLS}, [SESSION])
    with running_gateway(market, now=BEFORE_OPEN, accounts=(ACCOUNT,), cash=float(CASH)) as gateway:
        storm = GatewayStorm(gateway, seed)
        try:
            storm.run()
            storm.check()
        except BaseException as error:
            error.add_note(f"in the storm of seed {seed}: {storm.plan}")
            raise
