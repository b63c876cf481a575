"""A model from its training to the signals that follow it, as flow runs."""

import base64
import json
import re
from dataclasses import replace

import pytest

from alpha_oracle import calendar
from alpha_oracle.bootstrap import pipeline
from alpha_oracle.bootstrap.pipeline import close_runtime, open_runtime
from alpha_oracle.domain.models import ModelStage
from flows.daily_pipeline import daily_pipeline
from flows.train import train_model
from tests.end_to_end.trainings import (
    FIRST_USED,
    NO_GATE,
    QUICK,
    TRAINED_ON,
    WINDOWS,
    ActingBefore,
    registered,
)
from tests.end_to_end.worlds import HISTORY_ENDS, SESSION, SYMBOLS, artifacts_of, flow_run_of

SHARE = re.compile(r"\(data:image/svg\+xml;base64,([^)]+)\)")


class Trained:
    """A training on a market where any model may be active, and two sessions that follow it."""

    def __init__(self, world):
        self.world = world
        self.state = train_model(TRAINED_ON, return_state=True)
        self.report = self.state.result()
        self.artifacts = artifacts_of(self.state)
        self.first = daily_pipeline(FIRST_USED)
        self.second_state = daily_pipeline(return_state=True)
        self.second = self.second_state.result()
        self.shown = artifacts_of(self.second_state)


@pytest.fixture(scope="module")
def trained(worlds, tmp_path_factory):
    with worlds(tmp_path_factory.mktemp("home"), **QUICK, **NO_GATE) as world:
        yield Trained(world)


def table(artifact):
    return json.loads(artifact.data)


def of_model(publication):
    return [
        document
        for document in publication.signal_documents()
        if document["strategy"] == "MLSignalStrategy"
    ]


def test_a_training_registers_a_model_and_makes_it_the_active_one(trained):
    model = trained.report.model
    assert trained.state.is_completed()
    assert (model.stage, trained.report.is_new, trained.report.is_promoted) == (
        ModelStage.ACTIVE,
        True,
        True,
    )
    assert (model.train_end, model.validation.windows) == (TRAINED_ON, WINDOWS)
    assert model.as_of.date() == TRAINED_ON
    assert registered(trained.world)[model.model_id] == "active"


def test_its_progress_and_its_windows_are_shown(trained):
    assert trained.artifacts["training"].type == "progress"
    assert float(trained.artifacts["training"].data) == 100.0
    rows = table(trained.artifacts["training-windows"])
    assert len(rows) == WINDOWS
    assert all(row["train_from"] < row["test_from"] < row["test_to"] for row in rows)


def test_its_figures_stand_beside_what_they_are_held_against(trained):
    figures = trained.report.model.validation
    rows = table(trained.artifacts["model-validation"])
    against = {(row["figure"], row["held_against"]): row for row in rows}
    skill = against["log-loss skill", "class frequencies"]
    assert skill["value"] == round(figures.log_loss_skill.value, 4)
    assert skill["95_pct"].startswith(f"{figures.log_loss_skill.low:.4f} to")
    beside = {row["held_against"] for row in rows if row["figure"] == "Sharpe ratio"}
    assert beside == {
        "persistence",
        "BreakoutStrategy",
        "MeanReversionStrategy",
        "MomentumStrategy",
    }


def test_its_reliability_is_drawn_before_and_after_calibration(trained):
    page = trained.artifacts["reliability-diagram"].data
    svg = base64.b64decode(SHARE.search(page)[1]).decode()
    assert svg.count("<polyline") == 2
    assert ">before</text>" in svg
    assert ">calibrated</text>" in svg


def test_the_verdict_is_in_plain_words(trained):
    page = trained.artifacts["promotion-verdict"].data
    assert "passed the promotion gate and is the active model now" in page


def test_the_session_is_forecast_by_the_active_model(trained):
    model_id = trained.report.model.model_id
    assert trained.second.facts["model"] == f"{model_id} forecast {len(SYMBOLS)} symbols"
    counted = trained.world.rows("SELECT session, count(*) FROM predictions GROUP BY 1 ORDER BY 1")
    assert counted == [(FIRST_USED, len(SYMBOLS)), (SESSION, len(SYMBOLS))]
    runs = trained.world.rows("SELECT DISTINCT model_id FROM runs")
    assert runs == [(model_id,)]


