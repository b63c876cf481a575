"""The verbs about models, on an installation whose registry holds some."""

import getpass
from contextlib import closing
from datetime import timedelta

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.explanations import PostgresExplanations
from alpha_oracle.bootstrap.models import registry_of
from alpha_oracle.config import load_settings
from alpha_oracle.domain.models import Interval
from alpha_oracle.ml.promotion import PromotionGate
from tests.contracts.model_values import TRAINED_AT, an_explanation, figures
from tests.end_to_end.command_line import ask
from tests.trained import a_model

UNSKILLED = figures(log_loss_skill=Interval(value=0.001, low=-0.002, high=0.004))
SHORTCOMING = "log-loss skill over the class frequencies 0.0010, its lower end -0.0020"


@pytest.fixture
def database(empty_world):
    with closing(open_database(empty_world.database_url)) as database:
        yield database


@pytest.fixture
def registry(database):
    """The registry of the installation that the command line is asked about."""
    return registry_of(load_settings(), database)


def register(registry, *, seed=7, validation=None):
    record = registry.register(
        a_model(seed=seed),
        validation or figures(),
        gate=PromotionGate(),
        window_keys=["k1"],
        trained_at=TRAINED_AT + timedelta(days=seed),
        as_of=TRAINED_AT,
        code_version="0.1.0+1234",
    )
    return record.model_id


def stages(registry):
    return {one.model_id: one.stage.value for one in registry.store.models()}


def test_without_models_there_is_nothing_to_list(registry):
    assert ask("models", "list", "--json").document == []
    assert ask("models", "list").out == "no model is registered yet\n"


def test_models_are_listed_newest_first_with_how_they_did(registry):
    older, newer = register(registry), register(registry, seed=8, validation=UNSKILLED)
    ask("models", "promote", older)
    listed = ask("models", "list", "--json").document
    assert [one["model_id"] for one in listed] == [newer, older]
    candidate, active = listed
    assert (candidate["stage"], candidate["activated_at"]) == ("candidate", None)
    assert [SHORTCOMING in refusal for refusal in candidate["refusals"]] == [True]
    assert (active["stage"], active["refusals"]) == ("active", [])
    assert active["trained_at"] == (TRAINED_AT + timedelta(days=7)).isoformat()
    assert (active["train_start"], active["train_end"]) == ("2014-06-02", "2016-06-01")
    assert (active["as_of"], active["code_version"]) == (TRAINED_AT.isoformat(), "0.1.0+1234")
    assert active["validation"]["log_loss_skill"] == {"value": 0.05, "low": 0.01, "high": 0.09}
    assert active["activated_at"]
    assert len(ask("models", "list", "--limit", 1, "--json").document) == 1


def test_a_person_reads_the_list_as_a_table(registry):
    model_id = register(registry, validation=UNSKILLED)
    out = ask("models", "list").out
    assert all(told in out for told in (model_id, "candidate", "0.0010 (-0.0020, 0.0040)", "no:"))


def test_a_model_is_shown_with_all_that_is_on_record(registry):
    model_id = register(registry)
    ask("models", "promote", model_id, "--reason", "first of its kind")
    shown = ask("models", "show", model_id, "--json").document
    assert [feature["name"] for feature in shown["features"]] == ["rsi_14", "atr_14"]
    assert (shown["parameters"]["horizon_sessions"], shown["window_keys"]) == (5, ["k1"])
    assert set(shown["files"]) == {"model.ubj", "calibrator.json", "training.json"}
    [change] = shown["changes"]
    assert (change["stage"], change["reason"]) == ("active", "first of its kind")
    assert change["by"] == f"cli:{getpass.getuser()}"
    out = ask("models", "show", model_id).out
    assert all(told in out for told in (model_id, "rsi_14", "max_depth 3", "first of its kind"))


def test_an_unknown_model_is_wrong_use_and_told_with_those_there_are(registry):
    model_id = register(registry)
    for verb in ("show", "promote"):
        answer = ask("models", verb, "x")
        assert (answer.code, answer.out) == (2, "")
        assert f"no model is called 'x'; the newest are {model_id}" in answer.err


def test_a_model_that_passed_the_gate_is_put_to_use(registry):
    model_id = register(registry)
    answer = ask("models", "promote", model_id, "--json")
    assert (answer.code, answer.document["stage"]) == (0, "active")
    assert registry.store.active().model_id == model_id


def test_a_model_that_fell_short_is_refused_with_the_reasons(registry):
    model_id = register(registry, validation=UNSKILLED)
    answer = ask("models", "promote", model_id)
    assert (answer.code, answer.out) == (1, "")
    assert SHORTCOMING in answer.err
    assert "--override" in answer.err
    as_json = ask("models", "promote", model_id, "--json")
    assert (as_json.code, as_json.document["stage"]) == (1, "candidate")
    assert SHORTCOMING in as_json.document["refusals"][0]
    assert stages(registry) == {model_id: "candidate"}


def test_an_override_needs_a_reason_and_stays_on_record(registry):
    model_id = register(registry, validation=UNSKILLED)
    answer = ask("models", "promote", model_id, "--override")
    assert (answer.code, stages(registry)) == (2, {model_id: "candidate"})
    assert "--override needs a --reason" in answer.err
    answer = ask("models", "promote", model_id, "--override", "--reason", "rehearsal")
    assert (answer.code, stages(registry)) == (0, {model_id: "active"})
    [change] = registry.store.changes()
    assert change.reason.startswith("rehearsal (overrides the gate: log-loss skill")


def test_a_model_whose_files_were_altered_is_refused(registry, empty_world):
    model_id = register(registry)
    with (empty_world.home / "models" / model_id / "training.json").open("ab") as file:
        file.write(b" ")
    answer = ask("models", "promote", model_id)
    assert (answer.code, stages(registry)) == (1, {model_id: "candidate"})
    assert f"model {model_id} is refused" in answer.err
    assert "training.json" in answer.err


def test_a_rollback_returns_to_the_model_before(registry):
    first, second = register(registry), register(registry, seed=8)
    ask("models", "promote", first)
    assert first in ask("models", "promote", second).out
    answer = ask("models", "rollback", "--reason", "drift", "--json")
    assert (answer.code, answer.document["model_id"]) == (0, first)
    assert stages(registry) == {first: "active", second: "retired"}
    assert registry.store.changes()[0].reason == "drift"


def test_a_rollback_with_nothing_to_return_to_fails_in_one_plain_sentence(registry):
    answer = ask("models", "rollback")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "alpha-oracle: no model is active, so there is none to return to\n"
    model_id = register(registry)
    ask("models", "promote", model_id)
    answer = ask("models", "rollback", "--json")
    assert (answer.code, answer.out) == (1, "")
    assert f"no model was active before {model_id}" in answer.err


def test_a_signal_is_explained_by_what_moved_its_forecast(database):
    PostgresExplanations(database).save([an_explanation("s1")])
    explained = ask("models", "explain", "s1", "--json").document
    assert (explained["forecast"], explained["confidence"]) == ("UP", 0.6)
    assert explained["contributions"] == [
        {"feature": "rsi_14", "value": None, "contribution": -1 / 3},
        {"feature": "atr_14", "value": 1e-300, "contribution": 0.25},
    ]
    out = ask("models", "explain", "s1").out
    assert all(told in out for told in ("forecast UP", "rsi_14", "unknown", "-0.3333", "+0.2500"))


def test_a_signal_without_an_explanation_is_told(registry):
    answer = ask("models", "explain", "s2")
    assert (answer.code, answer.out) == (2, "")
    assert "no explanation of signal 's2' is on record" in answer.err
