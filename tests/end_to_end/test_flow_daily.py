import json
from contextlib import closing
from datetime import timedelta

import pytest
import redis

from alpha_oracle.adapters.embedded.redis import embedded_redis
from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.trading_world import at_last
from tests.end_to_end.worlds import NOW, SESSION, SYMBOLS, artifacts_of, task_runs_of

FIELDS = {
    "event": str,
    "symbol": str,
    "direction": str,
    "strength": float,
    "strategy": str,
    "timestamp": str,
    "id": str,
    "session": str,
    "expires_at": str,
    "min_hold_days": int,
    "max_hold_days": int,
    "reference_price": float,
    "win_rate": float,
    "avg_win_loss_ratio": float,
}
STRATEGIES = ["BreakoutStrategy", "MeanReversionStrategy", "MomentumStrategy"]
WITHOUT_A_MODEL = "MLSignalStrategy"


class FirstRun:
    """The first run of the session, with what was heard on the channel meanwhile."""

    def __init__(self, world):
        with closing(redis.Redis.from_url(world.redis_url, decode_responses=True)) as client:
            listener = client.pubsub(ignore_subscribe_messages=True)
            listener.subscribe("signals")
            listener.get_message(timeout=5)
            self.state = daily_pipeline(return_state=True)
            self.heard = list(messages(listener))
            listener.close()
        self.world = world
        self.report = self.state.result()
        self.artifacts = artifacts_of(self.state)
        self.record = world.run_record()


def messages(listener):
    while (message := listener.get_message(ignore_subscribe_messages=True)) is not None:
        yield json.loads(message["data"])


@pytest.fixture(scope="module")
def run(worlds, tmp_path_factory):
    # A Redis of its own: a channel is heard across the databases of a server.
    home = tmp_path_factory.mktemp("home")
    with embedded_redis(home).attached() as redis_url, worlds(home, redis_url=redis_url) as world:
        yield FirstRun(world)


def table(artifact):
    return json.loads(artifact.data)


def names_of_tasks(run, kind):
    """The names of the task runs of a kind, sorted; the server is told of them as they go."""
    names = (task.name for task in task_runs_of(run.state))
    return sorted(name for name in names if name.startswith(kind))


def test_the_day_ends_completed(run):
    assert run.state.is_completed()
    assert run.report.session == SESSION
    assert run.report.as_of == NOW
    assert run.report.facts["bars"] == "20 of 20 expected symbols (100.0 %)"


def test_bars_come_in_mapped_batches(run):
    batches = [f"ingest from {SYMBOLS[first]}" for first in range(0, 20, 5)]
    assert at_last(lambda: names_of_tasks(run, "ingest"), batches) == batches


def test_strategies_are_evaluated_side_by_side(run):
    count = len(STRATEGIES) + 1
    assert at_last(lambda: len(names_of_tasks(run, "evaluate_strategy")), count) == count


def test_every_symbol_is_stored_and_told_for_25_hours(run):
    assert run.world.stored_symbols() == list(SYMBOLS)
    assert run.world.done_set() == set(SYMBOLS)
    with run.world.redis() as client:
        left = timedelta(seconds=client.ttl(f"jobs:daily_bars:{SESSION}:done"))
    assert timedelta(hours=24, minutes=50) < left <= timedelta(hours=25)


def test_the_progress_of_ingestion_is_whole(run):
    assert run.artifacts["ingestion"].type == "progress"
    assert float(run.artifacts["ingestion"].data) == 100.0


def test_the_validation_report_counts_every_bar(run):
    report = run.artifacts["validation-report"]
    assert "20 bars received, 20 accepted, 0 quarantined" in report.description
    rows = {row["expectation"]: row for row in table(report)}
    assert rows["prices_positive"] == {
        "expectation": "prices_positive",
        "evaluated": 20,
        "failed": 0,
        "examples": "",
    }
    assert {"high_is_highest", "unique", "session_exists", "jump_explained"} <= rows.keys()


def test_the_ranking_is_shown_with_its_windows(run):
    rows = table(run.artifacts["strategy-ranking"])
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert sorted(row["strategy"] for row in rows[:3]) == STRATEGIES
    assert all(row["windows"] > 0 and row["may_trade"] == "yes" for row in rows[:3])
    assert (rows[3]["strategy"], rows[3]["windows"]) == (WITHOUT_A_MODEL, 0)
    assert rows[3]["may_trade"].startswith("no")


def test_the_signals_are_shown_as_announced(run):
    shown = table(run.artifacts["signals"])
    assert [(row["symbol"], row["strategy"]) for row in shown] == [
        (document["symbol"], document["strategy"]) for document in run.world.stream()
    ]


def test_the_summary_holds_the_facts_and_a_chart(run):
    summary = run.artifacts["run-summary"]
    assert summary.type == "markdown"
    assert f"# Session {SESSION}" in summary.data
    assert run.report.publication.digest in summary.data
    assert "](data:image/svg+xml;base64," in summary.data


def test_the_run_is_on_record_as_done(run):
    status, error, summary = run.record
    assert (status, error) == ("done", None)
    figures = summary.pop("figures")
    assert summary == dict(run.report.facts)
    told = f"{figures['bars_stored']} of {figures['bars_expected']} expected symbols"
    assert summary["bars"].startswith(told)
    assert figures["signals"] == summary["signals"]
    assert figures["covered_symbols"] == figures["universe_symbols"] > 0


def test_signals_are_the_same_on_record_stream_and_channel(run):
    announced = run.world.signals()
    assert len(announced) == 4
    assert sorted({document["strategy"] for document in announced}) == STRATEGIES
    assert run.world.stream() == announced
    assert run.heard == announced
    assert run.report.publication.signal_documents() == announced


def test_signals_carry_every_field_of_the_contract(run):
    for document in run.world.stream():
        assert {name: type(value) for name, value in document.items()} == FIELDS
        assert document["event"] == "signal:generated"
        assert document["session"] == SESSION.isoformat()
        # 17:00 in New York on the half day; the end of the next execution window.
        assert document["timestamp"] == "2019-11-29T22:00:00Z"
        assert document["expires_at"] == "2019-12-02T20:45:00Z"


def test_a_second_run_has_nothing_to_do(run):
    announced = run.world.stream()
    state = daily_pipeline(return_state=True)
    assert state.is_completed()
    assert state.message == f"{SESSION} is already done"
    assert run.world.stream() == announced


def test_a_forced_run_gives_the_same_bytes_and_announces_nothing(run):
    announced = run.world.stream()
    report = daily_pipeline(force=True)
    assert report.publication.digest == run.report.publication.digest
    assert report.publication.documents == run.report.publication.documents
    assert (report.publication.new, report.publication.announced) == (0, 0)
    assert run.world.stream() == announced
