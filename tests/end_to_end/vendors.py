"""Installations whose bars come from the vendors' stand-ins, and what these were asked."""

import json
import subprocess
import sys
import time
import zlib
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import psutil

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.connection import GatewayConnection
from alpha_oracle.adapters.ibkr.dialing import Patience
from alpha_oracle.adapters.ibkr.loop_thread import LoopThread
from alpha_oracle.adapters.ibkr.source import IbkrBarSource
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars
from alpha_oracle.domain.market import ActionKind, CorporateAction, PriceBasis, Symbol
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.validation.context import ValidationBounds
from tests.end_to_end.worlds import HISTORY_ENDS, NOW, SESSION, World
from tests.integration.ibkr.talk import Client
from tests.logs import whole_lines
from tests.peers.alpha_vantage.series import as_table
from tests.peers.tws.market import market_of_columns

ROOT = Path(__file__).parents[2]
KEY = "S3CRETK3Y16CHARS"
ACCOUNT = "DU7654321"
DATA_CLIENT = 2
PATIENCE_SECONDS = 600.0

# Windows so short that a history of some weeks has a few of them.
SHORT_WINDOWS = {
    "STRATEGY__WALK_FORWARD__TRAIN_MONTHS": 1,
    "STRATEGY__WALK_FORWARD__TEST_MONTHS": 1,
    "STRATEGY__WALK_FORWARD__STEP_MONTHS": 1,
}

# What real pauses become; the order of events stays, and nobody is given up on.
IMPATIENT = Patience(
    handshake_seconds=60.0,
    heartbeat_seconds=60.0,
    lease_seconds=0.2,
    lease_slice_seconds=0.1,
    taken_waits_seconds=(0.05, 0.1),
    restart_waits_seconds=(0.1,) * 600,
    outage_seconds=60.0,
    idle_seconds=5.0,
)


def symbols_of(count):
    """So many tickers, ascending."""
    return tuple(f"STK{number:03}" for number in range(1, count + 1))


def a_market(symbols, *, sessions=30):
    """Raw bars of symbols up to the session, whose closes walk about; the same every time."""
    draw = np.random.default_rng(8)
    days = np.array(
        calendar.sessions_between(calendar.shift_session(SESSION, 1 - sessions), SESSION),
        dtype="datetime64[D]",
    )
    shape = (len(symbols), len(days))
    start = draw.uniform(40.0, 200.0, (len(symbols), 1))
    close = start * np.exp(np.cumsum(draw.normal(0.0, 0.02, shape), axis=1))
    opened = close * np.exp(draw.normal(0.0, 0.005, shape))
    high, low = np.maximum(opened, close) * 1.004, np.minimum(opened, close) * 0.996
    volume = draw.integers(1_000_000, 9_000_000, shape).astype(float)
    return BarColumns(
        symbols=tuple(map(Symbol, symbols)),
        symbol_index=np.repeat(np.arange(len(symbols), dtype=np.int32), len(days)),
        session=np.tile(days, len(symbols)),
        volume=volume.ravel(),
        **{
            name: np.round(prices, 2).ravel()
            for name, prices in (("open", opened), ("high", high), ("low", low), ("close", close))
        },
    )


def rows_of(bars, symbol):
    """Which rows are a symbol's."""
    return bars.symbol_index == bars.symbols.index(symbol)


def split_on_the_session(bars, symbol, ratio):
    """The same market, a symbol of which traded split from the session on."""
    after = rows_of(bars, symbol) & (bars.session == np.datetime64(SESSION))
    share = np.where(after, float(ratio), 1.0)
    prices = {name: getattr(bars, name) / share for name in ("open", "high", "low", "close")}
    return replace(bars, volume=bars.volume * share, **prices)


def a_split(symbol, ratio):
    """So many new shares for an old one, from the session on."""
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_date=SESSION,
        kind=ActionKind.SPLIT,
        value=ratio,
        known_at=calendar.session_open(SESSION),
    )


def before_the_session(bars):
    """What a store holds before the session."""
    return bars.take(bars.session < np.datetime64(SESSION))


def vendor_table(bars, actions=()):
    """A market as the stand-in of Alpha Vantage takes it."""
    batch = BarBatch(source="test", basis=PriceBasis.RAW)
    return as_table(ReceivedBars(bars=bars, batch=batch, actions=tuple(actions)))


def gateway_market(bars, actions=()):
    """A market as the stand-in of TWS takes it."""
    return market_of_columns(bars, actions)


def as_given_by(source, bars):
    """Bars as if a source had given them before."""
    batch = {
        "alpha_vantage": BarBatch(source="alpha_vantage", basis=PriceBasis.RAW),
        "ibkr": BarBatch(
            source="ibkr", basis=PriceBasis.SPLIT_ADJUSTED, adjusted_through=HISTORY_ENDS
        ),
    }[source]
    return ReceivedBars(bars=bars, batch=batch)


