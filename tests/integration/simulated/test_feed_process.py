"""A rehearsal: the feed as a process of its own, at any hour, on real Redis and Postgres."""

import json
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.simulated.broker import SimulatedBroker
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import StoreUnavailable
from tests.end_to_end.command_line import PATIENCE_SECONDS, begin_process
from tests.fakes.broker import SESSION, an_order, rules
from tests.logs import whole_lines
from tests.ports import a_free_port

pytestmark = pytest.mark.slow

START = datetime(2016, 6, 2, 13, 40, tzinfo=UTC)
SYMBOLS = 20


@pytest.fixture
def redis_of_its_own(tmp_path):
    """A Redis server that may be stopped."""
    with embedded_redis(tmp_path / "redis").attached() as url:
        yield SimpleNamespace(server=embedded_redis(tmp_path / "redis"), url=url)


@pytest.fixture
def environment(home, database_url, redis_of_its_own):
    return {
        "ALPHA_ORACLE_HOME": str(home),
        "ALPHA_ORACLE_DATABASE__URL": database_url,
        "ALPHA_ORACLE_REDIS__URL": redis_of_its_own.url,
        "ALPHA_ORACLE_BROKER__SIMULATED__CASH": "50000",
        "ALPHA_ORACLE_DATA__SOURCE": "synthetic",
        "ALPHA_ORACLE_DATA__SYNTHETIC__SYMBOLS": str(SYMBOLS),
        "ALPHA_ORACLE_CLOCK__START_AT": START.isoformat(),
        "ALPHA_ORACLE_FEED__INTERVAL_SECONDS": "0.2",
    }


@pytest.fixture
def clock(home):
    """The rehearsal's clock, which the first process to ask pins."""
    return pinned_clock(home, start_at=START)


@pytest.fixture
def board(environment, clock):
    with closing(RedisConnection(environment["ALPHA_ORACLE_REDIS__URL"])) as connection:
        yield RedisQuoteBoard(connection, clock=clock)


@pytest.fixture
def log(tmp_path):
    """What the feed logs."""
    return tmp_path / "feed.log"


@pytest.fixture
def feed(environment, clock, log):
    """The feed, running."""
    with log.open("w") as file, begin_process(environment, "feed", stderr=file) as process:
        yield process
        process.kill()


@pytest.fixture
def book(environment):
    """The simulated broker's book, as a reader has it."""
    with closing(open_database(environment["ALPHA_ORACLE_DATABASE__URL"])) as database:
        yield PostgresSimulatedBook(database, account="paper")


def bar_of_the_session():
    """A symbol's session in the generated market: symbol, low, high."""
    source = SyntheticBarSource(SyntheticSettings(symbols=SYMBOLS))
    bars = source.fetch(source.symbols(SESSION)[:1], start=SESSION, end=SESSION).bars
    return bars.symbols[0], bars.low.item(), bars.high.item()


def first(find):
    """Ask again and again until there is something; return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


def logged(log):
    """What the feed has logged of itself."""
    events = [json.loads(line)["event"] for line in whole_lines(log) if line[:1] == "{"]
    return [event for event in events if event.startswith("feed_")]


def newer(board, symbol, *, than):
    """The quote of a symbol, if it is newer; None also where nobody answers."""
    try:
        quote = board.quotes([symbol]).get(symbol)
    except StoreUnavailable:
        return None
    return quote if quote and quote.at > than else None


def test_orders_are_executed_at_the_feeds_quotes_though_nobody_else_runs(feed, board, clock, book):
    symbol, low, high = bar_of_the_session()
    quote = first(lambda: newer(board, symbol, than=START))
    assert low <= float(quote.last) <= high
    assert quote.bid < quote.ask
    assert 5 < float(first(lambda: newer(board, Symbol(VIX), than=START)).last) < 90

    broker = SimulatedBroker(book, board, clock=clock, rules=rules())
    broker.submit_order(an_order(symbol=symbol, quantity=1))
    (execution,) = first(lambda: book.statement(since=SESSION).executions)
    assert low * 0.99 <= float(execution.price) <= high * 1.01
    assert execution.commission > 0
    paid = execution.price + execution.commission
    assert book.statement(since=SESSION).cash == 50_000 - paid


def test_a_feed_that_lost_redis_goes_on_when_it_is_back_and_ends_when_told(
    feed, log, board, clock, redis_of_its_own
):
    symbol, *_ = bar_of_the_session()
    first(lambda: newer(board, symbol, than=START))
    redis_of_its_own.server.stop()
    first(lambda: "feed_interrupted" in logged(log))
    with redis_of_its_own.server.attached():
        restarted_at = clock.now()
        assert first(lambda: newer(board, symbol, than=restarted_at))

    feed.send_signal(signal.SIGTERM)
    assert feed.wait(PATIENCE_SECONDS) == 0
    assert logged(log) == ["feed_started", "feed_interrupted", "feed_resumed", "feed_ended"]


def test_a_feed_whose_gateway_is_not_there_says_so_and_ends_when_told(environment, log):
    settings = {
        "ALPHA_ORACLE_BROKER__PROVIDER": "ibkr",
        "ALPHA_ORACLE_BROKER__IBKR__PORT": str(a_free_port()),
    }
    with (
        log.open("w") as file,
        begin_process(environment | settings, "feed", stderr=file) as process,
    ):
        first(lambda: "nothing listens" in log.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert logged(log) == ["feed_started", "feed_interrupted", "feed_ended"]
