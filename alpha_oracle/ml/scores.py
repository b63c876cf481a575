"""How good probabilities were once the returns are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PROBABILITY: Final = float(np.finfo(np.float32).eps)
"""What the log loss takes an impossible class for, as scikit-learn does of float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Forecasts of about one confidence: how many, how sure on average, how often right.

    `low` and `high` bound the confidence; `confidence` and `accuracy` are None of none.
    """

    low: float
    high: float
    forecasts: int
    confidence: float | None
    accuracy: float | None


def log_loss(
    probabilities: NDArray[Any],
    classes: NDArray[np.int8],
    weights: NDArray[np.float64] | None = None,
) -> float | None:
    """Return the mean of -ln of the probability given to what happened; None of nothing.

    `probabilities` are `samples x classes`, `classes` known.
    """
    if not len(classes):
        return None
    return float(np.average(log_losses(probabilities, classes), weights=weights))


def log_losses(probabilities: NDArray[Any], classes: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return each sample's -ln of the probability given to what happened."""
    given = probabilities[np.arange(len(classes)), classes].astype(np.float64)
    losses: NDArray[np.float64] = -np.log(np.clip(given, LEAST_PROBABILITY, 1.0))
    return losses


def expected_calibration_error(
    probabilities: NDArray[Any], classes: NDArray[np.int8], *, bins: int = 15
) -> float | None:
    """Return how far confidence lies from accuracy, over bins by their forecasts; None of none.

    Confidence is the probability of the predicted class (Guo et al. 2017, equation 3).
    """
    if not len(classes):
        return None
    apart = sum(
        row.forecasts * abs(row.confidence - row.accuracy)
        for row in reliability(probabilities, classes, bins=bins)
        if row.confidence is not None and row.accuracy is not None
    )
    return apart / len(classes)


def reliability(
    probabilities: NDArray[Any], classes: NDArray[np.int8], *, bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Return the predicted class's confidence beside its accuracy, in equally wide bins of 0 to 1.

    A bin holds its upper bound. Of equally probable classes the lower one is predicted.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == classes
    edges = np.linspace(0.0, 1.0, bins + 1)
    number = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(number, minlength=bins)
    sure = np.bincount(number, confidence, minlength=bins)
    right = np.bincount(number, is_right, minlength=bins)
    return tuple(
        ReliabilityBin(
            low=float(edges[row]),
            high=float(edges[row + 1]),
            forecasts=int(count[row]),
            confidence=float(sure[row] / count[row]) if count[row] else None,
            accuracy=float(right[row] / count[row]) if count[row] else None,
        )
        for row in range(bins)
    )
