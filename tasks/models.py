"""The model in a daily run: its forecasts, their explanations, and its health."""

from collections.abc import Sequence
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from alpha_oracle.bootstrap.forecasts import explain_signals, forecast_session
from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.bootstrap.watching import Watched, watch
from alpha_oracle.domain.models import ModelHealth
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.domain.signals import Signal
from alpha_oracle.domain.training import ForecastReport
from alpha_oracle.errors import ModelRefused
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from tasks.alerts import alert
from tasks.model_tables import show_explanations, show_health, show_warning

TRAINING: Final = "train-model/train"

TOLD: Final = 10
"""Breaches an alert names; of more it says how many."""


@task(cache_policy=NO_CACHE)
def forecast_returns(run: RunInputs) -> ForecastReport:
    """Forecast the session by the run's model; where it may not, say so and go on without."""
    with open_runtime() as runtime:
        try:
            predictions = forecast_session(runtime, run)
        except ModelRefused as error:
            show_warning(run.session, str(error))
            alert(f":warning: daily-pipeline {run.session}: no ML signals: {error}")
            return ForecastReport(model_id=None, forecasts=0, warning=str(error))
    return ForecastReport(model_id=run.model_id, forecasts=len(predictions))


def explain(runtime: Runtime, run: RunInputs, signals: Sequence[Signal]) -> None:
    """Put on record and show why the signals of the run's model are what they are."""
    of_model = [signal for signal in signals if signal.strategy == MLSignalStrategy.name]
    if of_model:
        show_explanations(run.session, of_model, explain_signals(runtime, run, of_model))


@task(cache_policy=NO_CACHE)
def watch_model(run: RunInputs, forecast: ForecastReport) -> ModelHealth | None:
    """Hold the run's model against what came; alert where it passes a bound it kept before.

    By setting, a training follows. None: no model forecast the session.
    """
    if forecast.model_id is None:
        return None
    with open_runtime() as runtime:
        watched = watch(runtime, run)
        is_retrained = runtime.settings.ml.watch.retrain
    show_health(watched.health)
    if watched.new_breaches:
        following = _retrain(watched.health) if is_retrained else "train a new model"
        alert(_breach_text(watched, following))
    return watched.health


def _retrain(health: ModelHealth) -> str:
    try:
        run_deployment(
            TRAINING,
            timeout=0,
            as_subflow=False,
            # However often this session is run again, its model is trained anew once.
            idempotency_key=f"retrain {health.model_id} {health.session}",
        )
    except ObjectNotFound:
        return f"no deployment {TRAINING} was found to train a new model; `alpha-oracle train`"
    return f"a run of {TRAINING} trains a new model"


def _breach_text(watched: Watched, following: str) -> str:
    health, more = watched.health, len(watched.new_breaches) > TOLD
    return "\n".join(
        (
            f":warning: model {health.model_id} after {health.session}:",
            *watched.new_breaches[:TOLD],
            *([f"and {len(watched.new_breaches) - TOLD} more"] if more else []),
            f"Next: {following}",
        )
    )
