"""A model watched after each session: what it is given now, and its forecasts that are over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.bootstrap.forecasts import model_in_use
from alpha_oracle.bootstrap.models import age_of
from alpha_oracle.ml.drift import feature_drift
from alpha_oracle.ml.health import WatchBounds, health_of, new_breaches
from alpha_oracle.ml.labels import classes_of, forward_returns
from alpha_oracle.ml.outcomes import outcome_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.bootstrap.forecasts import ModelInUse
    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.config_sections import WatchSettings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.models import FeatureDrift, ModelHealth, ModelRecord, Prediction
    from alpha_oracle.domain.runs import RunInputs
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.outcomes import OutcomeFigures


LABELS: Final = ("horizon_sessions", "up_threshold_fraction", "down_threshold_fraction")
"""What says which return is foretold."""

LONGEST_LINE: Final = 60
"""A year of weekly models, and more than any window reaches back."""


ATTEMPTS: Final = 10
"""How many models a session is watched with at most, when it is run again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model's health after a session, and what of its breaches is new since the last one."""

    health: ModelHealth
    new_breaches: tuple[str, ...]


def watch(runtime: Runtime, run: RunInputs) -> Watched:
    """Hold a run's model against what came, and put its health on record.

    Raises:
        ModelRefused: it may not be used on the session, so there is nothing to watch.
    """
    use, settings = model_in_use(runtime, run), runtime.settings.ml.watch
    market = runtime.markets.market(run.session, as_of=run.as_of)
    health = health_of(
        use.record.model_id,
        run.session,
        features=_drift(runtime, use, market, settings),
        reference=use.model.reference,
        outcomes=_outcomes(runtime, use, market, settings),
        bounds=_bounds(settings),
    )
    told = _told(runtime, health)
    runtime.health.save(health, at=runtime.clock.now())
    return Watched(health=health, new_breaches=new_breaches(health, told))


def retrain_key(runtime: Runtime, session: Session) -> str | None:
    """Return what stands for the training that a breach after a session asks for.

    One training is asked for in `ml.watch.retrain_spacing_days`, counted from where the active
    model's data ends. None: the first of these spans is not over, so another would learn the same.
    """
    active = runtime.models.active()
    if active is None:
        return f"retrain {session}"
    spans = age_of(active, session).days // runtime.settings.ml.watch.retrain_spacing_days
    return f"retrain {active.model_id} {spans}" if spans > 0 else None


def _told(runtime: Runtime, health: ModelHealth) -> ModelHealth:
    """What stood after the session before, whichever model, and what this session was told."""
    history, session = runtime.health.history, health.session
    before = history(until=session - timedelta(days=1), limit=1)
    attempts = [one for one in history(until=session, limit=ATTEMPTS) if one.session == session]
    breaches = (breach for one in (*before, *attempts) for breach in one.breaches)
    return replace(health, breaches=tuple(breaches))


def _bounds(settings: WatchSettings) -> WatchBounds:
    return WatchBounds(
        max_psi=settings.max_psi,
        max_ks=settings.max_ks,
        max_calibration_error=settings.max_calibration_error,
        min_accuracy_margin=settings.min_accuracy_margin,
        min_outcomes=settings.min_outcomes,
    )


def _drift(
    runtime: Runtime, use: ModelInUse, market: MarketPanel, settings: WatchSettings
) -> tuple[FeatureDrift, ...]:
    recent = settings.recent_sessions
    first = market.sessions[-recent:][0].item()
    values = runtime.features.compute(market, use.features, first=first)
    cells = market.is_member[-recent:] & np.isfinite(market.close[-recent:])
    return feature_drift(use.model.reference, values, cells)


def _outcomes(
    runtime: Runtime, use: ModelInUse, market: MarketPanel, settings: WatchSettings
) -> OutcomeFigures:
    recipe = use.model.recipe
    # The window of those that are over; the newest of them began a horizon ago.
    rows = settings.window_sessions + recipe.horizon_sessions
    sessions = market.sessions[-rows:].tolist()
    returns = forward_returns(market.close[-rows:], horizon=recipe.horizon_sessions)
    return outcome_figures(
        forecasts_on_record(runtime, use.record, start=sessions[0], end=sessions[-1]),
        classes_of(returns, up=recipe.up_threshold_fraction, down=recipe.down_threshold_fraction),
        sessions=sessions,
        symbols=market.symbols,
        class_shares=use.model.class_shares,
        horizon=recipe.horizon_sessions,
    )


def forecasts_on_record(
    runtime: Runtime, record: ModelRecord, *, start: Session, end: Session
) -> list[Prediction]:
    """Return forecasts of a model and, of sessions it did not forecast, of those before it.

    A model that is trained anew each week has hardly a forecast whose horizon is over; those it
    replaced were made by the same recipe. One of another horizon or threshold foretold something
    else and ends the line.
    """
    found: list[Prediction] = []
    for one in _line(runtime, record):
        told = {prediction.session for prediction in found}
        found += [
            prediction
            for prediction in runtime.predictions.predictions(
                model_id=one.model_id, start=start, end=end
            )
            if prediction.session not in told
        ]
    return found


def _line(runtime: Runtime, record: ModelRecord) -> Iterator[ModelRecord]:
    current, seen = record, set[str]()
    while current.model_id not in seen and _foretells_same(current, record):
        yield current
        seen.add(current.model_id)
        if current.predecessor is None or len(seen) == LONGEST_LINE:
            return
        current = runtime.models.named(current.predecessor)


def _foretells_same(one: ModelRecord, other: ModelRecord) -> bool:
    return all(one.parameters.get(name) == other.parameters.get(name) for name in LABELS)
