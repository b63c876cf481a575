"""How forecasts fared session by session, and how far the figures of a history can be believed.

The forecasts of one session share its market, and those of neighbouring sessions share the returns
they are about. So sessions are what is resampled, in blocks no shorter than the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from alpha_oracle.domain.models import Interval, ReturnClass
from alpha_oracle.ml.scores import log_losses
from alpha_oracle.research.resampling import (
    FEWEST_RETURNS,
    HISTORIES_AT_ONCE,
    RESAMPLES,
    TAILS_PCT,
    optimal_block,
    resampled,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from alpha_oracle.ml.forecast import Forecast

    Floats = NDArray[np.float64]

FEWEST_SYMBOLS: Final = 3
"""Two symbols are always in perfect order, one way or the other."""

UNKNOWN_INTERVAL: Final = Interval(value=None, low=None, high=None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SessionScores:
    """Sums over the forecasts of each session that had any whose return is known.

    `right` counts those whose likeliest class came, `usual` those of which the likeliest class
    of the baseline came; `losses` and `baseline_losses` are sums of -ln of the probability given
    to what came.
    """

    forecasts: Floats
    right: Floats
    usual: Floats
    losses: Floats
    baseline_losses: Floats


def session_scores(
    told: Forecast, baseline: Forecast, classes: NDArray[np.int8], *, known: NDArray[np.bool_]
) -> SessionScores:
    """Return how the forecasts of the known cells fared, sessions without one left out.

    `classes` are what came and `known` which cells count, `sessions x symbols` of the forecasts.
    """
    rows = np.nonzero(known)[0]
    came = classes[known]
    asked, common = told.probabilities[known], baseline.probabilities[known]

    def summed(values: NDArray[Any]) -> Floats:
        sums: Floats = np.zeros(len(known))
        np.add.at(sums, rows, values)
        return sums[known.any(axis=1)]

    return SessionScores(
        forecasts=summed(np.ones(len(rows))),
        right=summed(asked.argmax(axis=1) == came),
        usual=summed(common.argmax(axis=1) == came),
        losses=summed(log_losses(asked, came)),
        baseline_losses=summed(log_losses(common, came)),
    )


def rank_correlations(told: Forecast, returns: Floats, *, known: NDArray[np.bool_]) -> Floats:
    """Return each session's Spearman correlation of P(UP) - P(DOWN) and the return that followed.

    Of the known cells; sessions with fewer than three of them, or where one side never varies, are
    left out.
    """
    lean = told.probability(ReturnClass.UP) - told.probability(ReturnClass.DOWN)
    lean_rank, return_rank = (_ranked(values, known) for values in (lean, returns))
    spread = np.sqrt((lean_rank**2).sum(axis=1) * (return_rank**2).sum(axis=1))
    counts = (known.sum(axis=1) >= FEWEST_SYMBOLS) & (spread > 0.0)
    correlations: Floats = (lean_rank * return_rank).sum(axis=1)[counts] / spread[counts]
    return correlations


def mean_interval(sums: Floats, counts: Floats, *, horizon: int, seed: int) -> Interval:
    """Return the mean over all that sessions count, with its interval over resampled sessions.

    The stationary bootstrap of `resampling`, blocks of `horizon` sessions at the least. Bounds are
    None for fewer than 20 sessions.
    """
    if not len(sums):
        return UNKNOWN_INTERVAL
    value = float(sums.sum() / counts.sum())
    if len(sums) < FEWEST_RETURNS:
        return Interval(value=value, low=None, high=None)
    block = max(float(horizon), optimal_block(sums / counts))
    means = [
        sums[rows].sum(axis=1) / counts[rows].sum(axis=1)
        for rows in _resampled_rows(len(sums), block=block, seed=seed)
    ]
    low, high = np.percentile(np.concatenate(means), TAILS_PCT)
    return Interval(value=value, low=float(low), high=float(high))


def _ranked(values: NDArray[np.floating], known: NDArray[np.bool_]) -> Floats:
    # Ranks less their mean, 0 where nothing is known: equal values share the mean of theirs.
    rank = pd.DataFrame(np.where(known, values, np.nan)).rank(axis=1).to_numpy()
    middle = (known.sum(axis=1, keepdims=True) + 1) / 2
    return np.where(known, rank - middle, 0.0)


def _resampled_rows(count: int, *, block: float, seed: int) -> Iterator[NDArray[np.int64]]:
    places = np.arange(count, dtype=np.float64)
    for first in range(0, RESAMPLES, HISTORIES_AT_ONCE):
        yield resampled(places, block=block, seed=seed, first=first).astype(np.int64)
