import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from tests.end_to_end.worlds import SESSION, SYMBOLS
from tests.peers.slack import slack

PROJECT = Path(__file__).parents[2]
POOL = "alpha-oracle"
NAMES = (
    "daily-pipeline/daily",
    "daily-pipeline/rerun",
    "backfill/backfill",
    "rank/rank",
    "backtest/backtest",
    "sweep/sweep",
    "train-model/train",
)

pytestmark = pytest.mark.slow


def prefect(*arguments, url, folder):
    """Run Prefect's own command line as an operator does, in a process of its own."""
    api = {"PREFECT_API_URL": url, "PREFECT_HOME": str(folder), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=PROJECT if "deploy" in arguments else folder,
        env=os.environ | api,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(prefect_url):
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(scope="module")
def deployed(client, prefect_url, deploying, tmp_path_factory):
    """The deployments by name, as the project's file made them."""
    with suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    with deploying():
        prefect("deploy", "--all", url=prefect_url, folder=tmp_path_factory.mktemp("prefect"))
        made = {name: client.read_deployment_by_name(name) for name in NAMES}
        for one in client.read_deployments():
            # The worker of a test is not to meet a run that is due just now.
            if one.work_pool_name == POOL and one.schedules:
                client.update_deployment(one.id, DeploymentUpdate(paused=True))
    return made


def test_every_deployment_appears_as_the_file_says(deployed):
    daily = deployed["daily-pipeline/daily"]
    [schedule] = daily.schedules
    assert (schedule.schedule.cron, schedule.schedule.timezone, schedule.active) == (
        "0 17 * * 1-5",
        "America/New_York",
        True,
    )
    assert daily.global_concurrency_limit.limit == 1
    for deployment in deployed.values():
        assert deployment.work_pool_name == POOL
        assert deployment.pull_steps == [
            {"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}
        ]


def test_a_worker_runs_a_session_and_tells_of_a_killed_one(
    deployed, client, world, tmp_path, monkeypatch
):
    rerun = deployed["daily-pipeline/rerun"].id
    run = client.create_flow_run_from_deployment(rerun, parameters={"session": str(SESSION)})
    killed = client.create_flow_run_from_deployment(
        rerun,
        parameters={"session": "2019-11-27"},
        job_variables={"command": "/bin/sh -c 'kill -9 $$'"},
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with slack() as server:
        hook = f"{server.url}/services/T0/B0/hook"
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__SLACK__WEBHOOK_URL", hook)
        worker = ("worker", "start", "--pool", POOL, "--run-once")
        prefect(*worker, url=str(client.api_url), folder=tmp_path)
    assert client.read_flow_run(run.id).state.is_completed()
    assert world.stored_symbols() == list(SYMBOLS)
    assert world.run_record()[0] == "done"
    assert len(world.stream()) == 4
    assert client.read_flow_run(killed.id).state.is_crashed()
    told = [json.loads(body)["text"] for _, _, body in server.received]
    [without_model, crashed] = sorted(told, key=lambda text: "crashed" in text)
    assert "no model" in without_model
    assert f"daily-pipeline crashed: run {killed.name}" in crashed
    assert "alpha-oracle pipeline --date 2019-11-27" in crashed
