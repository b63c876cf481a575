"""A training, step by step: what it looks at, its windows, its judgement, the model it registers.

Every step finds what an interrupted training left: a window's model is fitted once, and the same
data and settings register the same model, which then stands as it is on record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.models import code_version
from alpha_oracle.bootstrap.recipes import gate_of, recipe_of
from alpha_oracle.domain.models import ModelStage
from alpha_oracle.domain.training import TrainingPlan, TrainingReport, WindowTraining
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.marketdata.schedule import stored_session
from alpha_oracle.research.model_validation import validate
from alpha_oracle.research.windows import Window, plan_windows, train_row_before
from alpha_oracle.strategies import registry as strategies
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.parameters import with_parameters

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.models import ModelRecord
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.forecasting import WindowForecaster
    from alpha_oracle.research.model_validation import Validation
    from alpha_oracle.research.windows import WindowPlan

BY: Final = "train-model"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """A recipe out of sample: what it was found to be worth, and the windows it was judged in."""

    validation: Validation
    window_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A model on record; not new where the same data and settings had made it before."""

    model_id: str
    is_new: bool


def training_plan(
    runtime: Runtime, session: Session | None, *, tuning_trials: int | None, promote: bool
) -> TrainingPlan:
    """Return what a training up to a session (None: the newest one stored) looks at.

    Raises:
        ConfigurationError: the session is none, or none of those stored.
        DataError: no bars are stored, or too few for a window; says how many are wanted.
    """
    span = runtime.market_stores.bars.span()
    if span is None:
        raise DataError("no bars are stored; import or backfill them first")
    last = stored_session(session, span)
    settings = runtime.settings
    plan = TrainingPlan(
        session=last,
        as_of=calendar.decision_instant(last),
        settings=settings.decision_inputs(),
        tuning_trials=settings.ml.tuning_trials if tuning_trials is None else tuning_trials,
        promote=promote and settings.ml.promotion.automatic,
        windows=0,
        note="",
    )
    laid_out = _laid_out(plan, _market(runtime, plan))
    if not laid_out.windows:
        raise DataError(f"{laid_out.note}; import or backfill a longer history")
    return replace(plan, windows=len(laid_out.windows), note=laid_out.note)


def train_window(runtime: Runtime, plan: TrainingPlan, number: int) -> WindowTraining:
    """Have a window's model, from its files or fitted now.

    Raises:
        DataError: its train months are too short or teach nothing; says what is needed.
    """
    market, began = _market(runtime, plan), monotonic()
    window = _laid_out(plan, market).windows[number]
    forecaster_of(runtime, plan).model_of(market, window)
    days = market.sessions
    return WindowTraining(
        number=number,
        train_start=days[window.train_start].item(),
        test_start=days[window.test_start].item(),
        test_end=days[window.test_stop - 1].item(),
        seconds=monotonic() - began,
    )


def judge(runtime: Runtime, plan: TrainingPlan) -> Judgement:
    """Judge the plan's recipe by its forecasts out of sample, and by the trades that follow them.

    Raises:
        DataError: a model could not be trained; says what is needed.
    """
    market, terms = _market(runtime, plan), decision_terms(plan.settings)
    forecaster = forecaster_of(runtime, plan)
    evaluate = partial(
        replace(runtime.evaluator, forecaster=forecaster).evaluate,
        market=market,
        terms=terms.trading,
        months=terms.months,
    )
    strategy = terms.strategy(MLSignalStrategy.name)
    if not isinstance(strategy, InformedStrategy):
        raise TypeError(f"{strategy.name} follows no forecasts")
    traded = evaluate(strategy, grid=terms.grid(strategy.name))
    others = [
        evaluate(terms.strategy(one.name), grid=terms.grid(one.name))
        for one in strategies.all()
        if not isinstance(one, InformedStrategy)
    ]
    validation = validate(
        forecaster.over(market, _laid_out(plan, market)),
        strategy=with_parameters(strategy, **traded.parameters),
        traded=traded,
        others=others,
        terms=terms.trading,
        seed=runtime.settings.ml.seed,
    )
    return Judgement(validation=validation, window_keys=traded.keys)


