"""What a real Prefect server says of flow runs that gave heartbeats, once or not any more."""

from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Completed, Running

from alpha_oracle.adapters.prefect_runs import HEARTBEAT, PrefectFlowRuns
from alpha_oracle.errors import TransientError
from tests.end_to_end.trading_world import first
from tests.peers.slack import unused_url


@flow(name="heartbeats")
def heartbeats():
    """Runs that a test only talks of."""


@pytest.fixture
def runs(prefect_url):
    with closing(PrefectFlowRuns(lambda: prefect_url, headers={})) as runs:
        yield runs


@pytest.fixture
def client(prefect_url):
    with get_client(sync_client=True) as client:
        yield client


def begun(client):
    """A flow run that began just now, and goes on."""
    return client.create_flow_run(heartbeats, state=Running())


def beat(client, run, *, seconds_ago):
    """Let a run have given heartbeats so long ago."""
    now = datetime.now(UTC)
    events = [
        {
            "id": str(uuid4()),
            "event": HEARTBEAT,
            "occurred": (now - timedelta(seconds=seconds)).isoformat(),
            "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
        }
        for seconds in seconds_ago
    ]
    client._client.post("/events", json=events).raise_for_status()


def seen(runs, run):
    """What is said of a run; None: nothing."""
    running = told(runs.running)
    return next((one for one in running if one.flow_run_id == str(run.id)), None)


def told(ask):
    """What a server answers, which others ask too: one that is busy is asked again."""

    def answered():
        with suppress(TransientError):
            return (ask(),)

    return first(answered)[0]


def rhythm_of(runs, run):
    """The rhythm of a run; None where it is not told yet."""
    found = seen(runs, run)
    return found and found.rhythm


def test_a_running_flow_has_the_rhythm_of_its_last_two_heartbeats(client, runs):
    run = begun(client)
    beat(client, run, seconds_ago=(400, 230, 200))
    first(lambda: rhythm_of(runs, run))
    found = seen(runs, run)
    assert (found.name, found.flow) == (run.name, "heartbeats")
    assert found.rhythm == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=0.1))


def test_a_flow_without_heartbeats_has_been_silent_since_it_began(client, runs):
    run = begun(client)
    found = first(lambda: seen(runs, run))
    assert found.rhythm is None
    # The server tells its time in whole seconds, and those of a while ago where it is busy.
    assert timedelta(seconds=-10) <= found.silence <= timedelta(minutes=5)


def test_a_run_that_is_over_is_not_running(client, runs):
    run = begun(client)
    client.set_flow_run_state(run.id, Completed(), force=True)
    assert seen(runs, run) is None


def test_workers_are_counted_by_their_pool(client, runs):
    assert told(lambda: runs.workers_online(str(uuid4()))) is None
    pool = client._client.post("/work_pools/", json={"name": str(uuid4()), "type": "process"})
    name = pool.json()["name"]
    assert told(lambda: runs.workers_online(name)) == 0
    client._client.post(f"/work_pools/{name}/workers/heartbeat", json={"name": "a worker"})
    assert told(lambda: runs.workers_online(name)) == 1


def test_there_is_one_automation_however_often_it_is_asked_for(runs):
    told(runs.ensure_automation)
    assert not told(runs.ensure_automation)


def test_a_server_that_does_not_answer_is_told_as_such():
    with closing(PrefectFlowRuns(unused_url, headers={})) as runs:
        for ask in (runs.require_health, runs.running, runs.ensure_automation):
            with pytest.raises(TransientError, match="does not answer"):
                ask()
