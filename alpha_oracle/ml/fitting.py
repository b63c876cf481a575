"""A recipe and a train window become a model. Nothing after the window has a say in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.models import FeatureDefinition, ReturnClass
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.features import registry
from alpha_oracle.ml.boosting import grow, prepare
from alpha_oracle.ml.calibration import fit_calibrator, require_every_class
from alpha_oracle.ml.model import Model, raw_probabilities
from alpha_oracle.ml.reference import reference_of, training_slices
from alpha_oracle.ml.samples import feature_blocks, samples_of
from alpha_oracle.ml.scores import expected_calibration_error, log_loss
from alpha_oracle.ml.splits import split_window
from alpha_oracle.ml.tuning import tuned_terms
from alpha_oracle.ml.weights import class_factors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xgboost
    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.boosting import Grown
    from alpha_oracle.ml.calibration import CalibrationMethod, Calibrator
    from alpha_oracle.ml.recipe import BoosterTerms, Recipe
    from alpha_oracle.ml.reference import FeatureReference
    from alpha_oracle.ml.samples import Samples
    from alpha_oracle.ml.splits import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """How a fit went.

    `rounds` trees a class were kept, grown by `terms`. Samples are of each part;
    `effective_samples` is the sum of the calibration hold-out's average uniqueness.
    `stopping_log_loss` weighs classes alike, as the booster does. The figures of the calibration
    hold-out weigh by uniqueness (log loss) or not at all (calibration error): raw ones are out of
    sample, calibrated ones are of the very samples that taught the calibrator.
    """

    terms: BoosterTerms
    rounds: int
    fit_samples: int
    stopping_samples: int
    calibration_samples: int
    effective_samples: float
    method: CalibrationMethod
    stopping_log_loss: float
    raw_log_loss: float | None
    calibrated_log_loss: float | None
    raw_calibration_error: float | None
    calibrated_calibration_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A model and how it came about."""

    model: Model
    report: FitReport


def fit(
    recipe: Recipe,
    panel: MarketPanel,
    values: Mapping[str, NDArray[np.float32]],
    *,
    start: int,
    stop: int,
) -> Fitted:
    """Return a model of the train window, rows [start, stop) of the panel.

    `values` are the recipe's features by name, `sessions x symbols` of the panel. Labels end
    within the window. The same rows give the same bytes, whatever follows them. A feature that
    none of the samples to learn from has is left out.

    Raises:
        ConfigurationError: the recipe has no features, or one that is not registered.
        DataError: the window is too short, or a part of it has no sample of some class.
    """
    _require_features(recipe)
    split = split_window(0, stop - start, horizon=recipe.horizon_sessions)
    samples = samples_of(recipe, panel, values, split=split, window=slice(start, stop))
    require_every_class(samples.between(split.fit).used_classes, part="teaches")
    reference = _references(samples, teaching=samples.between(split.fit))
    samples = samples.of_features([feature.name for feature in reference])
    terms = tuned_terms(recipe, samples, split.fit) if recipe.tuning_trials else recipe.booster
    grown = _grown(recipe, samples, split, terms)
    held_out = samples.between(split.calibration)
    raw = _raw(grown.booster, held_out)
    calibrator = fit_calibrator(
        raw,
        held_out.used_classes,
        weights=held_out.used_uniqueness,
        isotonic_min_samples=recipe.isotonic_min_samples,
    )
    model = Model(
        booster=grown.booster,
        calibrator=calibrator,
        features=_definitions(reference),
        reference=reference,
        class_shares=_shares(samples.used_classes),
        recipe=recipe,
        train_start=panel.sessions[start].item(),
        train_end=panel.sessions[stop - 1].item(),
    )
    report = _report(grown, terms, samples, split=split, raw=raw, calibrator=calibrator)
    return Fitted(model=model, report=report)


def _require_features(recipe: Recipe) -> None:
    # Asked before minutes of growing trees, not after.
    if not registry.named(recipe.features):
        raise ConfigurationError("the recipe names no features; a model learns from at least one")


def _references(samples: Samples, *, teaching: Samples) -> tuple[FeatureReference, ...]:
    # Of the whole window, hold-outs included; what the trees never saw is no feature of theirs.
    slices = training_slices(samples.is_used)
    known = tuple(
        reference_of(name, samples.values[name], samples.is_used, slices=slices)
        for name, matrix in teaching.values.items()
        if not np.isnan(matrix[teaching.is_used]).all()
    )
    if not known:
        raise DataError("no sample of the train window has a feature; nothing can be learnt")
    return known


def _definitions(reference: tuple[FeatureReference, ...]) -> tuple[FeatureDefinition, ...]:
    features = registry.named(part.name for part in reference)
    return tuple(
        FeatureDefinition(
            name=feature.name,
            definition_hash=feature.definition_hash,
            known_fraction=part.known_fraction,
        )
        for feature, part in zip(features, reference, strict=True)
    )


def _grown(recipe: Recipe, samples: Samples, split: Split, terms: BoosterTerms) -> Grown:
    fit_part, stopping = samples.between(split.fit), samples.between(split.stopping)
    require_every_class(stopping.used_classes, part="stops")
    factors = class_factors(fit_part.used_classes, fit_part.used_uniqueness)
    prepared = prepare(
        fit_part, stopping, factors=factors, max_bin=terms.max_bin, threads=recipe.threads
    )
    return grow(prepared, terms, recipe=recipe)


def _raw(booster: xgboost.Booster, samples: Samples) -> NDArray[np.float32]:
    blocks = feature_blocks(samples.values.values(), samples.is_used)
    rows = [raw_probabilities(booster, block) for _, block in blocks]
    return np.concatenate(rows) if rows else np.empty((0, len(ReturnClass)), np.float32)


def _shares(classes: NDArray[np.int8]) -> tuple[float, ...]:
    counts = np.bincount(classes, minlength=len(ReturnClass))
    return tuple((counts / len(classes)).tolist())


def _report(
    grown: Grown,
    terms: BoosterTerms,
    samples: Samples,
    *,
    split: Split,
    raw: NDArray[np.float32],
    calibrator: Calibrator,
) -> FitReport:
    held_out = samples.between(split.calibration)
    classes, weights = held_out.used_classes, held_out.used_uniqueness
    calibrated = calibrator.calibrate(raw)
    return FitReport(
        terms=terms,
        rounds=grown.booster.num_boosted_rounds(),
        fit_samples=int(samples.between(split.fit).is_used.sum()),
        stopping_samples=int(samples.between(split.stopping).is_used.sum()),
        calibration_samples=len(classes),
        effective_samples=float(weights.sum()),
        method=calibrator.method,
        stopping_log_loss=grown.log_loss,
        raw_log_loss=log_loss(raw, classes, weights),
        calibrated_log_loss=log_loss(calibrated, classes, weights),
        raw_calibration_error=expected_calibration_error(raw, classes),
        calibrated_calibration_error=expected_calibration_error(calibrated, classes),
    )
