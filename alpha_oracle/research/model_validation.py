"""Whether a recipe for models knows anything: its walk-forward, judged by what came.

Every figure is out of sample, each session counted once, as the newest model trained before it saw
it. Two baselines stand beside: the class frequencies of each train window, which know nothing of
the session, and persistence, which expects the last horizon's class to come again, is sure of it,
and is traded by the same strategy through the same engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.models import Interval, ReturnClass, ValidationFigures
from alpha_oracle.ml.forecast import Forecast
from alpha_oracle.ml.labels import UNKNOWN, classes_of, forward_returns
from alpha_oracle.ml.scores import expected_calibration_error, reliability
from alpha_oracle.research.desk import decide, informed
from alpha_oracle.research.forecast_scores import (
    UNKNOWN_INTERVAL,
    mean_interval,
    rank_correlations,
    session_scores,
)
from alpha_oracle.research.metrics import SESSIONS_A_YEAR, sharpe
from alpha_oracle.research.resampling import resampled_figures
from alpha_oracle.research.walk_forward import walk_forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.ml.scores import ReliabilityBin
    from alpha_oracle.research.forecasting import PlannedForecasts
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.walk_forward import WalkForwardResult
    from alpha_oracle.strategies.base import InformedStrategy

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Validation:
    """A recipe's figures out of sample, and its reliability before calibration and after."""

    figures: ValidationFigures
    raw_bins: tuple[ReliabilityBin, ...]
    bins: tuple[ReliabilityBin, ...]


def validate(
    forecasts: PlannedForecasts,
    *,
    strategy: InformedStrategy,
    traded: WalkForwardResult,
    others: Sequence[WalkForwardResult],
    terms: TradingTerms,
    seed: int,
) -> Validation:
    """Judge the forecasts of a plan by the returns that followed them.

    `traded` is the strategy's own walk-forward over the plan, `others` those of the strategies to
    stand beside. Sharpe ratios are of the sessions from the second window on: in the first one a
    strategy that lives by forecasts has seen none to size its entries by. A forecast of a test
    session counts where its horizon is over within the market.

    Raises:
        DataError: a model could not be trained; says what is needed.
    """
    came = _what_came(forecasts)
    calibrated = forecasts.newest().probabilities[came.known]
    raw = forecasts.newest(is_calibrated=False).probabilities[came.known]
    classes = came.classes[came.known]
    start = _second_test(forecasts)
    own, baseline = (
        _returns(one, start) for one in (traded, _persistent(forecasts, strategy, terms=terms))
    )
    figures = replace(
        _figures_of_forecasts(forecasts, came, seed=seed),
        raw_calibration_error=expected_calibration_error(raw, classes),
        calibration_error=expected_calibration_error(calibrated, classes),
        trades=len(traded.trades.symbol),
        sharpe=_sharpe_interval(own, seed=seed),
        # Cash that nobody spent earned nothing at no risk: a bar to beat, and no unknown one.
        baseline_sharpe=sharpe(baseline) or 0.0 if len(baseline) else None,
        advantage=mean_interval(
            (own - baseline) * SESSIONS_A_YEAR,
            np.ones(len(own)),
            horizon=forecasts.forecaster.recipe.horizon_sessions,
            seed=seed,
        ),
        other_sharpes={one.strategy: sharpe(_returns(one, start)) for one in others},
    )
    return Validation(
        figures=figures,
        raw_bins=reliability(raw, classes),
        bins=reliability(calibrated, classes),
    )


def persistence(forecasts: PlannedForecasts) -> Forecast:
    """Return the forecast that each member's last horizon repeats itself, as if it were certain.

    From the first test session on, as the models' own; NaN where the last return is unknown.
    """
    recipe, market = forecasts.forecaster.recipe, forecasts.market
    horizon = recipe.horizon_sessions
    last = np.full(market.close.shape, np.nan)
    last[horizon:] = forward_returns(market.close, horizon=horizon)[:-horizon]
    classes = _classes(last, recipe)
    said = (classes != UNKNOWN) & market.is_member
    said[: _tests(forecasts).start] = False
    told = Forecast.nothing(*classes.shape)
    told.probabilities[said] = np.eye(len(ReturnClass), dtype=np.float32)[classes[said]]
    return told


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Outcomes:
    """What came of a market's sessions; `known` where a test session's forecast can be judged."""

    returns: Floats
    classes: NDArray[np.int8]
    known: NDArray[np.bool_]


def _what_came(forecasts: PlannedForecasts) -> _Outcomes:
    recipe, market = forecasts.forecaster.recipe, forecasts.market
    returns = forward_returns(market.close, horizon=recipe.horizon_sessions)
    classes = _classes(returns, recipe)
    known = np.isfinite(forecasts.newest().probabilities).all(axis=2) & (classes != UNKNOWN)
    known[_tests(forecasts).stop :] = False
    return _Outcomes(returns=returns, classes=classes, known=known)


def _figures_of_forecasts(
    forecasts: PlannedForecasts, came: _Outcomes, *, seed: int
) -> ValidationFigures:
    told, horizon = forecasts.newest(), forecasts.forecaster.recipe.horizon_sessions
    scores = session_scores(told, forecasts.uninformed(), came.classes, known=came.known)
    correlations = rank_correlations(told, came.returns, known=came.known)
    mean = partial(mean_interval, horizon=horizon, seed=seed)
    count, losses, baseline = scores.forecasts, scores.losses, scores.baseline_losses
    return ValidationFigures(
        windows=len(forecasts.plan.windows),
        sessions=len(count),
        forecasts=int(count.sum()),
        accuracy=mean(scores.right, count),
        baseline_accuracy=mean(scores.usual, count).value,
        log_loss=mean(losses, count).value,
        baseline_log_loss=mean(baseline, count).value,
        log_loss_skill=mean(baseline - losses, baseline),
        rank_correlation=mean(correlations, np.ones(len(correlations))),
        raw_calibration_error=None,
        calibration_error=None,
        trades=0,
        sharpe=UNKNOWN_INTERVAL,
        baseline_sharpe=None,
        advantage=UNKNOWN_INTERVAL,
        other_sharpes={},
    )


def _classes(returns: Floats, recipe: Recipe) -> NDArray[np.int8]:
    return classes_of(returns, up=recipe.up_threshold_fraction, down=recipe.down_threshold_fraction)


def _tests(forecasts: PlannedForecasts) -> slice:
    windows, count = forecasts.plan.windows, len(forecasts.market.sessions)
    return slice(windows[0].test_start, windows[-1].test_stop) if windows else slice(count, count)


def _second_test(forecasts: PlannedForecasts) -> np.datetime64 | None:
    windows = forecasts.plan.windows[1:]
    return forecasts.market.sessions[windows[0].test_start] if windows else None


def _returns(result: WalkForwardResult, start: np.datetime64 | None) -> Floats:
    record = result.record
    return record.returns[:0] if start is None else record.returns[record.sessions >= start]


def _sharpe_interval(returns: Floats, *, seed: int) -> Interval:
    interval = resampled_figures(returns, seed=seed).sharpe
    return Interval(
        value=sharpe(returns),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )


def _persistent(
    forecasts: PlannedForecasts, strategy: InformedStrategy, *, terms: TradingTerms
) -> WalkForwardResult:
    persistent = informed(strategy, persistence(forecasts))
    wishes = decide(persistent, forecasts.market, features=forecasts.forecaster.features)
    return walk_forward(
        wishes, forecasts.market, strategy=persistent, terms=terms, plan=forecasts.plan
    )
