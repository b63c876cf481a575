"""What the worker tells Prometheus: how long its looks take, what passes it, how orders fare."""

from __future__ import annotations

import time
from collections import Counter as Tally
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from alpha_oracle.bootstrap.metrics_port import process_registry, served
from alpha_oracle.domain.signals import CHANNEL, STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.trading_records import MalformedSignal, OrderQuality
    from alpha_oracle.execution.surroundings import Quality

LOOK_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
WAIT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 21600.0)
BPS_BUCKETS: Final = (-50.0, -20.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
USD_BUCKETS: Final = (-500.0, -100.0, -20.0, -5.0, -1.0, 0.0, 1.0, 5.0, 20.0, 100.0, 500.0)
FRESH: Final = timedelta(minutes=1)
"""A worker that starts measures the orders of weeks again: only those just closed are counted."""

LOG_EVERY_SECONDS: Final = 60.0
OTHER: Final = "other"
"""What the symbols beyond those told apart are called."""

log = structlog.get_logger(__name__)


class WorkerMetrics:
    """The metrics of one worker, in a registry of their own.

    Orders are told apart by type and by symbol, the first `most_symbols` of them: whatever is
    traded, the number of series is bounded.
    """

    def __init__(self, *, most_symbols: int = 20) -> None:
        self.registry = process_registry()
        self.looks = Histogram(
            "alpha_oracle_worker_look_seconds",
            "Time of one look at everything that is due, seconds.",
            buckets=LOOK_BUCKETS,
            registry=self.registry,
        )
        self.signals = self._counter("worker_signals", "Signals that were new.")
        self.announced = self._counter("worker_announcements", "Events announced.")
        self.interrupted = Gauge(
            "alpha_oracle_worker_interrupted",
            "1 while a store or the broker is out of reach, else 0.",
            registry=self.registry,
        )
        self._malformed = self._counter(
            "worker_malformed_signals",
            "Documents that were no signals, by where they came in.",
            "source",
        )
        for source in (CHANNEL, STREAM):
            # From 0 on: who looks for a rise sees the first one, too.
            self._malformed.labels(source)
        self._closed = self._counter(
            "orders_executed",
            "Orders that came to their end with an execution.",
            *("order_type", "symbol"),
        )
        self._slippage = self._of_orders(
            "slippage_bps",
            "Average price against the mid at submission, basis points; above 0 is worse for us.",
            BPS_BUCKETS,
        )
        self._spread = self._of_orders(
            "effective_spread_bps",
            "Twice the distance to the mid at the fill, basis points.",
            BPS_BUCKETS,
        )
        self._shortfall = self._of_orders(
            "shortfall_usd",
            "Cost against the signal's reference price, US dollars; above 0 is worse for us.",
            USD_BUCKETS,
        )
        self._accepted = self._of_orders(
            "acceptance_seconds", "From the decision to the broker's word, seconds.", WAIT_BUCKETS
        )
        self._filled = self._of_orders(
            "fill_seconds", "From the decision to the last fill, seconds.", WAIT_BUCKETS
        )
        self._most_symbols = most_symbols
        self._symbols: set[str] = set()
        self._counted: dict[str, datetime] = {}
        self._unlogged: Tally[str] = Tally()
        self._logged_at: float | None = None

    def counting(self, measure: Quality) -> Quality:
        """Return a measure of quality that counts what it measures, each order once."""

        def counted(order: Order, *, at: datetime) -> OrderQuality | None:
            found = measure(order, at=at)
            if found is not None and all(at - fill.at < FRESH for fill in order.fills[-1:]):
                self._count(found, at)
            return found

        return counted

    def count_malformed(self, malformed: Sequence[MalformedSignal]) -> None:
        """Count what was no signal, and log it, a flood of it once a minute."""
        self._unlogged.update(one.source for one in malformed)
        for one in malformed:
            self._malformed.labels(one.source).inc()
        now = time.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_EVERY_SECONDS:
            problem = malformed[-1].problem
            log.warning("malformed_signals", **self._unlogged, last_problem=problem)
            self._unlogged.clear()
            self._logged_at = now

    def served(self, port: int | None, *, host: str) -> AbstractContextManager[None]:
        """Answer `GET /metrics` on a port while a block runs; None: nobody.

        Raises:
            ConfigurationError: the port is taken.
        """
        return served(self.registry, port, host=host, setting="execution.metrics_port")

    def _count(self, found: OrderQuality, at: datetime) -> None:
        # An order is measured anew when its commission is told late, or after a failure.
        old = takewhile(lambda key: at - self._counted[key] >= FRESH, self._counted)
        for order_id in tuple(old):
            del self._counted[order_id]
        if found.order_id in self._counted:
            return
        self._counted[found.order_id] = at
        labels = (found.order_type, self._named(found.symbol))
        self._closed.labels(*labels).inc()
        for histogram, value in (
            (self._filled, found.fill_seconds),
            (self._slippage, found.slippage_bps),
            (self._spread, found.effective_spread_bps),
            (self._shortfall, found.shortfall_usd),
            (self._accepted, found.acceptance_seconds),
        ):
            if value is not None:
                histogram.labels(*labels).observe(float(value))

    def _named(self, symbol: str) -> str:
        if symbol not in self._symbols and len(self._symbols) >= self._most_symbols:
            return OTHER
        self._symbols.add(symbol)
        return symbol

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"alpha_oracle_{name}", meaning, labels, registry=self.registry)

    def _of_orders(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(
            f"alpha_oracle_order_{name}",
            meaning,
            ("order_type", "symbol"),
            buckets=buckets,
            registry=self.registry,
        )
