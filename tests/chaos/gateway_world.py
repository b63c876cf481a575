"""Where a storm at a gateway takes place: a gateway and a Postgres that are real, and a day."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import text

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.config import IbkrBrokerSettings
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.chaos.gateway_fate import FatedBroker, FatedStore
from tests.chaos.wire import Wire
from tests.contracts.trading_stores import EMPTY
from tests.fakes.broker import CASH, SESSION, close_of_the_session
from tests.fakes.gateway_market import ACCOUNT, CLIENT_ID, PATIENT, SharedClock
from tests.fakes.trading import InMemoryKillSwitchMirror
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway
from tests.unit.execution.trading_day import BEFORE_OPEN, SYMBOLS, TradingDay, references

SHARES_A_DAY = dict(zip(map(Symbol, SYMBOLS), (10**6, 10**6, 20_000, 20_000), strict=True))
"""AAA goes at the market, CCC and DDD at a limit; BBB has a wide spread and is worked in slices."""

HASTY = replace(
    PATIENT,
    handshake_seconds=2.0,
    answer_seconds=0.3,
    heartbeat_seconds=0.2,
    heartbeat_every_seconds=0.5,
    waits_seconds=(0.02,),
    start_seconds=0.3,
    most_a_second=10_000,
)


@dataclass
class GatewayWorld:
    """A gateway, and stores that are reached over a wire; `direct` are the same without it.

    `worsen` breaks the adapter on purpose, as a test of the storms does.
    """

    gateway: object
    wire: Wire
    direct: object
    worsen: object = None

    def __post_init__(self):
        self.day = TradingDay(
            mode=AutonomyMode.BOUNDED_AUTONOMOUS, clock=SharedClock(self.gateway, BEFORE_OPEN)
        )
        self.day.switch = KillSwitch(PostgresKillSwitch(self.direct), InMemoryKillSwitchMirror())
        self.day.facts.known = references(adv_shares=SHARES_A_DAY)
        self.day.build = self._built
        self.broker = None
        self._databases, self._stores = [], []
        self.calls = {}
        self.fate = None

    def start(self):
        """Let a worker start, where none runs; the one before is gone, as its process is."""
        self.end()
        settings = IbkrBrokerSettings(
            host=self.gateway.host, port=self.gateway.port, client_id=CLIENT_ID, account=ACCOUNT
        )
        self.broker = IbkrBroker(settings, clock=self.day.clock, patience=HASTY)
        if self.worsen is not None:
            self.worsen(self.broker)
        self.broker.open()
        self.day.another(broker=FatedBroker(self.broker, self.fate, self.calls))

    def end(self):
        """Let its process be gone."""
        if self.broker is not None:
            self.broker.close()
        for one in (*self._stores, *self._databases):
            one.close()
        self._stores.clear()
        self._databases.clear()

    def record(self):
        """The book as it is on record."""
        with closing(PostgresTradingStore(self.direct)) as store:
            return store.load(ACCOUNT, since=SESSION)

    def outcomes(self):
        """How many signals have an outcome."""
        with self.direct.begin() as connection:
            return connection.execute(text("SELECT count(*) FROM signal_outcomes")).scalar_one()

    def _built(self, ports, rules, companions):
        self._databases.append(open_database(self.wire.url))
        database = self._databases[-1]
        self._stores.append(PostgresTradingStore(database))
        store = FatedStore(self._stores[-1], self.fate)
        switch = KillSwitch(PostgresKillSwitch(database), ports.switch._mirror)
        return ExecutionEngine(replace(ports, store=store, switch=switch), rules, companions)


@contextmanager
def opened_world(database_url, *, worsen=None):
    """A world of its own on a database that is emptied, for the length of a block."""
    # The calendar takes seconds to load, and the gateway would be silent meanwhile.
    close_of_the_session()
    market = market_of_closes({symbol: [100.0] for symbol in SYMBOLS}, [SESSION])
    settings = {"accounts": (ACCOUNT,), "cash": float(CASH), "messages_per_second": 10**6}
    with (
        closing(open_database(database_url)) as direct,
        closing(Wire(database_url)) as wire,
        running_gateway(market, now=BEFORE_OPEN, **settings) as gateway,
    ):
        with direct.begin() as connection:
            connection.execute(text(EMPTY))
        world = GatewayWorld(gateway, wire, direct, worsen)
        try:
            yield world
        finally:
            world.end()
