"""A local Alpha Vantage, spoken to over HTTP: the shapes, limits and faults of the real one."""

import gzip
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from tests.peers.alpha_vantage.companies import FUNCTIONS
from tests.peers.alpha_vantage.faults import FAULTS
from tests.peers.alpha_vantage.series import series
from tests.peers.alpha_vantage.texts import TEXTS, refusal

PLAIN = "TIME_SERIES_DAILY"
ADJUSTED = "TIME_SERIES_DAILY_ADJUSTED"
COMPACT_POINTS = 100


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a key may do; None: no bound."""

    premium: bool = True
    statements: bool = True
    per_minute: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as it came."""

    function: str
    symbol: str
    outputsize: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to one request that fits: a refusal's name, or one of `FAULTS`."""

    name: str
    symbol: str | None = None
    function: str | None = None
    value: object = None

    def fits(self, asked):
        return self.symbol in {None, asked.symbol} and self.function in {None, asked.function}


@dataclass
class AlphaVantagePeer:
    """A market, a plan and the faults to come; `requests` are those that came, in order.

    `companies` are those it has statements of, by ticker. `through` is the newest day it has
    published (None: all). `keys` are those it knows (None: any). Each answer takes
    `delay_seconds`.
    """

    table: pd.DataFrame
    plan: Plan = field(default_factory=Plan)
    companies: Mapping[str, object] = field(default_factory=dict)
    through: object = None
    keys: frozenset[str] | None = None
    log: Path | None = None
    delay_seconds: float = 0.0
    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._guard = threading.Lock()
        self._times = deque()
        self._rows = {}
        self.serve_table(self.table)

    def serve_table(self, table):
        """Serve another table from now on."""
        self.table = table
        self._rows = {
            str(symbol).replace(".", "-"): rows for symbol, rows in table.groupby("symbol")
        }

    def count(self, *, function=None, symbol=None):
        """How many requests came, of a function or a symbol where given."""
        return sum(
            function in {None, asked.function} and symbol in {None, asked.symbol}
            for asked in self.requests
        )

    def fail(self, name, *, times=1, symbol=None, function=None, value=None):
        """Do this to the next requests that fit."""
        assert name in TEXTS or name in FAULTS, name
        fault = Fault(name=name, symbol=symbol, function=function, value=value)
        self.faults.extend([fault] * times)

    def take(self, parameters):
        """Count a request; the fault it meets, if any."""
        asked = Asked(
            function=parameters.get("function", ""),
            symbol=parameters.get("symbol", ""),
            outputsize=parameters.get("outputsize", "compact"),
        )
        with self._guard:
            self.requests.append(asked)
            self._write(asked)
            fault = next((fault for fault in self.faults if fault.fits(asked)), None)
            if fault is not None:
                self.faults.remove(fault)
            return asked, fault or self._limit()

    def document(self, asked, key):
        """What a well-behaved Alpha Vantage answers."""
        name = self._refusal(asked, key)
        if name:
            return refusal(name, key=key, function=asked.function)
        if asked.function in FUNCTIONS:
            company = self.companies.get(asked.symbol)
            return company.document(asked.function, asked.symbol) if company else {}
        rows = self._rows[asked.symbol]
        if self.through is not None:
            rows = rows[rows["date"] <= pd.Timestamp(self.through)]
        rows = rows.sort_values("date", ascending=False)
        is_compact = asked.outputsize == "compact"
        return series(
            rows.head(COMPACT_POINTS) if is_compact else rows,
            symbol=asked.symbol,
            adjusted=asked.function == ADJUSTED,
            size="Compact" if is_compact else "Full size",
        )

    def _refusal(self, asked, key):
        if not key or (self.keys is not None and key not in self.keys):
            return "key_invalid_or_missing"
        if asked.function in FUNCTIONS:
            return None if self.plan.statements else "premium_endpoint"
        if asked.function not in {PLAIN, ADJUSTED}:
            return "no_such_function"
        if asked.function == ADJUSTED and not self.plan.premium:
            return "premium_endpoint"
        if asked.outputsize == "full" and not self.plan.premium:
            return "premium_full"
        return None if asked.symbol in self._rows else "invalid_call"

    def _limit(self):
        now = time.monotonic()
        while self._times and now - self._times[0] > 60.0:
            self._times.popleft()
        if self.plan.per_day is not None and len(self.requests) > self.plan.per_day:
            return Fault(name="day_echoes_key")
        if self.plan.per_minute is not None and len(self._times) >= self.plan.per_minute:
            return Fault(name="minute_5")
        self._times.append(now)
        return None

    def _write(self, asked):
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(vars(asked)) + "\n")


@contextmanager
def alpha_vantage(table, **settings):
    """Serve a table of bars for the length of a block; gives the peer."""
    peer = AlphaVantagePeer(table, **settings)
    server = serve(peer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        peer.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def serve(peer, *, port=0):
    """A server of a peer, not yet serving."""
    handler = type("Handler", (_Handler,), {"peer": peer})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.handle_error = lambda *_: None  # A client that gave up closes its end.
    peer.url = f"http://127.0.0.1:{server.server_port}"
    return server


class _Handler(BaseHTTPRequestHandler):
    peer: AlphaVantagePeer

    def do_GET(self):
        address = urlsplit(self.path)
        if address.path != "/query":
            self.send_error(404)
            return
        parameters = dict(parse_qsl(address.query))
        asked, fault = self.peer.take(parameters)
        key = parameters.get("apikey", "")
        self.peer.over.wait(self.peer.delay_seconds)
        if fault is not None and fault.name in FAULTS:
            with suppress(OSError):
                FAULTS[fault.name](self, fault, self.peer.document(asked, key))
        elif fault is not None:
            self.answer(refusal(fault.name, key=key, function=asked.function))
        else:
            self.answer(self.peer.document(asked, key))

    def answer(self, document):
        self.send(json.dumps(document, indent=4).encode())

    def send(self, body, *, status=200, content_type="application/json", length=None, **headers):
        if "gzip" in self.headers.get("Accept-Encoding", "") and length is None:
            body, headers = gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass
