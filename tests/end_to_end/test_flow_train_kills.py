"""Trainings that the kernel ends on the way, and a registry that changes during a run."""

import signal
from dataclasses import replace

import pytest

from alpha_oracle.bootstrap import pipeline
from flows.daily_pipeline import daily_pipeline
from flows.train import train_model
from tests.end_to_end.command_line import ask_process
from tests.end_to_end.trainings import (
    NO_GATE,
    PLACES,
    QUICK,
    TRAINED_ON,
    WINDOWS,
    ActingBefore,
    registered,
    train_in_new_process,
    window_models,
)
from tests.end_to_end.worlds import HISTORY_ENDS

LEFT = {
    "in the middle of its windows": None,
    "between a model's files and its record": None,
    "between its record and its promotion": "candidate",
    "right after its promotion": "active",
}


@pytest.fixture(scope="module")
def undisturbed(worlds, prefect_url, tmp_path_factory):
    """The id of the model that a training registers that nobody killed."""
    with worlds(tmp_path_factory.mktemp("home"), **QUICK, **NO_GATE) as world:
        code, model_id = train_in_new_process(world.environment, prefect_url)
        assert code == 0
        return model_id


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_killed_training_leaves_a_whole_registry_and_goes_on(
    place, undisturbed, worlds, home, prefect_url
):
    with worlds(home, **QUICK, **NO_GATE) as world:
        code, _ = train_in_new_process(world.environment, prefect_url, place=place)
        assert code == -signal.SIGKILL
        world.await_the_killed()
        left = {undisturbed: LEFT[place]} if LEFT[place] else {}
        assert registered(world) == left
        # Those of the windows, and the one of the newest train months.
        there = len(window_models(home))
        assert there == (3 if place == "in the middle of its windows" else WINDOWS + 1)
        lacking = f"fitting more than {WINDOWS + 1 - there}"
        code, model_id = train_in_new_process(world.environment, prefect_url, place=lacking)
        assert (code, model_id) == (0, undisturbed)
        assert registered(world) == {undisturbed: "active"}
        assert len(window_models(home)) == WINDOWS + 1


@pytest.mark.slow
def test_a_rollback_during_a_run_leaves_the_run_its_model(worlds, home):
    with worlds(home, **QUICK, **NO_GATE) as world:
        older = train_model(TRAINED_ON).model.model_id
        newer = train_model(HISTORY_ENDS).model.model_id
        assert registered(world) == {older: "retired", newer: "active"}
        answers = []

        def roll_back():
            if not answers:
                answers.append(ask_process(world.environment, "models", "rollback"))

        with pipeline.open_runtime() as runtime:
            pipeline._process._runtime = replace(
                runtime, predictions=ActingBefore(runtime.predictions, "save", roll_back)
            )
        report = daily_pipeline()
        assert [answer.code for answer in answers] == [0]
        assert registered(world) == {older: "active", newer: "retired"}
        assert report.facts["model"].startswith(newer)
        explained = world.rows("SELECT DISTINCT model_id FROM signal_explanations")
        assert explained == [(newer,)]
        again = daily_pipeline(force=True)
        assert again.publication.digest == report.publication.digest
        now = daily_pipeline(force=True, current_settings=True)
        assert now.facts["model"].startswith(older)
        # What a person took back, no training brings back.
        trained = train_model(HISTORY_ENDS)
        assert (trained.model.model_id, trained.is_promoted) == (newer, False)
        assert "was retired and stays so" in trained.verdict
        assert registered(world) == {older: "active", newer: "retired"}
