"""A worker on durable stores, at a broker that is a socket: what a signal costs, and at the least.

The floor is what no worker can do without: reading the entry, one durable commit, one write to the
broker. References are in memory, as they are after the session's first look at them.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter

import psycopg2

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.migrate import upgrade
from alpha_oracle.adapters.postgres.operators import PostgresOperatorActivity
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.bootstrap.trading_rules import companions, trading_rules
from alpha_oracle.bootstrap.worker import Worker
from alpha_oracle.config import Settings
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.trading_facts import References
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.execution.surroundings import Ports
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, standard_checks
from tests.fakes.broker import a_quote
from tests.fakes.clock import FixedClock
from tests.fakes.scripted_broker import ScriptedBroker, a_fill
from tests.fakes.trading_facts import InMemoryTradingFacts
from tests.unit.execution.trading_day import SESSION, SIGNALLED, a_document

SYMBOLS = tuple(f"SYM{letter}" for letter in "ABCDEFGHIJKLMNOPQRST")
CASH = Decimal(100_000_000)
BOUNDED = "BOUNDED_AUTONOMOUS"
STREAM = "signals:stream"
FLOOR_STREAM = "floor:stream"
DRAIN = """
import socket, sys
taken, _ = socket.socket(fileno=int(sys.argv[1])).accept()
while taken.recv(65536):
    pass
"""


class SocketBroker(ScriptedBroker):
    """Writes each order to a socket, and tells at once what became of it.

    The first orders, one a symbol, are filled; of all others it says that they were cancelled, so
    that the book stays one of twenty positions however many signals come.
    """

    sent_at = 0.0

    def __init__(self, wire, clock):
        super().__init__(clock=clock, cash=CASH)
        self._wire = wire
        self.submitted_ids = set()

    def submit_order(self, order):
        self._wire.sendall(as_bytes(order))
        self.sent_at = perf_counter()
        self.submitted_ids.add(order.order_id)
        self.tell("accepted", order.order_id)
        if len(self.executions) >= len(SYMBOLS):
            self.tell("cancelled", order.order_id, reason="the benchmark goes on")
            return
        fill = a_fill(
            self.clock, execution_id=f"x.{len(self.executions)}.01", quantity=order.quantity
        )
        self.executed(order, fill)
        self.tell("filled", order.order_id, fill=fill)

    def end_orders(self):
        """Nothing works here that was not told to have ended."""

    def executed(self, order, fill):
        """Let shares and cash have moved."""
        self.positions[order.symbol] = self.positions.get(order.symbol, 0) + fill.quantity
        self.cash -= fill.quantity * fill.price + fill.commission
        self.executions.append(None)

    def snapshot(self):
        """Everything, the executions being told already."""
        told, self.executions = self.executions, []
        try:
            return super().snapshot()
        finally:
            self.executions = told


def as_bytes(order):
    """An order as a line."""
    price = order.limit_price or ""
    return f"{order.order_id} {order.side} {order.symbol} {order.quantity} {price}\n".encode()


@dataclass
class TradingDesk:
    """A worker and, beside it, the bare means to measure the floor with."""

    worker: Worker
    broker: SocketBroker
    clock: FixedClock
    board: RedisQuoteBoard
    redis: RedisConnection
    wire: socket.socket
    plain: psycopg2.extensions.connection
    given: int = 0
    look_at: datetime | None = None

    def document(self):
        """A signal that was never given: a strategy and a symbol of its own."""
        number, self.given = self.given, self.given + 1
        name = f"Strategy {number // len(SYMBOLS)}"
        symbol = SYMBOLS[number % len(SYMBOLS)]
        return a_document(symbol, strategy=name, win_rate=0.5, avg_win_loss_ratio=1.001)

    def publish(self, *documents, stream=STREAM):
        """Add entries as another program does."""
        with self.redis.client() as client:
            for document in documents:
                client.xadd(stream, {"data": document})

    def quote(self):
        """Let the market quote everything now."""
        now = self.clock.now()
        quotes = [a_quote(symbol=one, bid=99.95, ask=100.05, at=now) for one in SYMBOLS]
        vix = a_quote(symbol="VIX", bid=14.9, ask=15.1, at=now)
        self.board.publish([*quotes, replace(vix, last=Decimal(15))])

    def let_pass(self, **duration):
        """Let time pass, and the worker do what is due by then."""
        self.clock.advance(**duration)
        self.quote()
        self.look_at = self.worker.step()
        self.worker.relay()

    def work(self):
        """What the worker's loop does at what came in, without the announcements."""
        is_due = self.look_at is not None and self.look_at <= self.clock.now()
        self.worker.take_in(wait_seconds=0.0 if is_due else 1.0)
        self.look_at = self.worker.step()

    def floor(self, number, count=1):
        """Read entries; for each one durable commit and one write."""
        with self.redis.client() as client, self.plain.cursor() as cursor:
            answer = client.xreadgroup("floor", "one", {FLOOR_STREAM: ">"}, count=count, block=1000)
            for _, entries in answer:
                for place, (_, fields) in enumerate(entries):
                    row = (number + place, fields["data"])
                    cursor.execute("INSERT INTO floor VALUES (%s, %s)", row)
                    self.wire.sendall(fields["data"][:100].encode())


