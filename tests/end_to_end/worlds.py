"""A small generated market with its history stored, and what flow runs leave behind."""

import json
import os
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg2
import pytest
import redis
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.logging.handlers import APILogWorker

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.pipeline import close_runtime
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.config_values import PREFIX
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.validation.context import ValidationBounds
from tests.backends import OTHERS
from tests.end_to_end.trading_world import first

# A half day: the exchange closed at 13:00, the flow runs at 17:00 as ever.
SESSION = date(2019, 11, 29)
NOW = datetime.fromisoformat("2019-11-29T17:00:00-05:00")
HISTORY_STARTS = date(2016, 5, 2)
HISTORY_ENDS = calendar.shift_session(SESSION, -1)

# Of this market every strategy wants something on the session.
MARKET = {"seed": 8, "symbols": 20, "start": HISTORY_STARTS}
SYMBOLS = tuple(f"SYN{number:03}" for number in range(1, 21))

# So low that every strategy may trade.
NO_THRESHOLDS = {
    "STRATEGY__MIN_SHARPE": -100,
    "STRATEGY__MIN_PROFIT_FACTOR": 0,
    "STRATEGY__MAX_DRAWDOWN_PCT": 100,
}

# Bars alone, so that a test of bars counts its own requests.
NOTHING_BESIDE = {
    f"DATA__REFERENCE__{family}": "none"
    for family in ("FUNDAMENTALS", "INSIDERS", "SHORT_INTEREST", "VOLATILITY", "BENCHMARK")
}
WHATEVER_THERE_IS = dict.fromkeys(NOTHING_BESIDE)


@dataclass
class World:
    """An installation of a test's own: home, database, Redis; the process is its while entered."""

    home: object
    database: object
    redis_url: str
    changes: dict
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self):
        self.database_url = self._stack.enter_context(self.database)
        with closing(redis.Redis.from_url(self.redis_url)) as client:
            client.flushdb()
        self.environment = settings_of(
            self.home, database_url=self.database_url, redis_url=self.redis_url, **self.changes
        )
        self._stack.enter_context(installed(self.environment))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def rows(self, statement):
        """Read, or change, by SQL."""
        with closing(psycopg2.connect(self.database_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def await_the_killed(self):
        """Wait until what a killed process had under way in the database is done or undone.

        Its commit may come, and its locks stay, until the server finds it gone.
        """
        first(lambda: not self.rows(OTHERS))

    @contextmanager
    def redis(self):
        with closing(redis.Redis.from_url(self.redis_url, decode_responses=True)) as client:
            yield client

    def stored_symbols(self):
        """The symbols with a bar on the session."""
        found = self.rows(
            f"SELECT symbol FROM bars JOIN symbols USING (symbol_id) WHERE session = '{SESSION}'"
            " ORDER BY symbol"
        )
        return [symbol for (symbol,) in found]

    def run_record(self):
        """Status, error and summary of the session's run."""
        [record] = self.rows("SELECT status, error, summary FROM runs")
        return record

    def signals(self):
        """The signal documents on record, in the order in which they were announced."""
        found = self.rows("SELECT document FROM outbox ORDER BY outbox_id")
        return [json.loads(document) for (document,) in found]

    def stream(self):
        """The documents on the stream, oldest first."""
        with self.redis() as client:
            return [json.loads(entry["data"]) for _, entry in client.xrange("signals:stream")]

    def done_set(self):
        with self.redis() as client:
            return client.smembers(f"jobs:daily_bars:{SESSION}:done")


def settings_of(home, *, database_url, redis_url, **changes):
    """The environment of an installation on the small market; `changes` by the variables' names."""
    values = {
        "HOME": home,
        "DATABASE__URL": database_url,
        "REDIS__URL": redis_url,
        "DATA__SOURCE": "synthetic",
        "DATA__BATCH_SIZE": 5,
        **{f"DATA__SYNTHETIC__{name.upper()}": value for name, value in MARKET.items()},
        "CLOCK__START_AT": NOW.isoformat(),
        **NO_THRESHOLDS,
        **NOTHING_BESIDE,
        **changes,
    }
    return {f"{PREFIX}{name}": str(value) for name, value in values.items() if value is not None}


@contextmanager
def installed(environment):
    """Let this process belong to an installation for the length of a block."""
    close_runtime()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            yield
        finally:
            close_runtime()


def make_history(database_url):
    """Store the market up to the session before."""
    source = SyntheticBarSource(SyntheticSettings(**MARKET))
    with closing(open_database(database_url)) as database:
        imports.import_bars(
            source.fetch(SYMBOLS, start=HISTORY_STARTS, end=HISTORY_ENDS),
            MarketStores(
                bars=TimeSeriesStorage(database),
                quarantine=PostgresQuarantine(database),
                reference=PostgresReference(database),
            ),
            bounds=ValidationBounds(
                max_jump_ratio=1.4, max_stale_sessions=5, max_disagreement_pct=1.0
            ),
            at=NOW,
        )


def artifacts_of(state):
    """The artifacts of a flow run by key, of several the newest."""
    chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[_flow_run_id(state)]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=chosen)
    return {one.key: one for one in sorted(found, key=lambda one: one.created)}


def flow_run_of(state):
    """The flow run that ended in a state."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(_flow_run_id(state))


def task_runs_of(state):
    """The task runs of a flow run, so far as the server was told of them by now."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[_flow_run_id(state)]))
    with get_client(sync_client=True) as client:
        return client.read_task_runs(flow_run_filter=chosen)


def all_that_prefect_knows(state):
    """Everything the API tells of a flow run, as one text."""
    APILogWorker.drain_all()
    run, tasks = flow_run_of(state), task_runs_of(state)
    with get_client(sync_client=True) as client:
        logs = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
        states = client.read_flow_run_states(run.id)
        for task in tasks:
            states += client.read_task_run_states(task.id)
    assert logs
    assert states
    known = [run, *tasks, *logs, *states, *artifacts_of(state).values()]
    return "\n".join(one.model_dump_json() for one in known)


def _flow_run_id(state):
    return state.state_details.flow_run_id
