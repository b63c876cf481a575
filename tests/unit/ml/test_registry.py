import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.domain.models import Interval, ModelStage
from alpha_oracle.errors import ConfigurationError, ModelRefused, PromotionRefused
from alpha_oracle.ml.encoding import encode
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.ml.registry import ModelRegistry
from tests.contracts.model_values import TRAINED_AT, UNKNOWN, figures
from tests.fakes.models import MemoryModelFiles, MemoryModels
from tests.trained import TRAIN_END, a_model

FILE_NAMES = ("model.ubj", "calibrator.json", "training.json")
AT = TRAINED_AT + timedelta(hours=3)
UNSKILLED = figures(log_loss_skill=Interval(value=0.001, low=-0.002, high=0.004))


@pytest.fixture
def registry():
    return ModelRegistry(MemoryModels(), MemoryModelFiles())


def register(registry, model, *, validation=None, **changes):
    """Register a model that passed the gate, but for the figures given."""
    ordinary = {
        "gate": PromotionGate(),
        "window_keys": ["k1"],
        "trained_at": TRAINED_AT,
        "as_of": TRAINED_AT,
        "code_version": "0.1.0",
    }
    return registry.register(model, validation or figures(), **ordinary | changes)


def promote(registry, record, **changes):
    ordinary = {"gate": PromotionGate(), "by": "me", "reason": "better", "at": AT}
    return registry.promote(record.model_id, **ordinary | changes)


def roll_back(registry):
    return registry.roll_back(by="me", reason="worse", at=AT)


def test_a_model_registered_is_a_candidate_that_loads_as_the_same_bytes(registry):
    model = a_model()
    record = register(registry, model)
    assert record == registry.store.named(record.model_id)
    assert (record.stage, record.refusals, record.window_keys) == (
        ModelStage.CANDIDATE,
        (),
        ("k1",),
    )
    assert record.model_id.startswith(f"{TRAIN_END}-")
    assert encode(registry.load(record)) == encode(registry.load(record.model_id)) == encode(model)


def test_a_record_says_what_the_model_was_made_of(registry):
    record = register(registry, a_model())
    assert record.parameters["horizon_sessions"] == 5
    assert record.parameters["max_depth"] == 3
    assert "features" not in record.parameters
    assert [feature.name for feature in record.features] == ["rsi_14", "atr_14"]
    assert set(record.files) == set(FILE_NAMES)


def test_the_same_bytes_registered_again_change_nothing(registry):
    first = register(registry, a_model())
    again = register(registry, a_model(), trained_at=AT, code_version="0.2.0")
    assert again == first
    assert registry.store.models() == [first]


def test_registering_again_mends_files_that_were_damaged(registry):
    record = register(registry, a_model())
    registry.files.kept[record.model_id]["model.ubj"] = b"damaged"
    register(registry, a_model())
    assert encode(registry.load(record)) == encode(a_model())


def test_other_bytes_are_another_model(registry):
    assert register(registry, a_model()).model_id != register(registry, a_model(seed=8)).model_id
    assert len(registry.store.models()) == 2


def test_a_model_whose_id_is_taken_by_another_is_refused_and_the_other_stays_whole(registry):
    record = register(registry, a_model())
    registry.store.kept[record.model_id] = replace(record, files={"model.ubj": "00" * 32})
    registry.files.kept[record.model_id] = {"model.ubj": b"the other's"}
    with pytest.raises(ModelRefused, match="another model is on record"):
        register(registry, a_model())
    assert registry.files.load(record.model_id) == {"model.ubj": b"the other's"}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class KilledAt:
    """Passes calls on; the process ends in place of one method's."""

    adapter: Any
    method: str

    def __getattr__(self, name):
        return self._end if name == self.method else getattr(self.adapter, name)

    def _end(self, *_, **__):
        raise Killed


@pytest.mark.parametrize("place", ["save", "register"], ids=["before files", "before the record"])
def test_a_registration_cut_short_leaves_no_record_and_is_done_by_the_next(registry, place):
    cut = ModelRegistry(KilledAt(registry.store, place), KilledAt(registry.files, place))
    with pytest.raises(Killed):
        register(cut, a_model())
    assert registry.store.models() == []
    assert encode(registry.load(register(registry, a_model()))) == encode(a_model())


