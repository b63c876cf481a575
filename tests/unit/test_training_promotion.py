"""What becomes of a trained model where others change the registry at the same time."""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from alpha_oracle.bootstrap.training import Registered, promoted
from alpha_oracle.config import Settings
from alpha_oracle.domain.models import Interval, ModelStage
from alpha_oracle.domain.training import TrainingPlan
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.ml.registry import ModelRegistry
from tests.contracts.model_values import TRAINED_AT, figures
from tests.fakes.clock import FixedClock
from tests.fakes.models import MemoryModelFiles, MemoryModels
from tests.trained import TRAIN_END, a_model

PLAN = TrainingPlan(
    session=TRAIN_END,
    as_of=TRAINED_AT,
    settings={},
    tuning_trials=0,
    promote=True,
    windows=4,
    note="",
)


@dataclass
class Overtaken:
    """A store where another promotes a model just before this one's promotion arrives."""

    adapter: Any
    other: str

    def __getattr__(self, name):
        return getattr(self.adapter, name)

    def promote(self, model_id, **change):
        self.adapter.promote(self.other, **change)
        return self.adapter.promote(model_id, **change)


@pytest.fixture
def registry():
    return ModelRegistry(MemoryModels(), MemoryModelFiles())


def register(registry, *, seed=7, validation=None, gate=None):
    record = registry.register(
        a_model(seed=seed),
        validation or figures(),
        gate=gate or PromotionGate(),
        window_keys=["k1"],
        trained_at=TRAINED_AT,
        as_of=TRAINED_AT,
        code_version="0.1.0",
    )
    return record.model_id


def report_of(registry, model_id):
    runtime = SimpleNamespace(
        registry=registry,
        models=registry.store,
        settings=Settings(),
        clock=FixedClock(TRAINED_AT + timedelta(hours=1)),
    )
    return promoted(runtime, PLAN, Registered(model_id=model_id, is_new=True))


def test_of_two_trainings_of_the_same_data_the_later_is_no_failure(registry):
    model_id = register(registry)
    late = ModelRegistry(Overtaken(registry.store, model_id), registry.files)
    report = report_of(late, model_id)
    assert (report.is_promoted, report.model.stage) == (False, ModelStage.ACTIVE)
    assert "is the active model already" in report.verdict


def test_a_training_does_not_replace_a_model_that_was_chosen_meanwhile(registry):
    model_id, other = register(registry), register(registry, seed=8)
    late = ModelRegistry(Overtaken(registry.store, other), registry.files)
    report = report_of(late, model_id)
    assert (report.is_promoted, report.model.stage) == (False, ModelStage.CANDIDATE)
    assert f"the active model is {other} by now" in report.verdict


def test_a_model_registered_under_a_laxer_gate_stays_a_candidate(registry):
    unskilled = figures(log_loss_skill=Interval(value=0.001, low=-0.002, high=0.004))
    lax = PromotionGate(min_log_loss_skill=-1.0)
    report = report_of(registry, register(registry, validation=unskilled, gate=lax))
    assert (report.is_promoted, report.model.stage) == (False, ModelStage.CANDIDATE)
    assert "did not prove better than its baseline" in report.verdict


def test_a_model_that_passes_the_gate_becomes_the_active_one(registry):
    report = report_of(registry, register(registry))
    assert (report.is_promoted, report.model.stage) == (True, ModelStage.ACTIVE)
    assert "is the active model now" in report.verdict
