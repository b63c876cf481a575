"""What the feed tells Prometheus: its ticks, how long they take, and how much it quotes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge, Histogram

from alpha_oracle.bootstrap.metrics_port import process_registry, served

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

TICK_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class FeedMetrics:
    """The metrics of one feed, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = process_registry()
        self.tick_seconds = Histogram(
            "alpha_oracle_feed_tick_seconds",
            "Time of one tick: the quotes of now published, the simulated broker at work, seconds.",
            buckets=TICK_BUCKETS,
            registry=self.registry,
        )
        self._ticks = Counter(
            "alpha_oracle_feed_ticks",
            "Ticks, by whether something was out of reach (lost) or not (done).",
            ("outcome",),
            registry=self.registry,
        )
        for outcome in ("done", "lost"):
            self._ticks.labels(outcome)
        self._quotes = Counter(
            "alpha_oracle_feed_quotes", "Quotes published.", registry=self.registry
        )
        self._quoted = Gauge(
            "alpha_oracle_feed_quoted_symbols",
            "Symbols quoted by the last tick that was done; 0 while the market is closed.",
            registry=self.registry,
        )
        self._done_at = Gauge(
            "alpha_oracle_feed_last_tick_timestamp_seconds",
            "When the last tick was done, or where none was, when the feed began, Unix time of "
            "this machine, seconds.",
            registry=self.registry,
        )
        self._done_at.set(time.time())

    def count_done(self, quotes: int) -> None:
        """Count a tick that published so many quotes."""
        self._ticks.labels("done").inc()
        self._quotes.inc(quotes)
        self._quoted.set(quotes)
        self._done_at.set(time.time())

    def count_lost(self) -> None:
        """Count a tick that something out of reach made vain."""
        self._ticks.labels("lost").inc()

    def served(self, port: int | None, *, host: str) -> AbstractContextManager[None]:
        """Answer `GET /metrics` on a port while a block runs; None: nobody.

        Raises:
            ConfigurationError: the port is taken.
        """
        return served(self.registry, port, host=host, setting="feed.metrics_port")
