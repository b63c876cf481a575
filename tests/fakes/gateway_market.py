"""The `ibkr` broker at a TWS-protocol server, both at a clock that stands still."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.adapters.ibkr.order_link import OrderPatience
from alpha_oracle.config import IbkrBrokerSettings
from tests.fakes.broker import CASH, SESSION, TEN_O_CLOCK, an_order, close_of_the_session
from tests.fakes.clock import FixedClock
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway

ACCOUNT = "DU1234567"
CLIENT_ID = 1
PATIENT = OrderPatience(
    handshake_seconds=60.0,
    answer_seconds=60.0,
    heartbeat_every_seconds=60.0,
    heartbeat_seconds=60.0,
    waits_seconds=(0.05,),
    start_seconds=60.0,
)
"""Nothing is given up on a machine that is busy with something else."""


class SharedClock(FixedClock):
    """The present of the broker and of its gateway."""

    def __init__(self, gateway, now=TEN_O_CLOCK):
        super().__init__(now)
        self._gateway = gateway

    def advance(self, **duration):
        super().advance(**duration)
        self._gateway.set_now(self.now())

    def set(self, now):
        super().set(now)
        self._gateway.set_now(self.now())


class Heard:
    """A broker that is asked for news once all that its gateway said so far has arrived."""

    def __init__(self, broker):
        self._broker = broker

    def __getattr__(self, name):
        return getattr(self._broker, name)

    def events(self):
        quiet(self._broker)
        return self._broker.events()


def quiet(broker):
    """Wait for the answers to two questions: what was said before has arrived then.

    What a request causes is told after the answer to a question that came along with it.
    """
    connection = broker._connection

    async def asked():
        link = connection._link
        return link is not None and await link.is_alive() and await link.is_alive()

    broker._thread.run(asked)


class GatewayMarket:
    """An `ibkr` broker and its gateway, as the contract suite wants a market."""

    def __init__(self, gateway, **patience):
        self.gateway = gateway
        self.clock = SharedClock(gateway)
        self._patience = replace(PATIENT, **patience)
        self._open = None
        self.broker = self.another()

    def another(self):
        """A broker as a process started now has it; the one before is gone, as its process is."""
        self.close()
        settings = IbkrBrokerSettings(
            host=self.gateway.host, port=self.gateway.port, client_id=CLIENT_ID, account=ACCOUNT
        )
        self._open = IbkrBroker(settings, clock=self.clock, patience=self._patience)
        self._open.open()
        return Heard(self._open)

    def close(self):
        """End the process."""
        if self._open is not None:
            self._open.close()

    def quote(self, symbol="SYN001", *, bid=99.9, ask=100.1, volume=1_000_000):
        """Let the market offer this."""
        self.gateway.quote(symbol, bid=bid, ask=ask, volume=volume)

    def send(self, order_id="order-1", **changes):
        """Send an order; it is returned."""
        order = an_order(
            order_id=order_id, created_at=self.clock.now(), account=ACCOUNT, simulated=False
        )
        order = replace(order, **_with_limit(changes))
        self.broker.submit_order(order)
        return order

    def told(self):
        """What the broker tells now, by kind."""
        return [event.kind.value for event in self.broker.events()]

    def at_hand(self):
        """What was told and has arrived already."""
        return self._open.events()

    def hear_until(self, *kinds, seconds=60.0):
        """What the broker tells until all these kinds of events were among it."""
        heard = []
        give_up = time.monotonic() + seconds
        while not set(kinds) <= {event.kind.value for event in heard}:
            if time.monotonic() > give_up:
                told = [event.kind.value for event in heard]
                raise AssertionError(f"expected {kinds}, was told {told}")
            heard += self.at_hand()
            time.sleep(0.005)
        return heard

    def position(self, symbol="SYN001"):
        """Shares held at the broker."""
        return self.broker.snapshot().positions.get(symbol, 0)


def _with_limit(changes):
    limit = changes.pop("limit", None)
    if limit is None:
        return changes
    limited = an_order(limit=limit)
    return {"limit_price": limited.limit_price, "order_type": limited.order_type} | changes


@contextmanager
def gateway_market(*, symbols=("SYN001",), patience=None, **settings):
    """A market at a gateway of its own, for the length of a block."""
    # The calendar takes seconds to load, and the gateway would be silent meanwhile.
    close_of_the_session()
    listed = market_of_closes({symbol: [100.0] for symbol in symbols}, [SESSION])
    with running_gateway(
        listed, now=TEN_O_CLOCK, accounts=(ACCOUNT,), cash=float(CASH), **settings
    ) as gateway:
        market = GatewayMarket(gateway, **patience or {})
        try:
            yield market
        finally:
            market.close()
