"""A model trained on what is stored, judged out of sample, registered, and promoted if it may."""

from datetime import date
from typing import Annotated

from prefect import flow
from pydantic import Field

from alpha_oracle.domain.training import TrainingReport
from tasks.alerts import report_failure
from tasks.training import (
    fit_window,
    plan_training,
    promote_model,
    register_model,
    validate_model,
    windows_bar,
)

Trials = Annotated[int, Field(ge=0, le=1_000)]


@flow(name="train-model", on_failure=[report_failure], on_crashed=[report_failure])
def train_model(
    session: date | None = None, *, tuning_trials: Trials | None = None, promote: bool = True
) -> TrainingReport:
    """Train a model on everything known at a session's decision.

    Its recipe is walked forward window by window, each by a model of that window alone; models that
    are there from a training that was interrupted are not fitted again. The newest train months
    then teach the model that is registered. It becomes the active one where it passes the promotion
    gate and settings let it.

    Args:
        session: the last session looked at; none means the newest one stored.
        tuning_trials: boosters that Optuna tries inside each train window; none means the setting.
        promote: whether a model that passes the gate may become the active one.
    """
    plan = plan_training(session, tuning_trials=tuning_trials, promote=promote)
    progress = windows_bar(plan)
    windows = [fit_window(plan, number, progress=progress) for number in range(plan.windows)]
    judged = validate_model(plan, windows)
    registered = register_model(plan, judged)
    return promote_model(plan, registered)
