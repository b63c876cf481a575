"""The feed, wired: quotes to the board while it runs, and the simulated broker kept at work."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.feed import IbkrFeed
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.quoted_symbols import PostgresQuotedSymbols
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.simulated.feed import SimulatedFeed
from alpha_oracle.bootstrap.feed_metrics import FeedMetrics
from alpha_oracle.bootstrap.presence import (
    FEED,
    IBKR,
    feed_source,
    present,
    traded_account,
    trades_at_ibkr,
)
from alpha_oracle.bootstrap.session_bars import SessionBars
from alpha_oracle.bootstrap.simulated import open_simulated_broker
from alpha_oracle.bootstrap.sources import BarSources, SourceMemory
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import DataError, TransientError
from alpha_oracle.marketdata.stores import MarketStores

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from threading import Event

    from alpha_oracle.adapters.simulated.broker import SimulatedBroker
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard

HEARTBEAT_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


def run_feed(settings: Settings, *, ending: Event) -> None:
    """Quote the market until told to end; what is out of reach is tried again, tick by tick.

    Raises:
        ConfigurationError: a store is set up wrong.
        StoreUnavailable: a store is out of reach at the start.
    """
    clock, metrics = clock_of(settings), FeedMetrics()
    with ExitStack() as stack:
        stack.enter_context(metrics.served(settings.feed.metrics_port, host=settings.metrics.host))
        stores = stack.enter_context(opened_stores(settings))
        board = RedisQuoteBoard(stores.redis, clock=clock)
        feed = _feed(settings, stores, board, clock=clock, stack=stack)
        broker = None
        if not trades_at_ibkr(settings):
            broker = open_simulated_broker(settings, stores, clock=clock)
        log.info("feed_started", now=clock.now().isoformat(), source=feed_source(settings))
        with present(settings.home, FEED):
            ticks = _Ticks(feed, broker, clock, metrics)
            ticks.run(ending, every_seconds=settings.feed.interval_seconds)
        log.info("feed_ended", now=clock.now().isoformat())


def _feed(
    settings: Settings, stores: Stores, board: QuoteBoard, *, clock: Clock, stack: ExitStack
) -> Feed:
    if feed_source(settings) == IBKR:
        symbols = PostgresQuotedSymbols(stores.database, account=traded_account(settings))
        feed = IbkrFeed(
            settings.broker.ibkr,
            board,
            clock=clock,
            wanted=lambda: [Symbol(VIX), *symbols.wanted()],
            most_lines=settings.feed.max_lines,
            volume_unit=settings.data.ibkr.volume_unit,
        )
        stack.callback(feed.close)
        return feed
    sources = BarSources(settings, SourceMemory.on(stores.database, clock=clock))
    stack.callback(sources.close)
    broker = open_simulated_broker(settings, stores, clock=clock)
    bars = session_bars(settings, stores, source=sources.chain()[0], held=broker.held)
    return SimulatedFeed(board, clock=clock, market=bars.market)


def session_bars(
    settings: Settings,
    stores: Stores,
    *,
    source: BarSource,
    held: Callable[[], Collection[Symbol]],
) -> SessionBars:
    """Return what is quoted on the sessions of an installation, what is held included."""
    database = stores.database
    return SessionBars(
        settings=settings,
        source=source,
        stores=MarketStores(
            bars=TimeSeriesStorage(database),
            quarantine=PostgresQuarantine(database),
            reference=PostgresReference(database),
        ),
        levels=PostgresLevels(database),
        held=held,
    )


class Feed(Protocol):
    """Something that quotes the market."""

    def publish(self) -> int:
        """Publish the quotes of now; return how many."""
        ...

    def facts(self) -> dict[str, object]:
        """Return what is worth telling of it once in a while."""
        ...


class _Ticks:
    def __init__(
        self, feed: Feed, broker: SimulatedBroker | None, clock: Clock, metrics: FeedMetrics
    ) -> None:
        self._feed = feed
        self._broker = broker
        self._clock = clock
        self._metrics = metrics
        self._published = 0
        self._failures = 0

    def run(self, ending: Event, *, every_seconds: float) -> None:
        told_at = time.monotonic()
        while not ending.is_set():
            started = time.monotonic()
            self._tick()
            if time.monotonic() - told_at >= HEARTBEAT_SECONDS:
                told_at = time.monotonic()
                self._tell()
            ending.wait(max(every_seconds - (time.monotonic() - started), 0.0))

    def _tick(self) -> None:
        try:
            with self._metrics.tick_seconds.time():
                published = self._feed.publish()
                # The broker has no process of its own: its orders are executed though nobody asks.
                if self._broker is not None:
                    self._broker.advance()
        except (TransientError, DataError) as error:
            self._failures += 1
            self._metrics.count_lost()
            if self._failures == 1:
                log.warning("feed_interrupted", error=str(error))
            return
        self._published += published
        self._metrics.count_done(published)
        if self._failures:
            log.info("feed_resumed", ticks_lost=self._failures)
        self._failures = 0

    def _tell(self) -> None:
        now = self._clock.now()
        log.info(
            "feed_alive",
            now=now.isoformat(),
            session=calendar.latest_opened_session(now).isoformat(),
            quotes=self._published,
            ticks_lost=self._failures,
            **self._feed.facts(),
        )
        self._published = 0
