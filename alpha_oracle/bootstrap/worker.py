"""The execution worker, wired: signals in, the engine, announcements out, one after the other."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.operators import PostgresOperatorActivity
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.bootstrap.ibkr import open_ibkr_broker
from alpha_oracle.bootstrap.presence import WORKER, Pulse, present, trades_at_ibkr
from alpha_oracle.bootstrap.risk_display import displayed
from alpha_oracle.bootstrap.simulated import open_simulated_broker
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.bootstrap.trading_facts import StoredTradingFacts
from alpha_oracle.bootstrap.trading_rules import companions, trading_rules
from alpha_oracle.bootstrap.worker_loop import WorkerLoop
from alpha_oracle.bootstrap.worker_metrics import WorkerMetrics
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.execution.outages import BUS
from alpha_oracle.execution.surroundings import Ports
from alpha_oracle.risk.kill_switch_stores import KillSwitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from threading import Event

    from alpha_oracle.adapters.ibkr.broker import IbkrBroker
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.execution.surroundings import ActionsAtBroker, Companions
    from alpha_oracle.ports.broker import BrokerAdapter
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import EventBus, Outbox
    from alpha_oracle.ports.signal_stream import Delivery, SignalStream
    from alpha_oracle.ports.trading import TradingStore

REDIS_PATIENCE_SECONDS: Final = 1.0
"""How long Redis may take to answer: while it does, the worker does nothing else."""

STARTED: Final = "worker_started"
"""What starting the worker by hand is called among the things an operator does."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One account's worker. For one thread.

    It keeps hold of what came in until that is durable, and acknowledges it then: after the step
    that decided on it.
    """

    account: str
    engine: ExecutionEngine
    store: TradingStore
    stream: SignalStream
    outbox: Outbox
    bus: EventBus
    clock: Clock
    unreceived: list[Delivery] = field(default_factory=list)
    unsettled: list[Delivery] = field(default_factory=list)

    def take_in(self, *, wait_seconds: float) -> int:
        """Put on record what came in, waiting at most so long; return how many were new.

        What could not be put on record, or may be lost to it, is tried again before anything more
        is read: the stream would give it again in time, the channel never.

        Raises:
            StoreUnavailable: some of it is not on record.
        """
        if not self.unreceived:
            self.unreceived.extend(self._read(wait_seconds))
        new = 0
        while self.unreceived:
            source, group = next(groupby(self.unreceived, key=attrgetter("source")))
            same = list(group)
            with self._kept_hold_of():
                new += self.engine.receive([one.document for one in same], source=source)
            del self.unreceived[: len(same)]
            self.unsettled.extend(same)
        return new

    def step(self) -> datetime:
        """Do all that is due, acknowledge what came in; return when to step again at the latest.

        Raises:
            StoreUnavailable: a store or the broker was away; step again in a while.
            LeaseTaken: another worker trades the account; end.
        """
        look_at = self.engine.step()
        self._acknowledge()
        if self.engine.trouble:
            raise StoreUnavailable(self.engine.trouble)
        return look_at

    def relay(self) -> int:
        """Announce what is on record and not announced yet; return how much that was.

        Raises:
            StoreUnavailable: the rest still waits.
        """
        return self.outbox.relay(self.bus, at=self.clock.now())

    def _acknowledge(self) -> None:
        if not self.unsettled:
            return
        with self._kept_hold_of():
            self.engine.settle()
        settled = [*self.unsettled]
        self.unsettled.clear()
        self.stream.acknowledge(settled)

    @contextmanager
    def _kept_hold_of(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailable:
            self.unreceived[:0] = self.unsettled
            self.unsettled.clear()
            raise

    def _read(self, wait_seconds: float) -> list[Delivery]:
        try:
            deliveries = self.stream.read(wait_seconds=wait_seconds)
        except StoreUnavailable:
            self.engine.outages.note(BUS, is_away=True, at=self.clock.now())
            raise
        self.engine.outages.note(BUS, is_away=False, at=self.clock.now())
        return deliveries


@contextmanager
def opened_worker(
    settings: Settings, stores: Stores, *, clock: Clock, metrics: WorkerMetrics | None = None
) -> Iterator[Worker]:
    """Give the worker of the account that the settings trade, for the length of a block.

    Raises:
        ConfigurationError: the settings name an account that must not be traded so.
        LeaseTaken: another worker trades the account; names it.
        StoreUnavailable: a store cannot be reached.
    """
    broker, connect, apply_actions = _broker(settings, stores, clock)
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
            apply_actions=apply_actions,
        ),
        trading_rules(settings),
        displayed(
            _counted(companions(settings), metrics),
            settings,
            RedisRiskBoard(redis),
            account=broker.account,
        ),
    )
    try:
        # One worker an account, before anyone takes its client id.
        with store.only_worker(broker.account), connect:
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
    clock, execution = clock_of(settings), settings.execution
    metrics = WorkerMetrics(most_symbols=execution.metrics_symbols)
    with (
        opened_stores(settings, redis_patience_seconds=REDIS_PATIENCE_SECONDS) as stores,
        metrics.served(execution.metrics_port, host=settings.metrics.host),
    ):
        if started_by is not None:
            activity = PostgresOperatorActivity(stores.database)
            activity.note(STARTED, by=started_by, at=clock.now())
        with opened_worker(settings, stores, clock=clock, metrics=metrics) as worker:
            log.info("worker_started", account=worker.account, now=clock.now().isoformat())
            pulse = Pulse(settings.home, WORKER, clock)
            with present(settings.home, WORKER), closing(pulse):
                WorkerLoop(worker, ending, metrics, pulse=pulse).run()
            log.info("worker_ended", account=worker.account, now=clock.now().isoformat())


def _broker(
    settings: Settings, stores: Stores, clock: Clock
) -> tuple[BrokerAdapter, AbstractContextManager[object], ActionsAtBroker | None]:
    if trades_at_ibkr(settings):
        # IBKR gives what is held its splits and dividends itself.
        broker = open_ibkr_broker(settings, clock=clock)
        return broker, _connected(broker), None
    simulated = open_simulated_broker(settings, stores, clock=clock)
    return simulated, nullcontext(), simulated.apply_actions


@contextmanager
def _connected(broker: IbkrBroker) -> Iterator[None]:
    with closing(broker):
        broker.open()
        yield


def _counted(whole: Companions, metrics: WorkerMetrics | None) -> Companions:
    if metrics is None:
        return whole
    return replace(
        whole,
        quality=metrics.counting(whole.quality),
        observe_malformed=metrics.count_malformed,
    )
