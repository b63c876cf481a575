"""The worker as it runs, on Postgres and Redis: only the clock is moved and the market is told."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import date

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import VirtualClock
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.families import reference_stores
from alpha_oracle.adapters.postgres.operators import PostgresApprovalDesk, PostgresOperatorActivity
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.stores import opened_stores
from alpha_oracle.bootstrap.worker import opened_worker
from alpha_oracle.config import SyntheticSettings, ValidationSettings, load_settings
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.validation.context import ValidationBounds
from alpha_oracle.research.market import MarketRecord, load_market

BOUNDS = ValidationBounds(**ValidationSettings().model_dump())
FIRST, LAST = date(2016, 2, 1), date(2016, 3, 10)

SYMBOLS = 40
OPERATOR = "operator"


class StoredWorld:
    """A worker on real stores, in virtual time."""

    def __init__(self, stores, worker, clock):
        self._stores = stores
        self._worker = worker
        self._clock = clock
        database = stores.database
        self._signals = PostgresSignals(database)
        self._records = PostgresTradingRecords(database)
        self._board = RedisQuoteBoard(stores.redis, clock=clock)
        self._beside = PostgresTradingStore(database)

    def close(self):
        self._beside.close()

    def now(self):
        return self._clock.now()

    def move_to(self, instant):
        self._clock.move_to(instant)

    def step(self):
        self._worker.take_in(wait_seconds=0.0)
        look_at = self._worker.step()
        self._worker.relay()
        return look_at

    def open_entries(self, strategy, *, before):
        since = calendar.shift_session(before, -2 * strategy.max_hold_days)
        return self._signals.open_entries(strategy.name, before=before, since=since)

    def announce(self, signals):
        self._signals.save(signals, at=self.now())
        self._worker.relay()

    def publish(self, quotes):
        self._board.publish(quotes)

    def note_operator(self):
        PostgresOperatorActivity(self._stores.database).note(OPERATOR, by=OPERATOR, at=self.now())

    def approve(self):
        desk = PostgresApprovalDesk(self._stores.database)
        for one in self._record().approvals:
            desk.decide(one.order_id, approve=True, by=OPERATOR, at=self.now())

    def is_busy(self):
        record = self._record()
        return bool(record.waiting) or any(not one.is_final for one in record.orders)

    def cash(self):
        return float(self._records.state(self._worker.account).cash_usd)

    def previous_close_equity(self):
        return float(self._records.state(self._worker.account).previous_close_equity_usd)

    def executions(self):
        book = PostgresSimulatedBook(self._stores.database, account=self._worker.account)
        return book.statement(since=FIRST).executions

    def _record(self):
        return self._beside.load(self._worker.account, since=self.now().date())


@contextmanager
def opened_world():
    """A market on the stores of the settings, and the world it is traded in, for a block."""
    settings, clock = load_settings(), VirtualClock(calendar.session_close(FIRST))
    with ExitStack() as stack:
        stores = stack.enter_context(opened_stores(settings))
        market = stored_market(stores)
        worker = stack.enter_context(opened_worker(settings, stores, clock=clock))
        world = StoredWorld(stores, worker, clock)
        stack.callback(world.close)
        yield market, world


def stored_market(stores):
    """Import a generated market, and return it as research reads it, with its sectors."""
    source = SyntheticBarSource(SyntheticSettings(symbols=SYMBOLS, start=FIRST))
    database, at = stores.database, calendar.decision_instant(LAST)
    market = MarketStores(
        bars=TimeSeriesStorage(database),
        quarantine=PostgresQuarantine(database),
        reference=PostgresReference(database),
    )
    imports.import_sectors(source.sectors(through=LAST), market.reference, at=at)
    received = source.fetch(source.symbols(FIRST), start=FIRST, end=LAST)
    imports.import_bars(received, market, bounds=BOUNDS, at=at)
    record = MarketRecord(
        bars=market.bars, reference=market.reference, families=reference_stores(database)
    )
    return load_market(record, session=LAST, as_of=at)
