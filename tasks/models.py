"""The model in a daily run: its forecasts, their explanations, and its health."""

from collections.abc import Sequence
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from alpha_oracle.bootstrap.forecasts import explain_signals, forecast_session
from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.bootstrap.watching import Watched, retrain_key, watch
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
            show_warning(f"No ML signals of {run.session}", str(error))
            alert(f":warning: daily-pipeline {run.session}: no ML signals: {error}")
            return ForecastReport(model_id=None, forecasts=0, warning=str(error))
    return ForecastReport(model_id=run.model_id, forecasts=len(predictions))


def explain(runtime: Runtime, run: RunInputs, signals: Sequence[Signal]) -> None:
    """Put on record and show why the signals of the run's model are what they are.

    Where the model cannot be asked any more, that is shown; the signals stand.
    """
    of_model = [signal for signal in signals if signal.strategy == MLSignalStrategy.name]
    if not of_model:
        return
    try:
        explanations = explain_signals(runtime, run, of_model)
    except ModelRefused as error:
        show_warning(f"No explanations of the ML signals of {run.session}", str(error))
    else:
        show_explanations(run.session, of_model, explanations)


@task(cache_policy=NO_CACHE)
def watch_model(run: RunInputs, forecast: ForecastReport) -> ModelHealth | None:
    """Hold the run's model against what came; alert where it passes a bound it kept before.

    By setting, a training follows. None: no model forecast the session, or the one that did
    cannot be watched any more, which is shown and told.
    """
    if forecast.model_id is None:
        return None
    with open_runtime() as runtime:
        try:
            watched = watch(runtime, run)
        except ModelRefused as error:
            show_warning(
                f"Model {forecast.model_id} is not watched after {run.session}", str(error)
            )
            alert(f":warning: daily-pipeline {run.session}: the model is not watched: {error}")
            return None
        following = _following(runtime, run) if watched.new_breaches else ""
    show_health(watched.health)
    if watched.new_breaches:
        alert(_breach_text(watched, following))
    return watched.health


def _following(runtime: Runtime, run: RunInputs) -> str:
    settings = runtime.settings.ml.watch
    if not settings.retrain:
        return "train a new model"
    key = retrain_key(runtime, run.session)
    if key is None:
        return (
            "no training is asked for: the active model's data is not "
            f"{settings.retrain_spacing_days} days old (ml.watch.retrain_spacing_days)"
        )
    return ask_for_training(key)


def ask_for_training(key: str) -> str:
    """Start the deployment that trains, once for a key; say what became of it.

    Nothing here can fail a run: where the server does not do it, that is what is said.
    """
    try:
        run_deployment(TRAINING, timeout=0, as_subflow=False, idempotency_key=key)
    except ObjectNotFound:
        return f"no deployment {TRAINING} was found to train a new model; `alpha-oracle train`"
    except Exception as error:  # noqa: BLE001 - Whatever the server says, the signals are out.
        return f"{TRAINING} could not be started ({error}); `alpha-oracle train`"
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