def register(runtime: Runtime, plan: TrainingPlan, judgement: Judgement) -> Registered:
    """Fit a model on the newest train months and put it on record with its judgement.

    Raises:
        DataError: those months are too short or teach nothing; says what is needed.
        ModelRefused: another model has its id.
    """
    market = _market(runtime, plan)
    model = forecaster_of(runtime, plan).model_of(market, _newest_window(plan, market))
    known = {record.model_id for record in runtime.models.models()}
    record = runtime.registry.register(
        model,
        judgement.validation.figures,
        gate=gate_of(runtime.settings.ml.promotion),
        window_keys=judgement.window_keys,
        trained_at=runtime.clock.now(),
        as_of=plan.as_of,
        code_version=code_version(),
        terms_key=decision_terms(plan.settings).key_of(MLSignalStrategy.name),
    )
    return Registered(model_id=record.model_id, is_new=record.model_id not in known)


def promoted(runtime: Runtime, plan: TrainingPlan, registered: Registered) -> TrainingReport:
    """Make a registered model the active one where the gate and the plan let it.

    A model that was active once and is not any more was rolled back by a person: it stays so.

    Raises:
        ModelRefused: its files are gone, or not those on record.
    """
    verdict = _standing(runtime, plan, registered)
    is_promoted = verdict is None
    if is_promoted:
        try:
            _promote(runtime, registered)
            verdict = f"{registered.model_id} passed the promotion gate and is the active model now"
        except ConfigurationError as error:
            # Another training of the same data was faster, or a person chose another model.
            is_promoted, verdict = False, _standing(runtime, plan, registered) or str(error)
    return TrainingReport(
        model=runtime.models.named(registered.model_id),
        is_new=registered.is_new,
        is_promoted=is_promoted,
        verdict=verdict or "",
    )


def _promote(runtime: Runtime, registered: Registered) -> None:
    runtime.registry.promote(
        registered.model_id,
        gate=gate_of(runtime.settings.ml.promotion),
        by=BY,
        reason="passed the promotion gate",
        at=runtime.clock.now(),
    )


def _standing(runtime: Runtime, plan: TrainingPlan, registered: Registered) -> str | None:
    record = runtime.models.named(registered.model_id)
    refusals = gate_of(runtime.settings.ml.promotion).refusals(record.validation)
    return _obstacle(replace(record, refusals=refusals), plan, active=runtime.models.active())


def _obstacle(record: ModelRecord, plan: TrainingPlan, *, active: ModelRecord | None) -> str | None:
    """Why a model does not become the active one now; None: nothing is in the way."""
    name = record.model_id
    if record.stage is ModelStage.ACTIVE:
        return f"{name} is the active model already: the same data and settings made it before"
    if record.refusals:
        return (
            f"{name} did not prove better than its baseline and is not promoted: "
            f"{'; '.join(record.refusals)}"
        )
    if record.stage is ModelStage.RETIRED:
        return (
            f"{name} was retired and stays so; `alpha-oracle models promote {name}` returns to it"
        )
    if active is not None and active.as_of > record.as_of:
        return (
            f"{name} passed the promotion gate and waits as a candidate, for the active "
            f"{active.model_id} knows later sessions"
        )
    if not plan.promote:
        return (
            f"{name} passed the promotion gate and waits as a candidate; "
            f"`alpha-oracle models promote {name}`"
        )
    return None


def forecaster_of(runtime: Runtime, plan: TrainingPlan) -> WindowForecaster:
    """Return who trains the plan's models; the runtime's own where the recipe is its own."""
    recipe = recipe_of(runtime.settings.ml, tuning_trials=plan.tuning_trials)
    return runtime.forecaster.of_recipe(recipe)


def _market(runtime: Runtime, plan: TrainingPlan) -> MarketPanel:
    return runtime.markets.market(plan.session, as_of=plan.as_of)


def _laid_out(plan: TrainingPlan, market: MarketPanel) -> WindowPlan:
    return plan_windows(market.sessions, decision_terms(plan.settings).months)


def _newest_window(plan: TrainingPlan, market: MarketPanel) -> Window:
    """The newest train months; what comes after them is not there yet."""
    count = len(market.sessions)
    start = train_row_before(market.sessions, count, decision_terms(plan.settings).months)
    return Window(train_start=start, test_start=count, test_stop=count)
