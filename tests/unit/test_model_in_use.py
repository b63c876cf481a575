"""Which model may forecast a session, and what is said where none may."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.forecasts import (
    ModelInUse,
    explain_signals,
    forecast_session,
    model_in_use,
    walk_forward_of_model,
)
from alpha_oracle.bootstrap.watching import retrain_key, watch
from alpha_oracle.config import Settings
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.domain.signals import Direction
from alpha_oracle.errors import ModelRefused
from alpha_oracle.features.store import FeatureStore
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.ml.registry import ModelRegistry
from alpha_oracle.research.windows import Window
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from tests.contracts.model_values import figures
from tests.fakes.clock import FixedClock
from tests.fakes.models import (
    MemoryExplanations,
    MemoryModelFiles,
    MemoryModelHealth,
    MemoryModels,
    MemoryPredictions,
)
from tests.unit.research.forecasts import NoCache, a_forecaster, a_market, an_evaluator


class NoWindows:
    """A store that must not be asked for a window."""

    def load(self, keys):
        assert not keys
        return {}


LATER = timedelta(days=90)


@pytest.fixture(scope="module")
def market():
    return a_market(drift=0.008)


@pytest.fixture(scope="module")
def runtime(market):
    """A process whose model was taught the sessions from row 200 to row 399 of the market."""
    last = market.sessions[399].item()
    shown = market.until(last)
    window = Window(train_start=200, test_start=400, test_stop=400)
    registry = ModelRegistry(MemoryModels(), MemoryModelFiles())
    at = calendar.decision_instant(last)
    registry.register(
        a_forecaster().model_of(shown, window),
        figures(),
        gate=PromotionGate(),
        window_keys=(),
        trained_at=at,
        as_of=at,
        code_version="1",
    )
    return SimpleNamespace(
        models=registry.store,
        registry=registry,
        markets=SimpleNamespace(market=lambda session, **_: market.until(session)),
        features=FeatureStore(NoCache()),
        predictions=MemoryPredictions(),
        explanations=MemoryExplanations(),
        clock=FixedClock(at),
    )


def a_run(runtime, session, **changes):
    [record] = runtime.models.models()
    ordinary = RunInputs(
        session=session,
        as_of=calendar.decision_instant(session),
        settings=Settings().decision_inputs(),
        symbols=None,
        model_id=record.model_id,
    )
    return replace(ordinary, **changes)


def test_a_model_forecasts_its_last_session_and_those_after_it(runtime, market):
    for row in (399, 403):
        use = model_in_use(runtime, a_run(runtime, market.sessions[row].item()))
        assert isinstance(use, ModelInUse)


@pytest.mark.parametrize("row", [220, 398])
def test_a_model_taught_a_later_session_is_refused_however_late_the_run(runtime, market, row):
    session = market.sessions[row].item()
    run = a_run(runtime, session, as_of=calendar.decision_instant(session) + LATER)
    with pytest.raises(ModelRefused, match="its forecasts would be no forecasts"):
        forecast_session(runtime, run)
    assert session not in {day for _, day, _ in runtime.predictions.kept}


def test_a_model_of_later_knowledge_is_refused_however_late_the_run(runtime, market):
    session = market.sessions[399].item()
    [record] = runtime.models.models()
    known_later = replace(record, as_of=record.as_of + timedelta(seconds=1))
    late = SimpleNamespace(
        **{**vars(runtime), "models": SimpleNamespace(named=lambda _: known_later)}
    )
    run = a_run(runtime, session, as_of=calendar.decision_instant(session) + LATER)
    with pytest.raises(ModelRefused, match="its forecasts would be no forecasts"):
        model_in_use(late, run)


def test_a_strategy_is_not_ranked_by_a_model_that_was_judged_later(runtime, market):
    evaluator = an_evaluator(windows=NoWindows())
    told = SimpleNamespace(**{**vars(runtime), "evaluator": evaluator})
    run = a_run(runtime, market.sessions[300].item())
    result = walk_forward_of_model(told, run, MLSignalStrategy())
    assert (result.windows, len(result.record.sessions)) == ((), 0)
    assert result.note.endswith(f"was judged by what came after {run.session}")


def judged_under(runtime, market, settings):
    """The rank of the session 403, where the model was judged under some settings."""
    [record] = runtime.models.models()
    terms = decision_terms(settings.decision_inputs())
    judged = replace(record, window_keys=("k1",), terms_key=terms.key_of(MLSignalStrategy.name))
    told = SimpleNamespace(
        **{
            **vars(runtime),
            "evaluator": an_evaluator(),
            "models": SimpleNamespace(named=lambda _: judged),
        }
    )
    run = a_run(runtime, market.sessions[403].item())
    return walk_forward_of_model(told, run, MLSignalStrategy())


@pytest.mark.parametrize(
    "changed",
    [
        {"broker": {"simulated": {"cash": 2_000.0}}},
        {"ml": {"confidence_threshold": 0.6}},
        {"strategy": {"walk_forward": {"train_months": 12}}},
        {"strategy": {"parameters": {"MLSignalStrategy": {"max_hold_days": [5, 10]}}}},
    ],
    ids=["capital", "threshold", "months", "values to try"],
)
def test_windows_of_other_settings_are_not_recalled(runtime, market, changed):
    result = judged_under(runtime, market, Settings(**changed))
    assert result.note.endswith("was validated under other settings; train again")
    assert result.windows == ()


def test_windows_of_the_same_settings_are_recalled(runtime, market):
    result = judged_under(runtime, market, Settings(ml={"seed": 9}))
    assert result.note.endswith("1 of its 1 windows are not on record: train anew")


def test_without_a_model_it_is_said_how_to_have_one(runtime, market):
    run = a_run(runtime, market.sessions[403].item(), model_id=None)
    with pytest.raises(ModelRefused, match="again with `--force --current-settings`"):
        forecast_session(runtime, run)


@pytest.mark.parametrize(
    ("taught", "stale"), [("2026-10-23", "2026-11-09"), ("2026-03-06", "2026-03-23")]
)
def test_a_model_of_fourteen_days_is_not_stale_whatever_the_clocks_did(
    runtime, market, taught, stale
):
    taught, stale = date.fromisoformat(taught), date.fromisoformat(stale)
    [record] = runtime.models.models()
    renewed = replace(record, train_end=taught, as_of=calendar.decision_instant(taught))
    store = SimpleNamespace(named=lambda _: renewed)
    told = SimpleNamespace(**{**vars(runtime), "models": store})
    assert model_in_use(told, a_run(runtime, taught + timedelta(days=14))).record == renewed
    with pytest.raises(ModelRefused, match="its data ends 17 days before the session, 14 at most"):
        model_in_use(told, a_run(runtime, stale))


def test_what_a_forecast_asked_for_is_explained_and_the_end_of_a_hold_is_not(runtime, market):
    run = a_run(runtime, market.sessions[403].item())
    forecast_session(runtime, run)
    signals = [
        SimpleNamespace(
            symbol=market.symbols[place], signal_id=direction.value, direction=direction
        )
        for place, direction in enumerate(Direction)
    ]
    explained = {one.signal_id for one in explain_signals(runtime, run, signals)}
    assert explained == {"LONG", "SHORT"}


def gaps_of(market, rows):
    """The market with opens far from the close before, in its last rows up to some."""
    opened = market.open.copy()
    opened[rows - 21 : rows] *= np.linspace(1.2, 1.9, 21)[:, None]
    return replace(market, open=opened, traded_open=opened)


@pytest.fixture
def watching(runtime, market):
    """The same process where every gap is out of bounds; nothing was watched yet."""
    strange = gaps_of(market, 404)
    return SimpleNamespace(
        **{
            **vars(runtime),
            "markets": SimpleNamespace(market=lambda session, **_: strange.until(session)),
            "health": MemoryModelHealth(),
            "settings": Settings(),
        }
    )


def test_a_bound_passed_is_new_once_however_often_the_session_is_run(watching, market):
    run = a_run(watching, market.sessions[402].item())
    first, again = watch(watching, run), watch(watching, run)
    assert any("overnight_gap" in breach for breach in first.new_breaches)
    assert (again.health, again.new_breaches) == (first.health, ())
    following = a_run(watching, market.sessions[403].item())
    assert watch(watching, following).new_breaches == ()


def test_what_stood_of_the_model_before_is_not_new_of_the_one_after_it(watching, market):
    before, after = (market.sessions[row].item() for row in (402, 403))
    told = watch(watching, a_run(watching, before)).health
    watching.health.kept.clear()
    watching.health.save(replace(told, model_id="older"), at=watching.clock.now())
    renewed = watch(watching, a_run(watching, after))
    assert renewed.health.breaches
    assert renewed.new_breaches == ()


def test_a_training_is_asked_for_once_in_a_span_of_the_active_model(watching, market):
    [record] = watching.models.models()
    taught = record.as_of.astimezone(calendar.NEW_YORK).date()
    told = SimpleNamespace(**{**vars(watching), "models": SimpleNamespace(active=lambda: record)})
    keys = [retrain_key(told, taught + timedelta(days=days)) for days in (0, 6, 7, 13, 14)]
    assert keys[:2] == [None, None]
    assert keys[2] == keys[3] == f"retrain {record.model_id} 1"
    assert keys[4] == f"retrain {record.model_id} 2"
    assert retrain_key(told, taught - timedelta(days=30)) is None