@pytest.mark.parametrize("name", FILE_NAMES)
@pytest.mark.parametrize("at", [0, -1], ids=["first byte", "last byte"])
def test_a_file_with_one_bit_changed_is_refused_by_name(registry, name, at):
    record = register(registry, a_model())
    content = bytearray(registry.files.kept[record.model_id][name])
    content[at] ^= 1
    registry.files.kept[record.model_id][name] = bytes(content)
    with pytest.raises(ModelRefused, match=rf"model {record.model_id} is refused: .*{name}"):
        registry.load(record)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_missing_file_is_refused_by_name(registry, name):
    record = register(registry, a_model())
    del registry.files.kept[record.model_id][name]
    with pytest.raises(ModelRefused, match=name):
        registry.load(record)


def test_a_foreign_file_is_refused_by_name(registry):
    record = register(registry, a_model())
    registry.files.kept[record.model_id]["weights.pkl"] = b"\x80\x04."
    with pytest.raises(ModelRefused, match=r"weights\.pkl"):
        registry.load(record)


def test_whole_files_of_another_model_are_refused(registry):
    one, other = register(registry, a_model()), register(registry, a_model(seed=8))
    registry.files.kept[one.model_id] = dict(registry.files.kept[other.model_id])
    with pytest.raises(ModelRefused, match="the SHA-256 differs"):
        registry.load(one)


def test_files_that_are_gone_are_told(registry):
    record = register(registry, a_model())
    registry.files.kept.clear()
    with pytest.raises(ModelRefused, match=r"files of model .* are gone"):
        registry.load(record)


def test_an_unknown_model_is_not_loaded(registry):
    with pytest.raises(ConfigurationError, match="no model is called 'x'"):
        registry.load("x")


def test_a_model_that_passed_the_gate_is_promoted(registry):
    record = register(registry, a_model())
    assert promote(registry, record) == registry.store.active()
    assert registry.store.changes()[0].reason == "better"


def test_a_model_that_fell_short_is_not_promoted(registry):
    record = register(registry, a_model(), validation=UNSKILLED)
    assert len(record.refusals) == 1
    with pytest.raises(PromotionRefused, match="fell short of the promotion gate: log-loss skill"):
        promote(registry, record)
    assert registry.store.active() is None


def test_an_override_promotes_it_and_stays_on_record_with_what_it_overrode(registry):
    record = register(registry, a_model(), validation=UNSKILLED)
    promote(registry, record, override=True, reason="drill")
    [change] = registry.store.changes()
    assert change.reason.startswith("drill (overrides the gate: log-loss skill")
    assert registry.store.active().model_id == record.model_id


def test_an_override_nobody_needed_is_a_promotion_like_any_other(registry):
    promote(registry, register(registry, a_model()), override=True)
    assert registry.store.changes()[0].reason == "better"


@pytest.mark.parametrize("override", [False, True], ids=["plain", "override"])
def test_a_model_whose_files_are_altered_is_never_promoted(registry, override):
    first, second = register(registry, a_model()), register(registry, a_model(seed=8))
    promote(registry, first)
    registry.files.kept[second.model_id]["model.ubj"] += b"!"
    with pytest.raises(ModelRefused, match=r"model\.ubj"):
        promote(registry, second, override=override)
    assert registry.store.active().model_id == first.model_id


def test_a_candidate_registered_again_is_judged_by_its_figures_and_the_gate_of_now(registry):
    first = register(registry, a_model(), validation=UNSKILLED)
    again = register(registry, a_model(), window_keys=["k2"], code_version="0.2.0")
    assert (again.refusals, again.validation, again.window_keys) == ((), figures(), ("k2",))
    assert again.code_version == first.code_version
    strict = PromotionGate(max_calibration_error=0.01)
    assert len(register(registry, a_model(), gate=strict).refusals) == 1


def test_a_model_in_use_registered_again_stands(registry):
    active = promote(registry, register(registry, a_model()))
    assert register(registry, a_model(), validation=UNSKILLED) == active


def test_the_gate_of_the_promotion_counts_and_not_that_of_the_registration(registry):
    lax = PromotionGate(min_log_loss_skill=-1.0)
    record = register(registry, a_model(), validation=UNSKILLED, gate=lax)
    assert record.refusals == ()
    with pytest.raises(PromotionRefused, match="log-loss skill"):
        promote(registry, record)
    assert promote(registry, record, gate=lax).stage is ModelStage.ACTIVE


