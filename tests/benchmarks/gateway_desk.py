"""The `ibkr` broker for a desk: ib_insync's client, and a gateway in a process of its own."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from time import perf_counter

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.adapters.ibkr.order_link import OrderPatience
from alpha_oracle.config import IbkrBrokerSettings
from tests.benchmarks.trading_desk import CASH, SYMBOLS
from tests.chaos.breakages import Wrapped
from tests.fakes.gateway_market import ACCOUNT, quiet
from tests.peers.tws.process import gateway_process
from tests.unit.execution.trading_day import SESSION

# Both are lifted: how many orders go out in a second is asked elsewhere.
UNHURRIED = replace(OrderPatience(), most_a_second=10**6)
PATIENT_GATEWAY = {"messages_per_second": 10**6, "cash": float(CASH)}
LARGE, NONE = 10**6, 0
"""What is traded of a symbol in a day: enough for the first orders, and then nothing."""


class GatewayBroker(Wrapped):
    """Notes when an order was written; what was, and works, is ended when asked.

    The first orders, one a symbol, are filled, as those of the broker that is a socket.
    """

    sent_at = 0.0

    def __init__(self, whole, remote):
        super().__init__(whole)
        self._remote = remote
        self._unended = []
        self.submitted_ids = set()
        self._offer(LARGE)

    def submit_order(self, order):
        self._whole.submit_order(order)
        self.sent_at = perf_counter()
        self._unended.append(order.order_id)
        self.submitted_ids.add(order.order_id)

    def end_orders(self):
        """Let the desk at the exchange cancel what works."""
        quiet(self._whole)
        if len(self.submitted_ids) == len(SYMBOLS):
            self._offer(NONE)
        if len(self.submitted_ids) > len(SYMBOLS):
            for order_id in self._unended:
                self._remote.set_status(order_id, "Cancelled")
        self._unended.clear()

    def _offer(self, volume):
        for symbol in SYMBOLS:
            self._remote.quote(symbol, bid=99.95, ask=100.05, volume=volume)


@contextmanager
def gateway_broker(folder, clock):
    """A broker at a gateway, linked."""
    bars = folder / "bars.csv"
    rows = "".join(f"{symbol},{SESSION},9,9,9,9,1000\n" for symbol in SYMBOLS)
    bars.write_text("symbol,date,open,high,low,close,volume\n" + rows)
    with gateway_process(bars, folder=folder, now=clock.now(), **PATIENT_GATEWAY) as gateway:
        settings = IbkrBrokerSettings(port=gateway.port, account=ACCOUNT)
        with closing(IbkrBroker(settings, clock=clock, patience=UNHURRIED)) as broker:
            broker.open()
            yield GatewayBroker(broker, gateway.remote)
