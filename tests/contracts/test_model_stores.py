"""What the registry of models and the stores beside it must do, on Postgres and in memory."""

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest

from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.explanations import PostgresExplanations
from alpha_oracle.adapters.postgres.model_health import PostgresModelHealth
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.predictions import PostgresPredictions
from alpha_oracle.domain.models import FeatureDrift, Interval, ModelStage, StageChange
from alpha_oracle.errors import ConfigurationError
from tests.contracts.model_values import (
    SESSION,
    TRAINED_AT,
    UNKNOWN,
    a_health,
    a_prediction,
    a_record,
    an_explanation,
    figures,
)
from tests.fakes.models import (
    MemoryExplanations,
    MemoryModelFiles,
    MemoryModelHealth,
    MemoryModels,
    MemoryPredictions,
)

AT = TRAINED_AT + timedelta(hours=3)
FILES = {"model.ubj": b"\x00trees", "calibrator.json": b"{}"}


@pytest.fixture
def database(database_url):
    with closing(open_database(database_url)) as database:
        yield database


def stores_of(on_postgres, in_memory):
    """A fixture that gives the store on Postgres, then the one in memory."""

    @pytest.fixture(params=["postgres", "memory"])
    def store(request):
        if request.param == "memory":
            return in_memory()
        return on_postgres(request.getfixturevalue("database"))

    return store


models = stores_of(PostgresModels, MemoryModels)
predictions = stores_of(PostgresPredictions, MemoryPredictions)
explanations = stores_of(PostgresExplanations, MemoryExplanations)
healths = stores_of(PostgresModelHealth, MemoryModelHealth)


@pytest.fixture(params=["folder", "memory"])
def files(request, tmp_path):
    return (
        FolderModelFiles(tmp_path / "models") if request.param == "folder" else MemoryModelFiles()
    )


def registered(models, *names):
    """Register models by these ids, each trained an hour after the one before."""
    for hours, name in enumerate(names):
        models.register(a_record(name, trained_at=TRAINED_AT + timedelta(hours=hours)))


def promote(models, model_id, *, hours=0):
    return models.promote(
        model_id,
        expected=active_of(models),
        by="me",
        reason="better",
        at=AT + timedelta(hours=hours),
    )


def roll_back(models, *, hours=0):
    return models.roll_back(
        expected=active_of(models), by="me", reason="worse", at=AT + timedelta(hours=hours)
    )


def active_of(models):
    active = models.active()
    return None if active is None else active.model_id


def test_a_model_is_read_back_to_the_last_bit(models):
    record = a_record()
    assert models.register(record)
    assert models.named(record.model_id) == record
    assert repr(models.named(record.model_id).parameters) == repr(record.parameters)
    assert models.models() == [record]


def test_a_model_never_validated_is_read_back(models):
    nothing = figures(
        windows=0,
        accuracy=UNKNOWN,
        log_loss=None,
        log_loss_skill=UNKNOWN,
        rank_correlation=UNKNOWN,
        sharpe=Interval(value=1.0, low=None, high=None),
        other_sharpes={},
    )
    bare = {"features": (), "window_keys": (), "parameters": {}, "refusals": ("no test window",)}
    record = a_record(validation=nothing, **bare)
    models.register(record)
    assert models.named(record.model_id) == record


def test_a_model_on_record_stands(models):
    models.register(a_record("m"))
    promote(models, "m")
    assert not models.register(a_record("m", code_version="another"))
    standing = models.named("m")
    assert (standing.code_version, standing.stage) == ("0.1.0+1234", ModelStage.ACTIVE)


def test_a_candidate_registered_again_is_judged_anew_and_else_stands(models):
    judged = {
        "validation": figures(windows=9),
        "refusals": ("too few trades",),
        "window_keys": ("k3",),
        "terms_key": "t2",
    }
    models.register(a_record("m"))
    assert not models.register(a_record("m", code_version="another", **judged))
    assert models.named("m") == a_record("m", **judged)


@pytest.mark.parametrize("rolled_back", [False, True], ids=["active", "retired"])
def test_a_model_that_was_ever_active_is_not_judged_anew(models, rolled_back):
    registered(models, "l", "m")
    promote(models, "l")
    promote(models, "m")
    if rolled_back:
        roll_back(models)
    standing = models.named("m")
    assert not models.register(a_record("m", refusals=("x",), window_keys=()))
    assert models.named("m") == standing


@pytest.mark.parametrize("expected", [None, "a", "c"])
@pytest.mark.parametrize("verb", ["promote", "roll_back"])
def test_a_change_that_another_overtook_changes_nothing(models, verb, expected):
    registered(models, "a", "b", "c")
    promote(models, "a")
    promote(models, "b", hours=1)
    before = models.models(), models.changes()
    change = {"expected": expected, "by": "me", "reason": "late", "at": AT}
    with pytest.raises(ConfigurationError, match="the active model is b by now, no longer"):
        models.promote("c", **change) if verb == "promote" else models.roll_back(**change)
    assert (models.models(), models.changes()) == before