def test_signals_follow_what_the_model_is_sure_enough_of(trained):
    documents = of_model(trained.second.publication)
    assert documents
    assert {document["direction"] for document in documents} <= {"LONG", "SHORT", "FLAT"}
    for document in documents:
        if document["direction"] == "LONG":
            [(down, neutral, up)] = trained.world.rows(
                "SELECT down, neutral, up FROM predictions"
                f" WHERE session = '{SESSION}' AND symbol = '{document['symbol']}'"
            )
            assert up > max(down, neutral)
            assert document["strength"] == pytest.approx(up, abs=1e-6)
            assert up >= 0.36


def test_every_signal_of_the_model_is_explained(trained):
    documents = of_model(trained.second.publication)
    explained = dict(
        trained.world.rows("SELECT signal_id, array_length(features, 1) FROM signal_explanations")
    )
    assert {document["id"] for document in documents} <= explained.keys()
    assert set(explained.values()) == {5}
    rows = table(trained.shown["signal-explanations"])
    assert [row["symbol"] for row in rows] == [document["symbol"] for document in documents]


def test_its_health_is_kept_and_shown_with_forecasts_that_are_over(trained):
    [(outcomes, accuracy, breaches)] = trained.world.rows(
        f"SELECT outcomes, accuracy, breaches FROM model_health WHERE session = '{SESSION}'"
    )
    assert (outcomes, 0 <= accuracy <= 1) == (len(SYMBOLS), True)
    page = trained.shown["model-health"].data
    assert all(f"- {breach}" in page for breach in breaches)
    assert trained.report.model.model_id in page


def test_a_rerun_of_a_session_gives_the_same_bytes(trained):
    again = daily_pipeline(force=True)
    assert again.publication.digest == trained.second.publication.digest
    assert again.publication.differing == 0


def test_the_same_data_train_the_same_model_and_fit_none(trained):
    with open_runtime() as runtime:
        files = ActingBefore(runtime.forecaster.files, "save", lambda: pytest.fail("fitted again"))
        pipeline._process._runtime = replace(
            runtime, forecaster=replace(runtime.forecaster, files=files)
        )
    again = train_model(TRAINED_ON)
    close_runtime()
    assert (again.model, again.is_new, again.is_promoted) == (trained.report.model, False, False)
    assert "is the active model already" in again.verdict


def test_a_model_of_older_sessions_does_not_take_the_place_of_a_newer_one(trained):
    older = train_model(calendar.shift_session(TRAINED_ON, -1))
    assert (older.model.stage, older.is_promoted) == (ModelStage.CANDIDATE, False)
    assert f"the active {trained.report.model.model_id} knows later sessions" in older.verdict


def test_the_model_lies_in_files_of_xgboost_and_json(trained):
    folder = trained.world.home / "models" / trained.report.model.model_id
    assert sorted(path.name for path in folder.iterdir()) == [
        "calibrator.json",
        "model.ubj",
        "training.json",
    ]


def test_a_model_no_better_than_its_baseline_says_so_and_stays_a_candidate(worlds, home):
    with worlds(home, **QUICK) as world:
        state = train_model(return_state=True)
        report = state.result()
        assert (report.model.stage, report.is_promoted) == (ModelStage.CANDIDATE, False)
        assert report.model.train_end == HISTORY_ENDS
        assert "did not prove better than its baseline" in report.verdict
        page = artifacts_of(state)["promotion-verdict"].data
        assert all(f"- {refusal}" in page for refusal in report.model.refusals)
        assert registered(world) == {report.model.model_id: "candidate"}
        assert flow_run_of(state).state.is_completed()


def test_a_history_too_short_for_a_window_fails_with_what_is_wanted(worlds, home):
    with worlds(home, **QUICK) as world:
        world.rows("DELETE FROM bars WHERE session < '2019-11-01'")
        state = train_model(return_state=True)
        assert state.is_failed()
        assert "too few to test anything; 12 + 6 months are wanted" in state.message
        assert registered(world) == {}
