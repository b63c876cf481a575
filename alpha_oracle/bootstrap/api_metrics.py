"""What the API tells Prometheus: its own requests, and the installation it speaks for."""

from __future__ import annotations

from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Histogram, generate_latest

from alpha_oracle.bootstrap.metrics_port import process_registry
from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
PATIENCE_SECONDS: Final = 5.0
"""How long to wait for another who gathers the same."""


class ApiMetrics:
    """The metrics of one API, in a registry of their own. Threads may share it."""

    def __init__(self, installation: Collector) -> None:
        self._registry = process_registry()
        self._registry.register(installation)
        self._gathering = Lock()
        self._requests = Counter(
            "alpha_oracle_api_requests",
            "Requests answered, by method, route (its path as described) and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        # Without labels they are there from the start: a rise from 0 shows.
        self._failures = Counter(
            "alpha_oracle_api_failures",
            "Requests answered with a status from 500 on.",
            registry=self._registry,
        )
        self._refusals = Counter(
            "alpha_oracle_api_refusals",
            "Requests refused for want of a valid token, or for too many without one.",
            registry=self._registry,
        )
        self._seconds = Histogram(
            "alpha_oracle_api_request_seconds",
            "Time until an answer began, seconds.",
            ("route",),
            buckets=REQUEST_BUCKETS,
            registry=self._registry,
        )

    def count(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count a request; whoever calls sees to it that methods and routes are few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        self._failures.inc(status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        self._refusals.inc(status in REFUSED)

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it, gathered now, by one at a time.

        Raises:
            StoreUnavailable: another still gathers it, for a store does not answer.
        """
        if not self._gathering.acquire(timeout=PATIENCE_SECONDS):
            raise StoreUnavailable("the metrics are still being gathered for another; repeat it")
        try:
            return generate_latest(self._registry)
        finally:
            self._gathering.release()