def test_what_is_registered_is_a_candidate_whatever_it_says(models):
    models.register(a_record("m", stage=ModelStage.ACTIVE, activated_at=AT, predecessor="x"))
    assert models.active() is None
    assert models.named("m") == a_record("m")


def test_models_come_newest_first(models):
    registered(models, "b", "c", "a")
    models.register(a_record("d", trained_at=TRAINED_AT))
    assert [one.model_id for one in models.models()] == ["a", "c", "d", "b"]
    [_, last] = page = models.models(limit=2)
    assert [one.model_id for one in page] == ["a", "c"]
    rest = models.models(after=(last.trained_at, last.model_id), limit=5)
    assert [one.model_id for one in rest] == ["d", "b"]


def test_an_unknown_model_is_told_with_those_there_are(models):
    with pytest.raises(ConfigurationError, match="no model is called 'x'; none is registered yet"):
        models.named("x")
    registered(models, "a", "b")
    with pytest.raises(ConfigurationError, match="no model is called 'x'; the newest are b, a"):
        models.named("x")


def test_an_id_that_no_database_can_hold_is_unknown_too(models):
    with pytest.raises(ConfigurationError, match="no model is called"):
        models.named("\x00'; DROP TABLE models")


def test_no_model_is_active_before_one_is_promoted(models):
    assert models.active() is None
    registered(models, "a")
    assert models.active() is None


def test_a_model_promoted_is_the_active_one(models):
    registered(models, "a", "b")
    promoted = promote(models, "a")
    assert promoted == models.active() == models.named("a")
    assert (promoted.stage, promoted.activated_at) == (ModelStage.ACTIVE, AT)
    assert promoted.predecessor is None
    assert models.named("b").stage is ModelStage.CANDIDATE


def test_a_promotion_retires_the_model_before_it(models):
    registered(models, "a", "b")
    promote(models, "a")
    promoted = promote(models, "b", hours=1)
    assert (models.active(), promoted.predecessor) == (promoted, "a")
    retired = models.named("a")
    assert (retired.stage, retired.activated_at) == (ModelStage.RETIRED, AT)


@pytest.mark.parametrize(
    ("model_id", "told"),
    [("a", "model a is the active one already"), ("x", "no model is called 'x'")],
    ids=["the active one", "an unknown one"],
)
def test_what_cannot_be_promoted_changes_nothing(models, model_id, told):
    registered(models, "a")
    promote(models, "a")
    before = models.models(), models.changes()
    with pytest.raises(ConfigurationError, match=told):
        promote(models, model_id, hours=1)
    assert (models.models(), models.changes()) == before


def test_a_rollback_returns_to_the_model_before(models):
    registered(models, "a", "b")
    promote(models, "a")
    promote(models, "b", hours=1)
    returned = roll_back(models, hours=2)
    assert returned == models.active() == models.named("a")
    assert returned.activated_at == AT + timedelta(hours=2)
    assert models.named("b").stage is ModelStage.RETIRED


def test_rollbacks_walk_back_through_every_promotion_even_of_one_model_twice(models):
    registered(models, "a", "b")
    for hours, name in enumerate(["a", "b", "a"]):
        promote(models, name, hours=hours)
    returned = [roll_back(models, hours=hours).model_id for hours in (3, 4)]
    assert returned == ["b", "a"]
    with pytest.raises(ConfigurationError, match="no model was active before a"):
        roll_back(models, hours=5)
    assert models.active().model_id == "a"


def test_a_model_rolled_back_may_be_promoted_again(models):
    registered(models, "a", "b")
    promote(models, "a")
    promote(models, "b", hours=1)
    roll_back(models, hours=2)
    assert promote(models, "b", hours=3).predecessor == "a"
    assert roll_back(models, hours=4).model_id == "a"


def test_without_an_active_model_there_is_nothing_to_return_to(models):
    registered(models, "a")
    with pytest.raises(ConfigurationError, match="no model is active, so there is none"):
        roll_back(models)
    assert models.changes() == []


def test_each_change_of_a_stage_is_told_newest_first(models):
    registered(models, "a", "b")
    promote(models, "a")
    models.promote("b", expected="a", by="cli:eve", reason="drift seen", at=AT)
    roll_back(models, hours=2)
    later = AT + timedelta(hours=2)
    assert models.changes() == [
        a_change("a", ModelStage.ACTIVE, at=later, reason="worse"),
        a_change("b", ModelStage.RETIRED, at=later, reason="worse"),
        a_change("b", ModelStage.ACTIVE, by="cli:eve", reason="drift seen"),
        a_change("a", ModelStage.RETIRED, by="cli:eve", reason="drift seen"),
        a_change("a", ModelStage.ACTIVE),
    ]
    assert models.changes(limit=1) == [a_change("a", ModelStage.ACTIVE, at=later, reason="worse")]


def a_change(model_id, stage, **changes):
    told = StageChange(model_id=model_id, stage=stage, at=AT, by="me", reason="better")
    return replace(told, **changes)


def test_files_are_read_back_by_key(files):
    files.save("2016-06-01-aaaaaaaa", FILES)
    files.save("windows/aaaa", {"model.ubj": b"other"})
    assert files.load("2016-06-01-aaaaaaaa") == FILES
    assert files.load("windows/aaaa") == {"model.ubj": b"other"}