def store(database_url, received):
    """Store bars as an installation does."""
    with closing(open_database(database_url)) as database:
        imports.import_bars(
            received,
            MarketStores(
                bars=TimeSeriesStorage(database),
                quarantine=PostgresQuarantine(database),
                reference=PostgresReference(database),
            ),
            bounds=ValidationBounds(
                max_jump_ratio=1.4, max_stale_sessions=5, max_disagreement_pct=1.0
            ),
            at=NOW - timedelta(days=1),
        )


def by_alpha_vantage(url, **changes):
    """Settings for bars from a stand-in of Alpha Vantage."""
    return {
        "DATA__SOURCE": "alpha_vantage",
        "DATA__ALPHA_VANTAGE__API_KEY": KEY,
        "DATA__ALPHA_VANTAGE__BASE_URL": url,
        "DATA__ALPHA_VANTAGE__REQUESTS_PER_MINUTE": 6000,
        "DATA__ALPHA_VANTAGE__REQUESTS_PER_DAY": 10_000,
        "DATA__ALPHA_VANTAGE__TIMEOUT_SECONDS": 60,
        "DATA__BATCH_SIZE": 50,
    } | changes


def by_ibkr(port, **changes):
    """Settings for bars from a stand-in of TWS."""
    return {
        "DATA__SOURCE": "ibkr",
        "DATA__IBKR__REQUESTS_PER_SECOND": 40,
        "BROKER__IBKR__PORT": port,
        "DATA__BATCH_SIZE": 50,
    } | changes


class VendorWorlds:
    """Makes installations, each on a database of its own with some bars stored before."""

    def __init__(self, databases, redis_url):
        self._databases = databases
        self._redis_url = redis_url

    @contextmanager
    def __call__(self, home, *stored, **changes):
        """An installation for the length of a block; this process belongs to it."""
        home.mkdir(mode=0o700, exist_ok=True)
        changes = SHORT_WINDOWS | changes
        with ExitStack() as stack:
            url = stack.enter_context(self._databases())
            for received in stored:
                store(url, received)
            world = World(
                home=home, database=nullcontext(url), redis_url=self._redis_url, changes=changes
            )
            yield stack.enter_context(world)


def impatient_gateway(settings, memory):
    """The gateway's connection as it is wired, with less patience."""
    gateway = settings.broker.ibkr
    return GatewayConnection(
        gateway, client_id=gateway.data_client_id, leases=memory.leases, patience=IMPATIENT
    )


def impatient_ibkr(settings, memory, gateway):
    """The `ibkr` source as it is wired, with less patience."""
    return IbkrBarSource(
        gateway(),
        listings=memory.listings,
        clock=memory.clock,
        settings=settings.data.ibkr,
        refusal_waits_seconds=(0.02, 0.05),
    )


@dataclass(frozen=True)
class VendorElsewhere:
    """A local Alpha Vantage in a process of its own: it outlives who asks it."""

    url: str
    log: Path
    pid: int

    def is_asked(self):
        """Whether anybody is connected: nothing that was sent is still to come where nobody is."""
        connections = psutil.Process(self.pid).net_connections(kind="tcp")
        return any(one.status != psutil.CONN_LISTEN for one in connections)

    def asked(self):
        """The requests that came, in order: function and symbol."""
        told = map(json.loads, whole_lines(self.log))
        return [(one["function"], one["symbol"]) for one in told]

    def symbols(self):
        """The symbols asked for, in order."""
        return [symbol for _, symbol in self.asked()]


@contextmanager
def alpha_vantage_process(table, *, folder, **options):
    """Serve a table from a process of its own for the length of a block."""
    bars, log, port = folder / "vendor.csv", folder / "vendor.jsonl", folder / "vendor.port"
    table.to_csv(bars, index=False)
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    files = ["--bars", bars, "--log", log, "--port-file", port, "--key", KEY]
    command = [sys.executable, "-m", "tests.peers.alpha_vantage", *files, *given]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_until(port.exists)
            url = f"http://127.0.0.1:{port.read_text()}"
            yield VendorElsewhere(url=url, log=log, pid=process.pid)
        finally:
            process.terminate()


@contextmanager
def foreign_client(gateway, client_id=2):
    """Another program's ib_insync on a client id, for the length of a block."""
    thread = LoopThread("another program")
    client = thread.run(lambda: _connected(gateway, client_id))

    async def leave():
        client.ib.disconnect()

    try:
        yield client
    finally:
        thread.close(leave)


async def _connected(gateway, client_id):
    return await Client().connect(gateway, client_id)


def dump(world):
    """All that the database holds, as one text; kept answers unpacked."""
    tables = world.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    rows = [world.rows(f'SELECT told::text FROM "{table}" AS told') for (table,) in tables]
    packed = world.rows("SELECT body FROM vendor_answers")
    answers = [zlib.decompress(bytes(body)).decode() for (body,) in packed]
    return "\n".join([*(text for found in rows for (text,) in found), *answers])


def wait_until(is_so, *, seconds=PATIENCE_SECONDS):
    """Wait for something that comes soon."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def table_of(artifact):
    """The rows of a table artifact."""
    return json.loads(artifact.data)
