"""What the watch tells Prometheus: which of its duties were performed, and which fail."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge, Histogram

from alpha_oracle.bootstrap.metrics_port import process_registry, served

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from alpha_oracle.bootstrap.duties import Duty

DUTY_BUCKETS: Final = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0)


class WatchMetrics:
    """The metrics of one watch, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = process_registry()
        self._seconds = Histogram(
            "alpha_oracle_watch_duty_seconds",
            "Time a duty took, whether it failed or not, seconds.",
            ("duty",),
            buckets=DUTY_BUCKETS,
            registry=self.registry,
        )
        self._failures = Counter(
            "alpha_oracle_watch_duty_failures",
            "Duties that failed; each is performed again when it is due.",
            ("duty",),
            registry=self.registry,
        )
        self._done_at = Gauge(
            "alpha_oracle_watch_duty_last_done_timestamp_seconds",
            "When a duty was last performed without failing, or where it never was, when the watch "
            "began, Unix time of this machine, seconds.",
            ("duty",),
            registry=self.registry,
        )
        self._pace = Gauge(
            "alpha_oracle_watch_duty_pace_seconds",
            "How often a duty is due, seconds.",
            ("duty",),
            registry=self.registry,
        )

    def measured(self, duties: Sequence[Duty]) -> tuple[Duty, ...]:
        """Return the same duties, which are counted when they are performed."""
        return tuple(self._measured(one) for one in duties)

    def served(self, port: int | None, *, host: str) -> AbstractContextManager[None]:
        """Answer `GET /metrics` on a port while a block runs; None: nobody.

        Raises:
            ConfigurationError: the port is taken.
        """
        return served(self.registry, port, host=host, setting="alerts.metrics_port")

    def _measured(self, duty: Duty) -> Duty:
        seconds, failures = self._seconds.labels(duty.name), self._failures.labels(duty.name)
        done_at = self._done_at.labels(duty.name)
        self._pace.labels(duty.name).set(duty.every_seconds)
        # One that is late from the start is late by as long as there is a watch.
        done_at.set(time.time())

        def perform() -> None:
            with failures.count_exceptions(), seconds.time():
                duty.perform()
            done_at.set(time.time())

        return replace(duty, perform=perform)