def test_a_key_nobody_saved_has_no_files(files):
    assert files.load("2016-06-01-aaaaaaaa") is None
    files.save("windows/aaaa", FILES)
    assert files.load("windows/bbbb") is None


def test_files_saved_again_take_the_place_of_all_there_were(files):
    files.save("m", FILES)
    files.save("m", {"model.ubj": b"new"})
    assert files.load("m") == {"model.ubj": b"new"}


def test_forecasts_are_read_back_to_the_last_bit_by_session_and_symbol(predictions):
    later = date(2016, 6, 2)
    given = [
        a_prediction("MSFT"),
        a_prediction("AAPL", session=later),
        a_prediction("BRK.B"),
        a_prediction("AAPL"),
    ]
    predictions.save(given, at=AT)
    ordered = [given[3], given[2], given[0], given[1]]
    assert predictions.predictions(model_id="m", start=SESSION, end=later) == ordered
    assert predictions.predictions(model_id="m", start=SESSION, end=SESSION) == ordered[:3]
    assert predictions.predictions(model_id="m", start=later, end=later) == ordered[3:]


def test_forecasts_of_other_models_are_kept_apart(predictions):
    predictions.save([a_prediction(), a_prediction(model_id="n", up=0.5)], at=AT)
    found = predictions.predictions(model_id="n", start=SESSION, end=SESSION)
    assert found == [a_prediction(model_id="n", up=0.5)]


def test_of_two_forecasts_alike_in_one_load_the_last_counts(predictions):
    predictions.save([a_prediction(), a_prediction("MSFT")], at=AT)
    given = [a_prediction(up=0.5), a_prediction("MSFT"), a_prediction(up=0.7)]
    predictions.save(given, at=AT)
    found = predictions.predictions(model_id="m", start=SESSION, end=SESSION)
    assert found == [a_prediction(up=0.7), a_prediction("MSFT")]


def test_what_an_earlier_attempt_forecast_beside_is_gone(predictions):
    later, other = a_prediction("MSFT", session=date(2016, 6, 2)), a_prediction(model_id="n")
    predictions.save([a_prediction(), a_prediction("MSFT"), later, other], at=AT)
    predictions.save([a_prediction(up=0.5)], at=AT)
    told = {"start": SESSION, "end": later.session}
    assert predictions.predictions(model_id="m", **told) == [a_prediction(up=0.5), later]
    assert predictions.predictions(model_id="n", **told) == [other]


def test_no_forecasts_are_nothing_to_keep(predictions):
    predictions.save([], at=AT)
    assert predictions.predictions(model_id="m", start=SESSION, end=SESSION) == []


def test_an_explanation_is_read_back_in_its_order(explanations):
    explanations.save([an_explanation("t"), an_explanation("s", contributions=())])
    assert explanations.explanations(["s", "t", "u"]) == {
        "s": an_explanation("s", contributions=()),
        "t": an_explanation("t"),
    }


def test_the_first_explanation_of_a_signal_stands(explanations):
    explanations.save([an_explanation()])
    explanations.save([an_explanation(model_id="n"), an_explanation("t")])
    found = explanations.explanations(["s", "t"])
    assert found == {"s": an_explanation(), "t": an_explanation("t")}


def test_no_signals_have_no_explanations(explanations):
    explanations.save([])
    assert explanations.explanations([]) == {}


def test_health_is_read_back_newest_first(healths):
    later = a_health(
        session=date(2016, 6, 2),
        features=(),
        outcomes=3,
        accuracy=1 / 3,
        baseline_accuracy=0.3,
        log_loss=1.1,
        calibration_error=0.2,
        breaches=(),
    )
    for health in (a_health("n"), a_health("m"), later):
        healths.save(health, at=AT)
    assert healths.history() == [later, a_health("m"), a_health("n")]
    assert healths.history(model_id="m") == [later, a_health("m")]
    assert healths.history(limit=1) == [later]


def test_health_of_unknown_features_alone_is_read_back(healths):
    unknown = a_health(
        features=(FeatureDrift(name="atr_14", psi=None, ks=None, known_fraction=0.0),)
    )
    healths.save(unknown, at=AT)
    assert healths.history() == [unknown]


def test_health_after_a_session_is_renewed(healths):
    healths.save(a_health(), at=AT)
    renewed = a_health(outcomes=5, accuracy=0.4, breaches=())
    healths.save(renewed, at=AT)
    assert healths.history() == [renewed]


def test_health_is_told_up_to_a_session_the_last_watched_first(healths):
    later = a_health(session=date(2016, 6, 2))
    for hours, health in enumerate((a_health("z"), later, a_health("a"), a_health("m"))):
        healths.save(health, at=AT + timedelta(hours=hours))
    assert healths.history(until=SESSION) == [a_health("m"), a_health("a"), a_health("z")]
    assert healths.history(until=SESSION, model_id="z", limit=1) == [a_health("z")]
    assert healths.history(until=date(2016, 5, 31)) == []