@dataclass
class Overtaken:
    """A store where another rolls back just before this one's change arrives."""

    adapter: Any

    def __getattr__(self, name):
        return getattr(self.adapter, name)

    def roll_back(self, **change):
        self.adapter.roll_back(**change)
        return self.adapter.roll_back(**change)


def test_a_rollback_that_another_overtook_goes_no_further_back(registry):
    models = [register(registry, a_model(seed=seed)) for seed in (7, 8, 9)]
    for one in models:
        promote(registry, one)
    late = ModelRegistry(Overtaken(registry.store), registry.files)
    with pytest.raises(ConfigurationError, match="another changed it meanwhile"):
        roll_back(late)
    assert registry.store.active().model_id == models[1].model_id


def test_a_rollback_returns_to_the_model_before(registry):
    first, second = register(registry, a_model()), register(registry, a_model(seed=8))
    promote(registry, first)
    promote(registry, second)
    assert roll_back(registry) == registry.store.active()
    assert registry.store.active().model_id == first.model_id


def test_a_rollback_to_a_model_whose_files_are_altered_changes_nothing(registry):
    first, second = register(registry, a_model()), register(registry, a_model(seed=8))
    promote(registry, first)
    promote(registry, second)
    registry.files.kept[first.model_id]["training.json"] = b"{}"
    with pytest.raises(ModelRefused, match=r"training\.json"):
        roll_back(registry)
    assert registry.store.active().model_id == second.model_id


@pytest.mark.parametrize("count", [0, 1], ids=["none active", "none before"])
def test_with_nothing_to_return_to_a_rollback_says_so(registry, count):
    for _ in range(count):
        promote(registry, register(registry, a_model()))
    with pytest.raises(ConfigurationError, match="so there is none to return to"):
        roll_back(registry)


def test_a_registry_on_folders_loads_what_it_registered(tmp_path):
    registry = ModelRegistry(MemoryModels(), FolderModelFiles(tmp_path))
    record = register(registry, a_model())
    assert sorted(path.name for path in (tmp_path / record.model_id).iterdir()) == sorted(
        FILE_NAMES
    )
    assert encode(registry.load(record)) == encode(a_model())


def test_figures_that_pass_every_bound_are_refused_nothing():
    assert PromotionGate().refusals(figures()) == ()


NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (
            {"log_loss_skill": Interval(value=0.1, low=0.0, high=0.2)},
            "log-loss skill .* 0 required",
        ),
        ({"log_loss_skill": Interval(value=0.1, low=NAN, high=0.2)}, "log-loss skill"),
        ({"log_loss_skill": UNKNOWN}, "log-loss skill .* unknown"),
        ({"rank_correlation": Interval(value=None, low=-0.1, high=None)}, "rank .* unknown, its"),
        ({"rank_correlation": Interval(value=0.1, low=None, high=None)}, "rank .* unknown"),
        ({"calibration_error": 0.05}, r"calibration error 0\.0500, below 0\.05 required"),
        ({"calibration_error": NAN}, "calibration error nan"),
        ({"calibration_error": None}, "calibration error unknown"),
        (
            {"advantage": Interval(value=0.1, low=0.0, high=0.2)},
            r"yearly return over the persistence baseline 0\.1000, its lower end 0\.0000, above 0",
        ),
        ({"advantage": UNKNOWN}, "yearly return over the persistence baseline unknown"),
        ({"trades": 29}, "29 trades, 30 at least required"),
        ({"windows": 0}, "it was never tested"),
        ({"sessions": 0}, "it was never tested"),
        ({"forecasts": 0}, "it was never tested"),
    ],
)
def test_each_shortcoming_is_refused_in_its_own_words(changes, refusal):
    [told] = PromotionGate().refusals(figures(**changes))
    assert re.match(refusal, told)


def test_every_shortcoming_is_told():
    worst = figures(
        log_loss_skill=UNKNOWN, rank_correlation=UNKNOWN, calibration_error=0.2, advantage=UNKNOWN
    )
    assert len(PromotionGate().refusals(worst)) == 4


def test_bounds_are_those_of_the_gate():
    strict = PromotionGate(
        min_log_loss_skill=0.02, min_rank_correlation=0.03, max_calibration_error=0.01
    )
    assert len(strict.refusals(figures())) == 3
    lax = PromotionGate(must_beat_baseline=False, min_trades=3)
    assert lax.refusals(figures(advantage=UNKNOWN, trades=3)) == ()
