"""What a daily run does where its model may not forecast, or fares badly."""

import json
import shutil
from dataclasses import replace

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId

from alpha_oracle import calendar
from alpha_oracle.bootstrap import pipeline
from alpha_oracle.bootstrap.pipeline import close_runtime, open_runtime
from flows.daily_pipeline import daily_pipeline
from flows.train import train_model
from tests.end_to_end.command_line import ask
from tests.end_to_end.trainings import (
    FIRST_USED,
    NO_GATE,
    QUICK,
    TRAINED_ON,
    ActingBefore,
    registered,
)
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    HISTORY_STARTS,
    SESSION,
    SYMBOLS,
    artifacts_of,
)
from tests.peers.slack import slack


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def trained(worlds, tmp_path_factory):
    """An installation whose model was trained on 2019-11-18."""
    with worlds(tmp_path_factory.mktemp("home"), **QUICK, **NO_GATE) as world:
        train_model(TRAINED_ON)
        yield world


@pytest.fixture
def told(monkeypatch):
    """The texts that a channel of this test was told."""
    with slack() as server:
        hook = f"{server.url}/services/T0/B0/hook"
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__SLACK__WEBHOOK_URL", hook)
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__SLACK__BASE_URL", server.url)
        yield lambda: [json.loads(body)["text"] for _, _, body in server.received]


def passed(alert):
    """What an alert says that passed its bounds."""
    return {line.partition(": ")[0] for line in alert.splitlines()[1:-1]}


def strategies_of(report):
    documents = report.publication.signal_documents()
    return {document["strategy"] for document in documents}


def run_again(session=HISTORY_ENDS):
    """Decide a session anew by the active model and the settings of now."""
    close_runtime()
    state = daily_pipeline(session, force=True, current_settings=True, return_state=True)
    return state, state.result()


def test_without_a_model_a_run_warns_alerts_and_goes_on(world, told):
    state = daily_pipeline(return_state=True)
    report = state.result()
    assert state.is_completed()
    why = "no model was active when this session was first run"
    assert why in artifacts_of(state)["ml-warning"].data
    [alert] = told()
    assert alert.startswith(f":warning: daily-pipeline {SESSION}: no ML signals: {why}")
    assert "MLSignalStrategy" not in strategies_of(report)
    assert len(strategies_of(report)) == 3
    assert "model-health" not in artifacts_of(state)
    [rank] = [one for one in report.rankings if one.strategy == "MLSignalStrategy"]
    assert (rank.windows, rank.is_eligible) == (0, False)


