"""From a booster's scores to probabilities that mean what they say.

scikit-learn fits the calibrator on a hold-out that is later than all the booster saw, one class
against the rest (Zadrozny & Elkan 2002); what it learnt is read out into plain numbers, and
`Calibrator.calibrate` gives bit by bit what its `predict_proba` gives.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

from alpha_oracle.domain.models import ReturnClass
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HIGHEST_ROUNDING: Final = 1e-5
"""How far above 1 scikit-learn takes a probability for 1."""


class CalibrationMethod(StrEnum):
    """How scores become probabilities."""

    ISOTONIC = "isotonic"
    SIGMOID = "sigmoid"


@dataclass(frozen=True, slots=True, kw_only=True)
class IsotonicCurve:
    """A curve that never falls, through thresholds: linear between them, level beyond them."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def of(self, scores: Floats) -> Floats:
        """Return the probability of each score."""
        return np.interp(scores, self.scores, self.probabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigmoidCurve:
    """Platt's curve: 1 / (1 + exp(slope * score + intercept))."""

    slope: float
    intercept: float

    def of(self, scores: Floats) -> Floats:
        """Return the probability of each score."""
        probabilities: Floats = expit(-(self.slope * scores + self.intercept))
        return probabilities


Curve: TypeAlias = IsotonicCurve | SigmoidCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """One curve a class, in the order of `ReturnClass`."""

    method: CalibrationMethod
    curves: tuple[Curve, ...]

    def calibrate(self, raw: NDArray[Any]) -> Floats:
        """Return probabilities, `samples x classes`, of a booster's, each row of sum 1.

        Where every curve says 0, all classes are equally likely.
        """
        scores = np.asarray(raw, np.float64)
        columns = [curve.of(scores[:, column]) for column, curve in enumerate(self.curves)]
        apart = np.column_stack(columns)
        total = apart.sum(axis=1, keepdims=True)
        even = np.full_like(apart, 1 / len(self.curves))
        probabilities: Floats = np.divide(apart, total, out=even, where=total != 0.0)
        probabilities[(probabilities > 1.0) & (probabilities <= 1.0 + HIGHEST_ROUNDING)] = 1.0
        return probabilities


class GivenProbabilities(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Takes a booster's probabilities for samples and returns them as its own."""

    def __init__(self) -> None:
        self.classes_ = np.array(ReturnClass)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, *_: object) -> GivenProbabilities:
        """Learn nothing."""
        return self

    def predict_proba(self, given: Floats) -> Floats:
        """Return the probabilities given."""
        return given

    def predict(self, given: Floats) -> NDArray[np.int64]:
        """Return the likeliest class."""
        likeliest: NDArray[np.int64] = self.classes_[given.argmax(axis=1)]
        return likeliest


def fit_calibrator(
    raw: NDArray[Any], classes: NDArray[np.int8], *, weights: Floats, isotonic_min_samples: float
) -> Calibrator:
    """Return a calibrator of a hold-out's raw probabilities, `samples x classes`.

    Isotonic where the weights, average uniqueness each, come to `isotonic_min_samples` or more:
    with fewer samples a curve of any shape would follow their noise.

    Raises:
        DataError: the hold-out lacks a class; names it.
    """
    require_every_class(classes, part="calibrates")
    is_enough = weights.sum() >= isotonic_min_samples
    method = CalibrationMethod.ISOTONIC if is_enough else CalibrationMethod.SIGMOID
    fitted = fit_reference(raw, classes, weights=weights, method=method)
    parts = fitted.calibrated_classifiers_[0].calibrators
    return Calibrator(method=method, curves=tuple(map(_curve, parts)))


def fit_reference(
    raw: NDArray[Any],
    classes: NDArray[np.int8],
    *,
    weights: Floats,
    method: CalibrationMethod,
) -> CalibratedClassifierCV:
    """Return scikit-learn's own calibrated classifier of raw probabilities."""
    scores = np.asarray(raw, np.float64)
    everything = np.arange(len(scores))
    # What is frozen learns nothing, so the one "fold" is all samples.
    calibrated = CalibratedClassifierCV(
        FrozenEstimator(GivenProbabilities()), method=method.value, cv=[(everything, everything)]
    )
    with warnings.catch_warnings():
        # The weights are to reach the calibrator alone; there is nothing else to fit.
        warnings.filterwarnings("ignore", "Since FrozenEstimator does not appear to accept")
        return calibrated.fit(scores, classes, sample_weight=weights)


def require_every_class(classes: NDArray[np.int8], *, part: str) -> None:
    """Refuse samples among which a class never occurs.

    Raises:
        DataError: names the classes.
    """
    counts = np.bincount(classes, minlength=len(ReturnClass))
    absent = [outcome.name for outcome in ReturnClass if not counts[outcome]]
    if absent:
        raise DataError(
            f"no return was {' or '.join(absent)} in the part of the train window that {part} "
            f"the model ({len(classes)} samples): a longer window or more symbols are needed"
        )


def _curve(part: IsotonicRegression | BaseEstimator) -> Curve:
    if isinstance(part, IsotonicRegression):
        return IsotonicCurve(
            scores=tuple(part.X_thresholds_.tolist()),
            probabilities=tuple(part.y_thresholds_.tolist()),
        )
    return SigmoidCurve(slope=float(part.a_), intercept=float(part.b_))
