"""A trained model: what it forecasts, why, and which features it insists on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import xgboost

from alpha_oracle.domain.models import Contribution
from alpha_oracle.errors import ModelRefused
from alpha_oracle.ml.forecast import Forecast
from alpha_oracle.ml.samples import feature_blocks, known_somewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.models import FeatureDefinition
    from alpha_oracle.ml.calibration import Calibrator
    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.ml.reference import FeatureReference

    Values = NDArray[np.float32]

MOSTLY_KNOWN: Final = 0.5
NEARLY_UNKNOWN: Final = 0.1


class Defined(Protocol):
    """What has a name and a hash of its definition: a feature, registered or recorded."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def definition_hash(self) -> str:
        """What changes when its formula does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A booster and its calibrator.

    `features` are its inputs in order, `reference` their training distributions in the same
    order, `class_shares` how often each class was the return of a sample of the train window:
    what one would forecast knowing nothing else. Training saw nothing after `train_end`.
    """

    booster: xgboost.Booster
    calibrator: Calibrator
    features: tuple[FeatureDefinition, ...]
    reference: tuple[FeatureReference, ...]
    class_shares: tuple[float, ...]
    recipe: Recipe
    train_start: Session
    train_end: Session

    def forecast(self, values: Mapping[str, Values], *, mask: NDArray[np.bool_]) -> Forecast:
        """Return probabilities of the cells of a mask that have at least one feature.

        `values` are features by name, each `sessions x symbols` as the mask is.

        Raises:
            ModelRefused: a feature is not among the values; names those lacking.
        """
        return self._forecast(values, mask, is_calibrated=True)

    def raw_forecast(self, values: Mapping[str, Values], *, mask: NDArray[np.bool_]) -> Forecast:
        """Return what `forecast` returns, before calibration.

        Raises:
            ModelRefused: a feature is not among the values; names those lacking.
        """
        return self._forecast(values, mask, is_calibrated=False)

    def _forecast(
        self, values: Mapping[str, Values], mask: NDArray[np.bool_], *, is_calibrated: bool
    ) -> Forecast:
        inputs = self._inputs(values)
        forecast = Forecast.nothing(*mask.shape)
        cells = mask & known_somewhere(inputs)
        for sessions, block in feature_blocks(inputs, cells):
            raw = raw_probabilities(self.booster, block)
            told = self.calibrator.calibrate(raw) if is_calibrated else raw
            forecast.probabilities[sessions][cells[sessions]] = told
        return forecast

    def contributions(
        self, values: Mapping[str, Values], *, cells: Sequence[tuple[int, int]], top: int = 5
    ) -> list[tuple[Contribution, ...]]:
        """Return, for each (session row, symbol column), what moved its predicted class most.

        SHAP in log-odds of the class with the highest calibrated probability, as XGBoost computes
        it (Lundberg et al. 2020), largest in size first.

        Raises:
            ModelRefused: a feature is not among the values; names those lacking.
        """
        if not cells:
            return []
        inputs = self._inputs(values)
        at = tuple(np.array(cells).T)
        block = np.column_stack([matrix[at] for matrix in inputs])
        predicted = self.calibrator.calibrate(raw_probabilities(self.booster, block)).argmax(axis=1)
        names = [feature.name for feature in self.features]
        matrix = xgboost.DMatrix(block, feature_names=names, nthread=self.recipe.threads)
        # Samples x classes x (features and, last, the bias).
        shares = self.booster.predict(matrix, pred_contribs=True, strict_shape=True)
        return [
            self._largest(row, share[outcome, :-1], top=top)
            for row, share, outcome in zip(block, shares, predicted, strict=True)
        ]

    def require_features(self, definitions: Iterable[Defined]) -> None:
        """Check that every feature is still defined as it was in training.

        Raises:
            ModelRefused: names those that are gone and those whose definition changed.
        """
        hashes = {defined.name: defined.definition_hash for defined in definitions}
        gone = [feature.name for feature in self.features if feature.name not in hashes]
        changed = [
            feature.name
            for feature in self.features
            if hashes.get(feature.name, feature.definition_hash) != feature.definition_hash
        ]
        parts = [
            f"{what}: {', '.join(names)}"
            for what, names in (("changed", changed), ("gone", gone))
            if names
        ]
        if parts:
            raise ModelRefused(
                f"the model was trained on features as they no longer are ({'; '.join(parts)}); "
                "train a new one"
            )

    def missing_features(
        self, values: Mapping[str, Values], mask: NDArray[np.bool_]
    ) -> tuple[str, ...]:
        """Return features known to half of the training rows or more and now to nearly none.

        Nearly none is less than a tenth of the share that knew it then, of the cells of the mask.
        `values` have the mask's shape, a session's row or `sessions x symbols`.
        """
        if not mask.any():
            return ()
        return tuple(
            feature.name
            for feature in self.features
            if feature.known_fraction >= MOSTLY_KNOWN
            and _known_share(values.get(feature.name), mask)
            < NEARLY_UNKNOWN * feature.known_fraction
        )

    def _inputs(self, values: Mapping[str, Values]) -> list[Values]:
        lacking = [feature.name for feature in self.features if feature.name not in values]
        if lacking:
            raise ModelRefused(f"the model needs features that are not given: {', '.join(lacking)}")
        return [values[feature.name] for feature in self.features]

    def _largest(
        self, row: NDArray[Any], shares: NDArray[Any], *, top: int
    ) -> tuple[Contribution, ...]:
        return tuple(
            Contribution(
                feature=self.features[column].name,
                value=float(row[column]) if np.isfinite(row[column]) else None,
                contribution=float(shares[column]),
            )
            for column in np.argsort(-np.abs(shares), kind="stable")[:top]
        )


def raw_probabilities(booster: xgboost.Booster, block: Values) -> NDArray[np.float32]:
    """Return a booster's own probabilities of rows of features, `samples x classes`."""
    probabilities: NDArray[np.float32] = booster.inplace_predict(block, validate_features=False)
    return probabilities


def _known_share(values: Values | None, mask: NDArray[np.bool_]) -> float:
    return 0.0 if values is None else float(np.isfinite(values[mask]).mean())