def test_a_stale_model_gives_no_signals_and_says_how_old_it_is(trained, told, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_ML__MAX_AGE_DAYS", "8")
    state, report = run_again()
    doctor = ask("doctor")
    assert "its data ends 9 days before the session, 8 at most" in report.facts["model"]
    assert artifacts_of(state)["ml-warning"]
    assert "is stale" in told()[-1]
    assert "MLSignalStrategy" not in strategies_of(report)
    assert doctor.code == 1
    assert "is stale: its data is 11 days old, 8 at most" in doctor.out + doctor.err


def test_a_model_of_later_sessions_does_not_forecast_an_earlier_one(trained):
    _, report = run_again(TRAINED_ON.replace(day=15))
    assert "its forecasts would be no forecasts" in report.facts["model"]
    assert "MLSignalStrategy" not in strategies_of(report)


@pytest.mark.parametrize("name", ["model.ubj", "calibrator.json", "training.json"])
def test_an_altered_file_is_refused_and_the_run_goes_on(trained, told, name):
    [model_id] = registered(trained)
    path = trained.home / "models" / model_id / name
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        _, report = run_again(FIRST_USED)
    finally:
        path.write_bytes(whole)
    assert f"model {model_id} is refused" in report.facts["model"]
    assert "MLSignalStrategy" not in strategies_of(report)
    assert len(told()) == 1


def test_files_that_are_gone_are_refused_until_they_are_back(trained):
    [model_id] = registered(trained)
    folder = trained.home / "models" / model_id
    shutil.move(folder, trained.home / "aside")
    _, without = run_again(FIRST_USED)
    shutil.move(trained.home / "aside", folder)
    _, with_it = run_again(FIRST_USED)
    assert f"the files of model {model_id} are gone" in without.facts["model"]
    assert with_it.facts["model"] == f"{model_id} forecast {len(SYMBOLS)} symbols"
    close_runtime()
    assert f"{model_id} is active, its files are whole" in ask("doctor").out


def test_a_model_lost_within_a_run_stops_neither_its_signals_nor_the_run(trained, told):
    [model_id] = registered(trained)
    folder, aside = trained.home / "models" / model_id, trained.home / "aside"
    close_runtime()
    with open_runtime() as runtime:
        # Gone once it has forecast, and before it is asked why.
        losing = ActingBefore(runtime.rankings, "save", lambda: shutil.move(folder, aside))
        pipeline._process._runtime = replace(runtime, rankings=losing)
    try:
        state = daily_pipeline(FIRST_USED, force=True, current_settings=True, return_state=True)
    finally:
        close_runtime()
        shutil.move(aside, folder)
    report = state.result()
    assert report.facts["model"] == f"{model_id} forecast {len(SYMBOLS)} symbols"
    assert len(strategies_of(report)) >= 3
    assert "is not watched after" in artifacts_of(state)["ml-warning"].description
    [alert] = told()
    assert f"the files of model {model_id} are gone" in alert


def test_features_that_are_no_longer_known_are_missed_by_name(worlds, home, tmp_path):
    with worlds(home, **QUICK, **NO_GATE) as world:
        levels = tmp_path / "vix.csv"
        days = calendar.sessions_between(HISTORY_STARTS, SESSION)
        rows = [
            f"{day},{15 + number % 7},30,10,{14 + number % 5}" for number, day in enumerate(days)
        ]
        levels.write_text("\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows]))
        assert ask("import", "volatility", levels).code == 0
        train_model(TRAINED_ON)
        report = daily_pipeline()
        assert report.facts["model"].endswith(f"forecast {len(SYMBOLS)} symbols")
        world.rows("DELETE FROM index_levels")
        _, report = run_again(SESSION)
        assert "lacks features it was trained with: vix" in report.facts["model"]
        assert "MLSignalStrategy" not in strategies_of(report)


@pytest.fixture
def deployment(prefect_url, deploying):
    """The deployment that trains, as a server knows it; nobody works on its runs."""
    with deploying(), get_client(sync_client=True) as client:
        flow_id = client.create_flow(train_model)
        made = client.create_deployment(flow_id, name="train")
        yield lambda: client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[made]),
            )
        )
        client.delete_deployment(made)


def test_a_bound_passed_anew_alerts_once_and_by_setting_trains_anew(
    trained, told, deployment, monkeypatch
):
    monkeypatch.setenv("ALPHA_ORACLE_ML__WATCH__MAX_PSI", "1e-9")
    monkeypatch.setenv("ALPHA_ORACLE_ML__WATCH__RETRAIN", "true")
    monkeypatch.setenv("ALPHA_ORACLE_ML__WATCH__RETRAIN_SPACING_DAYS", "1")
    # As if no run of this installation had told of a breach yet.
    trained.rows("DELETE FROM model_health")
    run_again(FIRST_USED)
    [alert] = told()
    assert "a run of train-model/train trains a new model" in alert
    assert "PSI" in alert
    run_again(FIRST_USED)
    assert (len(told()), len(deployment())) == (1, 1)
    state, _ = run_again()
    # What the session before passed already, nobody is told again.
    assert not any(passed(alert) & passed(later) for later in told()[1:])
    assert "bounds passed" in artifacts_of(state)["model-health"].description
