"""A training's steps, each with what a person sees of it."""

from collections.abc import Sequence
from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.bootstrap.training import (
    Judgement,
    Registered,
    judge,
    promoted,
    register,
    train_window,
    training_plan,
)
from alpha_oracle.domain.training import TrainingPlan, TrainingReport, WindowTraining
from tasks.artifacts import ProgressBar
from tasks.training_tables import show_reliability, show_validation, show_verdict, show_windows


@task(cache_policy=NO_CACHE)
def plan_training(
    session: date | None, *, tuning_trials: int | None, promote: bool
) -> TrainingPlan:
    """Decide what the training looks at: the newest stored session unless one is asked for.

    Raises:
        ConfigurationError: the session is none, or none of those stored.
        DataError: too few bars are stored; says how many are wanted.
    """
    with open_runtime() as runtime:
        # What an earlier run of this process read is old.
        runtime.markets.begin(flow_run.id)
        return training_plan(runtime, session, tuning_trials=tuning_trials, promote=promote)


def windows_bar(plan: TrainingPlan) -> ProgressBar:
    """Show a bar of the windows whose models are there; none yet."""
    return ProgressBar.begin(
        "training", total=plan.windows, description=f"Models by window: {plan.note}"
    )


@task(cache_policy=NO_CACHE)
def fit_window(plan: TrainingPlan, number: int, *, progress: ProgressBar) -> WindowTraining:
    """Have the model of a window; one that an interrupted training left is not fitted again.

    Raises:
        DataError: its train months are too short or teach nothing; says what is needed.
    """
    with open_runtime() as runtime:
        trained = train_window(runtime, plan, number)
        progress.show(number + 1, watcher=runtime.progress)
    return trained


@task(cache_policy=NO_CACHE)
def validate_model(plan: TrainingPlan, windows: Sequence[WindowTraining]) -> Judgement:
    """Judge the recipe by its forecasts out of sample, and show how far it can be believed."""
    show_windows(windows)
    with open_runtime() as runtime:
        judgement = judge(runtime, plan)
    show_validation(judgement.validation.figures)
    show_reliability(judgement.validation)
    return judgement


@task(cache_policy=NO_CACHE)
def register_model(plan: TrainingPlan, judgement: Judgement) -> Registered:
    """Fit a model on the newest train months and put it on record with its judgement."""
    with open_runtime() as runtime:
        return register(runtime, plan, judgement)


@task(cache_policy=NO_CACHE)
def promote_model(plan: TrainingPlan, registered: Registered) -> TrainingReport:
    """Make the model the active one where the gate and the settings let it; say what became."""
    with open_runtime() as runtime:
        report = promoted(runtime, plan, registered)
    show_verdict(report)
    return report
