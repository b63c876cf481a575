"""What the watch tells when others fall silent: real processes, in the time of a rehearsal."""

import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.prefect_runs import AUTOMATION, PrefectFlowRuns
from alpha_oracle.bootstrap.presence import WORKER, last_beat
from tests.end_to_end.test_prefect_runs import told as told_by_server
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import EVE, SESSION, first

pytestmark = pytest.mark.slow

DEADLINE = datetime(2016, 6, 2, 22, 30, tzinfo=UTC)
LATE = timedelta(minutes=2)
"""What a machine that does much else may add to a duty that is looked after every five seconds."""
SLEEPER = """
import time
from prefect import flow

@flow(name="sleeper")
def sleep():
    print("asleep", flush=True)
    time.sleep(3600)

sleep()
"""


@pytest.fixture
def drill(home, database_url, redis_url, nursery):
    drill = Drill(home=home, database_url=database_url, redis_url=redis_url, nursery=nursery)
    yield drill
    drill.close()


@contextmanager
def watched(drill):
    """A watch over the drill, running."""
    before = drill.logged("watch").count("watch_started")
    with drill.running("watch") as process:
        first(lambda: drill.logged("watch").count("watch_started") > before)
        yield process


def told(hear, kind, subject):
    """The alerts of a type about a subject that were announced so far."""
    return [one for one in hear() if (one["type"], one["subject"]) == (kind, subject)]


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
def test_a_silent_worker_is_told_within_a_minute_and_by_a_bus_it_does_not_serve(drill, what):
    drill.store_market()
    drill.start("feed", "worker")
    worker = drill.living["worker"]
    with drill.heard("risk") as hear, watched(drill):
        worker.send_signal(what)
        silent_since = last_beat(drill.home, WORKER)
        (alert,) = first(lambda: told(hear, "worker_silent", "worker"))
        late = datetime.fromisoformat(alert["timestamp"]) - silent_since
        assert timedelta(seconds=60) <= late <= timedelta(seconds=60) + LATE
        if what is signal.SIGKILL:
            drill.kill("worker")
        else:
            worker.send_signal(signal.SIGCONT)
        first(lambda: told(hear, "well_again", "worker"))
        assert len(told(hear, "worker_silent", "worker")) == 1


def test_a_pipeline_that_did_not_run_is_told_at_half_past_six_and_once(drill):
    commit(drill, EVE, at=DEADLINE - timedelta(days=1))
    drill.set_clock(DEADLINE - timedelta(seconds=30))
    with drill.heard("risk") as hear:
        with watched(drill) as watch:
            looks_since = max(DEADLINE, clock_of(drill).now())
            (alert,) = first(lambda: told(hear, "pipeline_missed", "pipeline"))
            watch.kill()
        assert DEADLINE <= datetime.fromisoformat(alert["timestamp"]) <= looks_since + LATE
        assert "no run was begun" in alert["message"]
        with watched(drill):
            commit(drill, SESSION, at=DEADLINE + timedelta(minutes=10))
            first(lambda: told(hear, "well_again", "pipeline"))
        assert len(told(hear, "pipeline_missed", "pipeline")) == 1


def clock_of(drill):
    """The clock of its processes, which is set by now."""
    return pinned_clock(drill.home, start_at=DEADLINE)


def commit(drill, session, *, at):
    """Let the session's pipeline have run."""
    with closing(open_database(drill.database_url)) as database:
        runs = PostgresRuns(database)
        runs.begin(session, as_of=at, settings={}, at=at)
        runs.finish(session, summary={}, at=at)


def running(runs, flow):
    """The runs of a flow that are running."""
    return [one for one in told_by_server(runs.running) if one.flow == flow]


def test_a_flow_run_whose_process_was_killed_is_told(drill, prefect_url, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)
    monkeypatch.setenv("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    with closing(PrefectFlowRuns(lambda: prefect_url, headers={})) as runs:
        with subprocess.Popen(
            [sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True
        ) as sleeper:
            run = first(lambda: running(runs, "sleeper"))[0]
            with drill.heard("risk") as hear, watched(drill):
                first(lambda: [one for one in running(runs, run.flow) if one.rhythm])
                assert told(hear, "flow_run_dead", f"flow run {run.flow_run_id}") == []
                sleeper.kill()
                (alert,) = first(lambda: told(hear, "flow_run_dead", f"flow run {run.flow_run_id}"))
        assert 90 <= alert["value"] <= 90 + LATE.total_seconds()
        assert f"{run.name} of sleeper" in alert["message"]
        assert not told_by_server(runs.ensure_automation), f"{AUTOMATION} was made by the watch"
