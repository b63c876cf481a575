"""The execution worker, wired: signals in, the engine, announcements out, one after the other."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.operators import PostgresOperatorActivity
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.bootstrap.presence import WORKER, is_tradable, present
from alpha_oracle.bootstrap.simulated import open_simulated_broker
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.bootstrap.trading_facts import StoredTradingFacts
from alpha_oracle.bootstrap.trading_rules import companions, trading_rules
from alpha_oracle.bootstrap.worker_metrics import WorkerMetrics
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.execution.surroundings import Ports
from alpha_oracle.risk.kill_switch_stores import KillSwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from threading import Event

    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.execution.surroundings import Companions
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import EventBus, Outbox
    from alpha_oracle.ports.signal_stream import SignalStream
    from alpha_oracle.ports.trading import TradingStore

POLL_SECONDS: Final = 0.5
"""How long the worker waits at the most before it looks at the kill switch and the broker."""

HEARTBEAT_SECONDS: Final = 60.0
STARTED: Final = "worker_started"
"""What starting the worker by hand is called among the things an operator does."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One account's worker. For one thread."""

    account: str
    engine: ExecutionEngine
    store: TradingStore
    stream: SignalStream
    outbox: Outbox
    bus: EventBus
    clock: Clock

    def take_in(self, *, wait_seconds: float) -> int:
        """Put on record what came in, waiting at most so long; return how many were new.

        Raises:
            StoreUnavailable: what came in is given again.
        """
        new = 0
        deliveries = self.stream.read(wait_seconds=wait_seconds)
        for source, group in groupby(deliveries, key=lambda one: one.source):
            same = list(group)
            new += self.engine.receive([one.document for one in same], source=source)
            self.stream.acknowledge(same)
        return new

    def step(self) -> datetime:
        """Do all that is due; return when something is due again at the latest.

        Raises:
            StoreUnavailable: a store or the broker was away; step again in a while.
            LeaseTaken: another worker trades the account; end.
        """
        look_at = self.engine.step()
        if self.engine.trouble:
            raise StoreUnavailable(self.engine.trouble)
        return look_at

    def relay(self) -> int:
        """Announce what is on record and not announced yet; return how much that was.

        Raises:
            StoreUnavailable: the rest still waits.
        """
        return self.outbox.relay(self.bus, at=self.clock.now())


@contextmanager
def opened_worker(
    settings: Settings, stores: Stores, *, clock: Clock, metrics: WorkerMetrics | None = None
) -> Iterator[Worker]:
    """Give the worker of the account that the settings trade, for the length of a block.

    Raises:
        ConfigurationError: the settings name a broker that cannot be traded at.
        LeaseTaken: another worker trades the account; names it.
        StoreUnavailable: a store cannot be reached.
    """
    _refuse_unknown_broker(settings)
    broker = open_simulated_broker(settings, stores, clock=clock)
    database, redis = stores.database, stores.redis
    store = PostgresTradingStore(database)
    stream = RedisSignalStream(redis, consumer=f"worker-{broker.account}")
    engine = ExecutionEngine(
        Ports(
            clock=clock,
            store=store,
            switch=KillSwitch(PostgresKillSwitch(database), RedisKillSwitchMirror(redis)),
            activity=PostgresOperatorActivity(database),
            broker=broker,
            board=RedisQuoteBoard(redis, clock=clock),
            facts=StoredTradingFacts.on(database),
            apply_actions=broker.apply_actions,
        ),
        trading_rules(settings),
        _counted(companions(settings), metrics),
    )
    try:
        with store.only_worker(broker.account):
            yield Worker(
                account=broker.account,
                engine=engine,
                store=store,
                stream=stream,
                outbox=PostgresOutbox(database),
                bus=RedisEventBus(redis),
                clock=clock,
            )
    finally:
        stream.close()
        store.close()


def run_worker(settings: Settings, *, ending: Event, started_by: str | None) -> None:
    """Trade until told to end; what is out of reach is tried again.

    `started_by` is the operator who started it by hand, which counts as being there; None: a
    supervisor did.

    Raises:
        ConfigurationError: the settings, or a store, are set up wrong.
        LeaseTaken: another worker trades the account.
        StoreUnavailable: a store is out of reach at the start.
    """
    clock, metrics = clock_of(settings), WorkerMetrics()
    with opened_stores(settings) as stores, metrics.served(settings.execution.metrics_port):
        if started_by is not None:
            activity = PostgresOperatorActivity(stores.database)
            activity.note(STARTED, by=started_by, at=clock.now())
        with opened_worker(settings, stores, clock=clock, metrics=metrics) as worker:
            log.info("worker_started", account=worker.account, now=clock.now().isoformat())
            with present(settings.home, WORKER):
                _Loop(worker, ending, metrics).run()
            log.info("worker_ended", account=worker.account, now=clock.now().isoformat())


def _counted(whole: Companions, metrics: WorkerMetrics | None) -> Companions:
    if metrics is None:
        return whole
    return replace(whole, quality=metrics.counting(whole.quality))


def _refuse_unknown_broker(settings: Settings) -> None:
    if not is_tradable(settings):
        raise ConfigurationError(
            f"orders cannot be sent to {settings.broker.provider} yet; set risk.autonomy_mode to "
            "PAPER_ONLY, or broker.provider to simulated"
        )


class _Loop:
    def __init__(self, worker: Worker, ending: Event, metrics: WorkerMetrics) -> None:
        self._worker = worker
        self._metrics = metrics
        self._ending = ending
        self._look_at = worker.clock.now()
        self._is_interrupted = False
        self._signals = self._announced = 0
        self._told_at = time.monotonic()

    def run(self) -> None:
        while not self._ending.is_set():
            started = time.monotonic()
            tried = [self._tried(one) for one in (self._take_in, self._step, self._relay)]
            self._note(is_whole=all(tried))
            if not all(tried):
                # Who could not wait for what comes in waits here.
                self._ending.wait(max(POLL_SECONDS - (time.monotonic() - started), 0.0))
            if time.monotonic() - self._told_at >= HEARTBEAT_SECONDS:
                self._tell()

    def _take_in(self) -> None:
        left = (self._look_at - self._worker.clock.now()).total_seconds()
        wait = min(max(left, 0.0), POLL_SECONDS)
        new = self._worker.take_in(wait_seconds=wait)
        self._signals += new
        self._metrics.signals.inc(new)

    def _step(self) -> None:
        with self._metrics.looks.time():
            self._look_at = self._worker.step()

    def _relay(self) -> None:
        announced = self._worker.relay()
        self._announced += announced
        self._metrics.announced.inc(announced)

    def _tried(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except StoreUnavailable as error:
            if not self._is_interrupted:
                log.warning("worker_interrupted", error=str(error))
            self._is_interrupted = True
            return False
        return True

    def _note(self, *, is_whole: bool) -> None:
        self._metrics.interrupted.set(not is_whole)
        if is_whole and self._is_interrupted:
            self._is_interrupted = False
            log.info("worker_resumed")

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        log.info(
            "worker_alive",
            now=self._worker.clock.now().isoformat(),
            looks_again=_told(self._look_at),
            signals=self._signals,
            announced=self._announced,
            is_interrupted=self._is_interrupted,
        )
        self._signals = self._announced = 0


def _told(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
