"""What was forecast, held against what came once its horizon was over."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.models import ReturnClass
from alpha_oracle.ml.labels import UNKNOWN
from alpha_oracle.ml.scores import expected_calibration_error, log_loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.models import Prediction

FEWEST_BLOCKS: Final = 5
"""Fewer say too little of how much they vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFigures:
    """How forecasts fared that are over; None where there is none.

    `baseline_accuracy` is that of always saying the class that was commonest in training,
    `difference_error` the standard error of `accuracy` less that, None while sessions are too few.
    """

    outcomes: int
    accuracy: float | None
    baseline_accuracy: float | None
    difference_error: float | None
    log_loss: float | None
    calibration_error: float | None


def outcome_figures(
    predictions: Sequence[Prediction],
    classes: NDArray[np.int8],
    *,
    sessions: Sequence[Session],
    symbols: Sequence[Symbol],
    class_shares: Sequence[float],
    horizon: int,
) -> OutcomeFigures:
    """Return how forecasts fared, of those whose outcome is known.

    `classes` are what came, `sessions x symbols`, -1 where unknown; `class_shares` how common each
    was in training. Forecasts of `horizon` sessions in a row share the returns they are about, so
    they vary as one.
    """
    probabilities, came, rows = _matched(
        predictions,
        classes,
        rows={session: row for row, session in enumerate(sessions)},
        columns={symbol: column for column, symbol in enumerate(symbols)},
    )
    right = np.argmax(probabilities, axis=1) == came
    usual = came == np.argmax(class_shares)
    return OutcomeFigures(
        outcomes=len(came),
        accuracy=float(right.mean()) if len(came) else None,
        baseline_accuracy=float(usual.mean()) if len(came) else None,
        difference_error=_error_of_mean(
            right.astype(np.float64) - usual.astype(np.float64), blocks=rows // horizon
        ),
        log_loss=log_loss(probabilities, came),
        calibration_error=expected_calibration_error(probabilities, came),
    )


def _error_of_mean(values: NDArray[np.float64], *, blocks: NDArray[np.intp]) -> float | None:
    # The ratio estimator of clusters of unequal size (Cochran 1977, equation 6.13).
    _, block = np.unique(blocks, return_inverse=True)
    counts = np.bincount(block)
    if len(counts) < FEWEST_BLOCKS:
        return None
    apart = np.bincount(block, values) - values.mean() * counts
    return sqrt(float((apart**2).sum()) * len(counts) / (len(counts) - 1)) / len(values)


def _matched(
    predictions: Sequence[Prediction],
    classes: NDArray[np.int8],
    *,
    rows: Mapping[Session, int],
    columns: Mapping[Symbol, int],
) -> tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.intp]]:
    there = [one for one in predictions if one.session in rows and one.symbol in columns]
    row = np.array([rows[one.session] for one in there], np.intp)
    came = classes[row, np.array([columns[one.symbol] for one in there], np.intp)]
    forecast = np.array([(one.down, one.neutral, one.up) for one in there], np.float64).reshape(
        -1, len(ReturnClass)
    )
    known = came != UNKNOWN
    return forecast[known], came[known], row[known]
