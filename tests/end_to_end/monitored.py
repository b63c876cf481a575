"""An installation that traded a little, as Prometheus would find it."""

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.model_health import PostgresModelHealth
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.domain.ranking import StrategyRank
from tests.contracts import model_values
from tests.end_to_end.api_clients import VIEWER, api_process
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import EVE, MOMENTUM, PERFORMANCE, a_signal, first
from tests.ports import a_free_port

METRICS_PORTS = {
    "worker": "EXECUTION__METRICS_PORT",
    "feed": "FEED__METRICS_PORT",
    "watch": "ALERTS__METRICS_PORT",
}


@dataclass(frozen=True, kw_only=True)
class Monitored:
    """Where each process tells its metrics."""

    urls: dict
    token: str = VIEWER


@contextmanager
def monitored(drill: Drill):
    """An installation whose processes run for the length of a block, an order filled."""
    ports = {name: a_free_port() for name in METRICS_PORTS}
    drill.settings |= {METRICS_PORTS[name]: port for name, port in ports.items()}
    symbol, price = next(iter(drill.store_market().items()))
    _record_a_run(drill)
    with ExitStack() as stack:
        stack.callback(drill.close)
        api = stack.enter_context(api_process(drill))
        stack.enter_context(drill.running("watch"))
        drill.start("feed", "worker")
        drill.announce("{", on="channel")
        drill.announce(a_signal(symbol, price))
        first(lambda: any(order.is_final for order in drill.book().orders))
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()} | {"api": api}
        first(lambda: _is_answered(f"{urls['watch']}/metrics"))
        # A stranger is refused, which is counted, too.
        httpx.get(f"{api}/api/orders", trust_env=False)
        yield Monitored(urls=urls)


def _is_answered(url):
    try:
        return "duty_pace_seconds{" in httpx.get(url, trust_env=False).text
    except httpx.TransportError:
        return False


def _record_a_run(drill):
    """Let the pipeline have run on the eve, with a model that was watched."""
    at = calendar.decision_instant(EVE)
    rank = StrategyRank(
        session=EVE,
        rank=1,
        strategy=MOMENTUM,
        composite=0.7,
        consistency=0.5,
        windows=4,
        metrics=PERFORMANCE,
        refusals=(),
    )
    figures = {
        "bars_expected": 20,
        "bars_stored": 20,
        "universe_symbols": 20,
        "covered_symbols": 20,
        "signals": 1,
    }
    with closing(open_database(drill.database_url)) as database:
        PostgresRankings(database).save([rank], at=at)
        runs, models = PostgresRuns(database), PostgresModels(database)
        runs.begin(EVE, as_of=at, settings={}, at=at)
        runs.finish(EVE, summary={"figures": figures}, at=at + timedelta(minutes=2))
        record = model_values.a_record()
        models.register(record)
        models.promote(record.model_id, expected=None, by="a test", reason="a rehearsal", at=at)
        health = model_values.a_health(
            record.model_id, session=EVE, outcomes=600, accuracy=0.5, baseline_accuracy=0.45
        )
        PostgresModelHealth(database).save(health, at=at)
