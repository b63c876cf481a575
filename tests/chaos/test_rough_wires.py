"""The engine on Postgres itself, over a wire that breaks anywhere: nothing is sent on a guess."""

import random
from collections import Counter
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.chaos.wire import Wire
from tests.unit.execution.trading_day import MOMENTUM, SYMBOLS, TradingDay, a_document, references

STRATEGIES = (MOMENTUM, "BreakoutStrategy", "MeanReversionStrategy")
SECONDS = (0.2, 1, 1, 3)
ON_RECORD = "SELECT quantity, limit_price, status FROM orders WHERE order_id = :order_id"
HELD = "SELECT symbol, sum(quantity)::int FROM lots WHERE quantity > 0 GROUP BY symbol"


class Witness:
    """A broker that holds each order it gets against the record, as it is read beside the wire."""

    def __init__(self, broker, read):
        self._broker, self._read = broker, read
        self.got = Counter()

    def __getattr__(self, name):
        return getattr(self._broker, name)

    def submit_order(self, order):
        self.got[order.order_id] += 1
        assert self._read(ON_RECORD, order_id=order.order_id) == [
            (order.quantity, order.limit_price, "PENDING")
        ]
        assert self._read("SELECT is_active FROM kill_switch") == [(False,)], "sent while halted"
        self._broker.submit_order(order)


class Worker:
    """Gives what comes in again until it is settled, as the worker's loop does."""

    def __init__(self, engine):
        self._engine = engine
        self.coming, self._unsettled = [], []

    def turn(self):
        with self._kept_hold_of():
            while self.coming:
                self._engine.receive(self.coming[:1], source="stream")
                self._unsettled.append(self.coming.pop(0))
        self._engine.step()
        with self._kept_hold_of():
            self._engine.settle()
            self._unsettled.clear()

    @contextmanager
    def _kept_hold_of(self):
        try:
            yield
        except StoreUnavailable:
            self.coming[:0] = self._unsettled
            self._unsettled.clear()


@pytest.fixture
def read(database_url):
    with closing(open_database(database_url)) as database:

        def read(statement, **values):
            with database.begin() as connection:
                return [tuple(row) for row in connection.execute(text(statement), values)]

        yield read


@pytest.mark.parametrize("seed", range(3))
def test_what_is_sent_is_on_record_and_what_came_in_is_decided_once(database_url, read, seed):
    dice = random.Random(seed)
    day = TradingDay(bounds={"max_orders_per_second": 3, "max_positions": 20})
    standing = references().standings[MOMENTUM]
    day.facts.known = references(standings=dict.fromkeys(STRATEGIES, standing))
    documents = [a_document(one, strategy=by) for by in STRATEGIES for one in SYMBOLS]
    with ExitStack() as stack:
        wire = stack.enter_context(closing(Wire(database_url)))
        database = stack.enter_context(closing(open_database(wire.url)))
        store = stack.enter_context(closing(PostgresTradingStore(database)))
        beside = stack.enter_context(closing(open_database(database_url)))
        day.switch = KillSwitch(PostgresKillSwitch(beside), day.mirror)
        witness = Witness(day.market.another(), read)
        stack.enter_context(suppress(StoreUnavailable))
        stack.enter_context(store.only_worker(witness.account))
        worker, left = Worker(day.another(broker=witness, store=store)), [*documents]
        day.go_to(5)
        wire.roughen(dice, odds=0.05)
        for _ in range(30):
            day.quote_all()
            worker.coming += [left.pop() for _ in left[: dice.randint(0, 2)]]
            worker.turn()
            day.clock.advance(seconds=dice.choice(SECONDS))
        wire.roughen(dice, odds=0)
        worker.coming += [left.pop() for _ in [*left]]
        for _ in range(40):
            day.quote_all()
            worker.turn()
            day.clock.advance(seconds=2)
    assert wire.cuts
    assert worker.coming == left == []
    assert set(witness.got.values()) == {1}
    assert read("SELECT count(*) FROM signal_outcomes") == [(len(documents),)]
    orders = {one.order_id: one.status for one in day.engine.book.orders.values()}
    assert dict(read("SELECT order_id, status FROM orders")) == orders
    theirs = {str(symbol): one.quantity for symbol, one in day.market.book.positions.items()}
    assert dict(read(HELD)) == theirs
    assert read("SELECT cash_usd FROM trading_accounts") == [(day.market.book.cash,)]
