"""A session's forecasts by the model of its run, and why the signals that follow are what they are.

A model that is absent, altered, stale, of the future or short of its features is refused, with
what to do; the run then goes on without its signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.models import age_of
from alpha_oracle.domain.models import Prediction, ReturnClass, SignalExplanation
from alpha_oracle.domain.signals import Direction
from alpha_oracle.errors import ModelRefused
from alpha_oracle.features import registry as features
from alpha_oracle.ml.forecast import Forecast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.models import ModelRecord
    from alpha_oracle.domain.runs import RunInputs
    from alpha_oracle.domain.signals import Signal
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.model import Model
    from alpha_oracle.research.walk_forward import WalkForwardResult
    from alpha_oracle.strategies.base import Strategy

EXPLAINED_BY: Final = 5
"""Features an explanation names."""

NO_MODEL: Final = "no model was active when this session was first run"
HOW_TO_HAVE_ONE: Final = (
    "`alpha-oracle train` trains one, then run the session again with `--force --current-settings`"
)

NAMED: Final = 10
"""Missing features a refusal names; of more it says how many."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelInUse:
    """A model that may forecast a session."""

    record: ModelRecord
    model: Model

    @property
    def features(self) -> tuple[str, ...]:
        """The names of what it reads."""
        return tuple(feature.name for feature in self.model.features)


def model_in_use(runtime: Runtime, run: RunInputs) -> ModelInUse:
    """Return a run's model, checked: its files are whole, its features as they were, its age right.

    Raises:
        ModelRefused: it may not forecast this session; says why and what to do.
    """
    if run.model_id is None:
        raise ModelRefused(f"{NO_MODEL}; {HOW_TO_HAVE_ONE}")
    record = runtime.models.named(run.model_id)
    _require_age(record, run)
    model = runtime.registry.load(record)
    model.require_features(features.all())
    return ModelInUse(record=record, model=model)


def knows_later(record: ModelRecord, run: RunInputs) -> bool:
    """Return whether a model was taught what came after a run's session, however late it runs."""
    decided = min(run.as_of, calendar.decision_instant(run.session))
    return record.train_end > run.session or record.as_of > decided


def forecast_session(runtime: Runtime, run: RunInputs) -> list[Prediction]:
    """Forecast a run's session by its model and put the forecasts on record.

    Raises:
        ModelRefused: the model may not forecast it; says why and what to do.
    """
    use = model_in_use(runtime, run)
    market = runtime.markets.market(run.session, as_of=run.as_of)
    values = _session_values(runtime, run, market, names=use.features)
    listed = market.is_member[-1:] & np.isfinite(market.close[-1:])
    _require_known(use, use.model.missing_features(values, listed))
    forecast = use.model.forecast(values, mask=listed)
    predictions = [
        Prediction(
            session=run.session,
            symbol=market.symbols[column],
            model_id=use.record.model_id,
            **{
                outcome.name.lower(): float(forecast.probabilities[0, column, outcome])
                for outcome in ReturnClass
            },
        )
        for column in np.flatnonzero(np.isfinite(forecast.probabilities[0]).all(axis=1)).tolist()
    ]
    runtime.predictions.save(predictions, at=runtime.clock.now())
    return predictions


def recorded_forecast(runtime: Runtime, run: RunInputs, model_id: str | None) -> Forecast:
    """Return what is on record of a session's forecasts by a model, over the run's market.

    None: nothing is forecast.
    """
    market = runtime.markets.market(run.session, as_of=run.as_of)
    forecast = Forecast.nothing(*market.is_member.shape)
    if model_id is None:
        return forecast
    columns = {symbol: column for column, symbol in enumerate(market.symbols)}
    for one in runtime.predictions.predictions(
        model_id=model_id, start=run.session, end=run.session
    ):
        if one.symbol in columns:
            told = (one.down, one.neutral, one.up)
            forecast.probabilities[-1, columns[one.symbol]] = told
    return forecast


def walk_forward_of_model(
    runtime: Runtime, run: RunInputs, strategy: Strategy
) -> WalkForwardResult:
    """Return a strategy that models inform as the run's model was judged: nothing is trained.

    Where other settings held then, or it was taught what came later, there are no windows, and the
    note says so.
    """
    recalled = partial(runtime.evaluator.recalled, strategy.name, until=run.session)
    if run.model_id is None:
        return recalled((), note=f"{NO_MODEL}, so nothing is forecast; {HOW_TO_HAVE_ONE}")
    record = runtime.models.named(run.model_id)
    if knows_later(record, run):
        return recalled((), note=f"{record.model_id} was judged by what came after {run.session}")
    if record.terms_key != decision_terms(run.settings).key_of(strategy.name):
        note = f"{record.model_id} was validated under other settings; train again"
        return recalled((), note=note)
    return recalled(record.window_keys, note=f"the windows that {record.model_id} was judged in")


def explain_signals(
    runtime: Runtime, run: RunInputs, signals: Sequence[Signal]
) -> list[SignalExplanation]:
    """Explain signals of a run's model, put the explanations on record and return them.

    A FLAT one, which no forecast asked for, and one of a symbol not forecast have none.

    Raises:
        ModelRefused: the model may not be used; says why.
    """
    use = model_in_use(runtime, run)
    market = runtime.markets.market(run.session, as_of=run.as_of)
    values = _session_values(runtime, run, market, names=use.features)
    columns = {symbol: column for column, symbol in enumerate(market.symbols)}
    forecast = recorded_forecast(runtime, run, use.record.model_id).probabilities[-1]
    told = [
        one
        for one in signals
        if one.direction is not Direction.FLAT and np.isfinite(forecast[columns[one.symbol]]).all()
    ]
    contributions = use.model.contributions(
        values, cells=[(0, columns[one.symbol]) for one in told], top=EXPLAINED_BY
    )
    explanations = [
        SignalExplanation(
            signal_id=signal.signal_id,
            model_id=use.record.model_id,
            forecast=ReturnClass(int(forecast[columns[signal.symbol]].argmax())),
            confidence=float(forecast[columns[signal.symbol]].max()),
            contributions=largest,
        )
        for signal, largest in zip(told, contributions, strict=True)
    ]
    runtime.explanations.save(explanations)
    return explanations


def _session_values(
    runtime: Runtime, run: RunInputs, market: MarketPanel, *, names: Sequence[str]
) -> Mapping[str, NDArray[np.float32]]:
    """The session's features, one row."""
    return runtime.features.compute(market, names, first=run.session)


def _require_age(record: ModelRecord, run: RunInputs) -> None:
    if knows_later(record, run):
        raise ModelRefused(
            f"the model {record.model_id} was taught sessions to {record.train_end} by what was "
            f"known at {record.as_of.isoformat()}, after the session {run.session} was decided; "
            "its forecasts would be no forecasts"
        )
    age = age_of(record, run.session)
    longest = decision_terms(run.settings).max_model_age
    if age > longest:
        raise ModelRefused(
            f"the model {record.model_id} is stale: its data ends {age.days} days before the "
            f"session, {longest.days} at most; train a new one"
        )


def _require_known(use: ModelInUse, missing: Sequence[str]) -> None:
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise ModelRefused(
            f"the model {use.record.model_id} lacks features it was trained with: "
            f"{', '.join(missing[:NAMED])}{more}; see `alpha-oracle reference status`"
        )