@contextmanager
def opened_desk(folder, *, broker_at=None):
    """Give a desk at ten o'clock on stores of its own, durable as the product starts them.

    `broker_at` opens a broker at a clock; without it the broker is a socket.
    """
    with ExitStack() as stack:
        url = stack.enter_context(embedded_postgres(folder / "postgres").attached())
        upgrade(url)
        database = stack.enter_context(closing(open_database(url)))
        redis_url = stack.enter_context(embedded_redis(folder / "redis").attached())
        redis = stack.enter_context(closing(RedisConnection(redis_url)))
        clock = FixedClock(calendar.session_open(SESSION) + timedelta(minutes=5))
        wire = stack.enter_context(_wire())
        broker = SocketBroker(wire, clock)
        if broker_at is not None:
            broker = stack.enter_context(broker_at(clock))
        board = RedisQuoteBoard(redis, clock=clock)
        store = stack.enter_context(closing(PostgresTradingStore(database)))
        activity = PostgresOperatorActivity(database)
        activity.note("heartbeat", by="operator", at=clock.now())
        stream = stack.enter_context(closing(RedisSignalStream(redis, consumer="worker")))
        stack.enter_context(store.only_worker(broker.account))
        switch = KillSwitch(PostgresKillSwitch(database), RedisKillSwitchMirror(redis))
        engine = ExecutionEngine(
            Ports(
                clock=clock, store=store, switch=switch, activity=activity, broker=broker,
                board=board, facts=InMemoryTradingFacts(known=_references()),
            ),
            _rules(),
            companions(Settings()),
        )  # fmt: skip
        worker = Worker(
            account=broker.account, engine=engine, store=store, stream=stream, clock=clock,
            outbox=PostgresOutbox(database), bus=RedisEventBus(redis),
        )  # fmt: skip
        plain = stack.enter_context(closing(psycopg2.connect(url)))
        plain.autocommit = True
        with redis.client() as client, plain.cursor() as cursor:
            client.xgroup_create(FLOOR_STREAM, "floor", mkstream=True)
            cursor.execute("CREATE TABLE floor (number bigint PRIMARY KEY, document text)")
        desk = TradingDesk(
            worker=worker, broker=broker, clock=clock, board=board, redis=redis, wire=wire,
            plain=plain,
        )  # fmt: skip
        desk.let_pass(seconds=1)
        yield desk


@contextmanager
def _wire():
    """A connection to a process that reads all that comes, and does nothing with it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        handle = listening.fileno()
        command = [sys.executable, "-c", DRAIN, str(handle)]
        with subprocess.Popen(command, pass_fds=[handle]) as process:
            with socket.create_connection(listening.getsockname()) as wire:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                yield wire
            process.wait(10)


def _references():
    symbols = [Symbol(one) for one in SYMBOLS]
    return References(
        session=SESSION,
        symbols=frozenset(symbols),
        sectors={one: f"sector of {one}" for one in symbols},
        adv_shares=dict.fromkeys(symbols, 1_000_000),
        last_closes=dict.fromkeys(symbols, Decimal(100)),
        vix_close=(SIGNALLED, Decimal(15)),
        standings={},
        holds={},
    )


def _rules():
    """The product's own, the rates and counts of orders lifted."""
    rules = trading_rules(Settings.model_validate({"risk": {"autonomy_mode": BOUNDED}}))
    bounds = replace(
        rules.bounds,
        max_positions=10**6,
        max_trades_per_day=10**6,
        max_orders_per_second=10**6,
        max_orders_per_minute=10**6,
    )
    return replace(rules, bounds=bounds, risk=PreTradeRiskManager(standard_checks(bounds)))
