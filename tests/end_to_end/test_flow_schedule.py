import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect import flow_engine
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.schedules import CronSchedule as AskedSchedule
from prefect.server.schemas.schedules import CronSchedule
from prefect.states import Scheduled

from alpha_oracle import calendar
from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.trading_world import first
from tests.end_to_end.worlds import SESSION, installed

PROJECT = Path(__file__).parents[2]
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def deployments():
    project = yaml.safe_load((PROJECT / "prefect.yaml").read_text())
    return {deployment["name"]: deployment for deployment in project["deployments"]}


def starts(deployments, since, count):
    [schedule] = deployments["daily"]["schedules"]
    cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    return asyncio.run(cron.get_dates(count, start=since))


@pytest.mark.parametrize(
    ("friday", "hours"),
    [(date(2026, 3, 6), (22, 21)), (date(2026, 10, 30), (21, 22))],
    ids=["spring", "autumn"],
)
def test_the_day_starts_at_five_in_new_york_on_both_sides_of_a_clock_change(
    deployments, friday, hours
):
    since = datetime(friday.year, friday.month, friday.day, tzinfo=NEW_YORK)
    before, after = starts(deployments, since, 2)
    assert (before.date(), after.date()) == (friday, friday + timedelta(days=3))
    assert (before.hour, after.hour) == (17, 17)
    assert (before.astimezone(UTC).hour, after.astimezone(UTC).hour) == hours


def test_a_server_plans_the_runs_of_the_day(deployments, prefect_url):
    [asked] = deployments["daily"]["schedules"]
    cron = AskedSchedule(cron=asked["cron"], timezone=asked["timezone"])
    schedule = DeploymentScheduleCreate(schedule=cron, active=True)
    since = datetime.now(NEW_YORK)
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow(daily_pipeline)
        planned = client.create_deployment(flow_id, name="planned", schedules=[schedule])
        chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[planned]))
        runs = first(lambda: client.read_flow_runs(flow_run_filter=chosen))
        client.delete_deployment(planned)
    due = {run.expected_start_time for run in runs}
    assert due <= set(starts(deployments, since, 100))


def test_every_session_of_a_year_has_one_start_at_its_decision(deployments):
    since, last = datetime(2025, 1, 1, tzinfo=NEW_YORK), date(2025, 12, 31)
    started = {start.astimezone(UTC) for start in starts(deployments, since, 261)}
    sessions = calendar.sessions_between(since.date(), last)
    assert {calendar.decision_instant(session) for session in sessions} <= started


def test_the_daily_run_the_full_refreshes_and_the_training_are_scheduled(deployments):
    scheduled = [name for name, deployment in deployments.items() if deployment["schedules"]]
    assert scheduled == ["daily", "fundamentals", "alternative", "train"]


def test_statements_are_refreshed_weekly_and_the_rest_every_second_week(deployments):
    [weekly] = deployments["fundamentals"]["schedules"]
    assert (weekly["cron"], weekly["timezone"]) == ("0 6 * * 6", "America/New_York")
    [biweekly] = deployments["alternative"]["schedules"]
    assert (biweekly["interval"], biweekly["timezone"]) == (14 * 86_400, "America/New_York")


def test_a_model_is_trained_anew_each_week(deployments):
    [weekly] = deployments["train"]["schedules"]
    assert (weekly["cron"], weekly["timezone"]) == ("0 2 * * 0", "America/New_York")


def test_a_run_that_meets_another_waits_for_it(deployments):
    limits = {name: deployment.get("concurrency_limit") for name, deployment in deployments.items()}
    waits = {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert limits == {
        "daily": waits,
        "rerun": None,
        "backfill": waits,
        "rank": None,
        "backtest": None,
        "sweep": None,
        "fundamentals": waits,
        "alternative": waits,
        "train": waits,
    }


def run_scheduled_for(instant):
    """Run the daily flow now as a worker does that found it late."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(daily_pipeline, state=Scheduled(scheduled_time=instant))
    return flow_engine.run_flow(daily_pipeline, flow_run=run, return_type="state")


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2025-11-27T22:00:00+00:00", "Thursday 2025-11-27"),
        ("2025-07-04T21:00:00+00:00", "Friday 2025-07-04"),
        ("2025-12-26T03:00:00+00:00", "Thursday 2025-12-25"),
    ],
    ids=["winter", "summer", "after midnight in UTC"],
)
def test_a_late_run_belongs_to_the_day_it_was_scheduled_for(world, instant, day):
    real_time = world.environment | {"ALPHA_ORACLE_CLOCK__START_AT": None}
    with installed({name: value for name, value in real_time.items() if value is not None}):
        state = run_scheduled_for(datetime.fromisoformat(instant))
    assert state.is_completed()
    assert f"the exchange is closed on {day}" in state.message


def test_a_rehearsal_belongs_to_the_day_it_rehearses(world):
    state = run_scheduled_for(datetime.fromisoformat("2025-11-27T22:00:00+00:00"))
    assert state.is_completed()
    assert world.rows("SELECT session, status FROM runs") == [(SESSION, "done")]
