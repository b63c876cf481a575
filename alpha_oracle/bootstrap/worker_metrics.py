"""What the worker tells Prometheus: how long its looks take, what passes it, how orders fare."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.trading_records import OrderQuality
    from alpha_oracle.execution.surroundings import Quality

HOST: Final = "127.0.0.1"
LOOK_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
WAIT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 21600.0)
BPS_BUCKETS: Final = (-50.0, -20.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
FRESH: Final = timedelta(minutes=1)
"""A worker that starts measures the orders of weeks again: only those just closed are counted."""


class WorkerMetrics:
    """The metrics of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.looks = Histogram(
            "worker_look_seconds",
            "Time of one look at everything that is due.",
            buckets=LOOK_BUCKETS,
            registry=self.registry,
        )
        self.signals = self._counter("worker_signals", "Signals that were new.")
        self.announced = self._counter("worker_announcements", "Events announced.")
        self.interrupted = Gauge(
            "worker_interrupted",
            "1 while a store or the broker is out of reach.",
            registry=self.registry,
        )
        self._closed = Counter(
            "orders_executed",
            "Orders that came to their end with an execution.",
            ("order_type",),
            registry=self.registry,
        )
        self._slippage = self._by_type("order_slippage_bps", "Against arrival.", BPS_BUCKETS)
        self._spread = self._by_type("order_effective_spread_bps", "At the fill.", BPS_BUCKETS)
        self._accepted = self._by_type(
            "order_acceptance_seconds", "From the decision to the broker's word.", WAIT_BUCKETS
        )
        self._filled = self._by_type(
            "order_fill_seconds", "From the decision to the last fill.", WAIT_BUCKETS
        )

    def counting(self, measure: Quality) -> Quality:
        """Return a measure of quality that counts what it measures."""

        def counted(order: Order, *, mid: Decimal | None, at: datetime) -> OrderQuality | None:
            found = measure(order, mid=mid, at=at)
            if found is not None and all(at - fill.at < FRESH for fill in order.fills[-1:]):
                self._count(found)
            return found

        return counted

    @contextmanager
    def served(self, port: int | None) -> Iterator[None]:
        """Answer `GET /metrics` on a port of this machine while the block runs; None: nobody.

        Raises:
            ConfigurationError: the port is taken.
        """
        if port is None:
            yield
            return
        try:
            server, thread = start_http_server(port, addr=HOST, registry=self.registry)
        except OSError as error:
            raise ConfigurationError(
                f"execution.metrics_port {port} cannot be served: {error}; choose another"
            ) from None
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _count(self, found: OrderQuality) -> None:
        kind = found.order_type
        self._closed.labels(kind).inc()
        self._filled.labels(kind).observe(found.fill_seconds)
        measured = (
            (self._slippage, found.slippage_bps),
            (self._spread, found.effective_spread_bps),
            (self._accepted, found.acceptance_seconds),
        )
        for histogram, value in measured:
            if value is not None:
                histogram.labels(kind).observe(float(value))

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(name, meaning, registry=self.registry)

    def _by_type(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, meaning, ("order_type",), buckets=buckets, registry=self.registry)
