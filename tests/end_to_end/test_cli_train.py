"""A model from the command line: trained, promoted, used, explained, taken back."""

import pytest

from tests.end_to_end.command_line import ask
from tests.end_to_end.trainings import NO_GATE, QUICK, TRAINED_ON, WINDOWS, registered
from tests.end_to_end.worlds import HISTORY_ENDS, SESSION

RUN = ("pipeline", "--date", str(SESSION), "--json")


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


def test_a_model_goes_from_its_training_to_an_explained_signal_and_back(worlds, home):
    with worlds(home, **QUICK, **NO_GATE) as world:
        older = ask("train", "--date", TRAINED_ON, "--json").document
        assert (older["promoted"], older["stage"]) == (True, "active")
        assert older["validation"]["windows"] == WINDOWS
        newer = ask("train", "--no-promote", "--json").document
        assert (newer["promoted"], newer["train_end"]) == (False, str(HISTORY_ENDS))
        assert "waits as a candidate" in newer["verdict"]
        listed = ask("models", "list", "--json").document
        assert {one["model_id"]: one["stage"] for one in listed} == registered(world)
        assert ask("models", "promote", newer["model_id"]).code == 0
        signals = [
            one for one in ask(*RUN).document["signals"] if one["strategy"] == "MLSignalStrategy"
        ]
        told = ask("models", "explain", signals[0]["id"], "--json").document
        assert (told["model_id"], told["forecast"]) == (newer["model_id"], "UP")
        assert told["confidence"] == pytest.approx(signals[0]["strength"], abs=1e-6)
        assert ask("models", "rollback").code == 0
        assert registered(world) == {
            older["model_id"]: "active",
            newer["model_id"]: "retired",
        }


def test_a_refused_model_is_told_and_promoted_only_by_an_override_on_record(worlds, home):
    with worlds(home, **QUICK) as world:
        answer = ask("train")
        assert (answer.code, "did not prove better than its baseline" in answer.out) == (0, True)
        [model_id] = registered(world)
        refused = ask("models", "promote", model_id)
        assert (refused.code, "fell short of the promotion gate" in refused.err) == (1, True)
        override = ("--override", "--reason", "a rehearsal")
        assert ask("models", "promote", model_id, *override).code == 0
        assert registered(world) == {model_id: "active"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tuning-trials", "-1"], "invalid value for '--tuning-trials'"),
        (["--date", "2019-11-28"], "the exchange is closed on Thursday 2019-11-28"),
        (["--date", "2019-12-02"], "2019-12-02 is not over"),
        (["--date", "2015-01-02"], "no bars are stored of 2015-01-02; name a session from"),
    ],
)
def test_a_training_that_cannot_be_is_wrong_use(world, arguments, message):
    answer = ask("train", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
