"""A model as files: XGBoost's own for the booster, plain JSON beside it. Nothing is unpickled.

`training.json` carries the SHA-256 of the other two and of itself: files are known to be whole
before any of them is read, without a record of them. A record, where there is one, proves that
they are the very ones.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np
import xgboost

from alpha_oracle.domain.models import FeatureDefinition, ReturnClass
from alpha_oracle.errors import ModelRefused
from alpha_oracle.ml.calibration import Calibrator, IsotonicCurve
from alpha_oracle.ml.model import Model, raw_probabilities
from alpha_oracle.ml.reading import parsed, read
from alpha_oracle.ml.recipe import Recipe  # noqa: TC001 - Fields are read by their types.
from alpha_oracle.ml.reference import FeatureReference  # noqa: TC001 - As above.

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BOOSTER: Final = "model.ubj"
CALIBRATOR: Final = "calibrator.json"
TRAINING: Final = "training.json"
NAMES: Final = frozenset({BOOSTER, CALIBRATOR, TRAINING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is told of a model beside its booster and its calibrator, and how to know these."""

    booster_sha256: str
    calibrator_sha256: str
    features: tuple[FeatureDefinition, ...]
    reference: tuple[FeatureReference, ...]
    class_shares: tuple[float, ...]
    recipe: Recipe
    train_start: date
    train_end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The content of `training.json` and its SHA-256."""

    sha256: str
    training: Training


def encode(model: Model) -> dict[str, bytes]:
    """Return a model's files by name; the same model gives the same bytes."""
    booster = bytes(model.booster.save_raw("ubj"))
    calibrator = _canonical(asdict(model.calibrator))
    training = Training(
        booster_sha256=sha256(booster).hexdigest(),
        calibrator_sha256=sha256(calibrator).hexdigest(),
        features=model.features,
        reference=model.reference,
        class_shares=model.class_shares,
        recipe=model.recipe,
        train_start=model.train_start,
        train_end=model.train_end,
    )
    return {BOOSTER: booster, CALIBRATOR: calibrator, TRAINING: _sealed(_as_read(training))}


def decode(files: Mapping[str, bytes], *, expected: Mapping[str, str] | None = None) -> Model:
    """Return the model of files; `expected` is their SHA-256 by name, where that is on record.

    Raises:
        ModelRefused: a file is missing, foreign, or another than it was written; names it.
    """
    _require_names(files)
    _require_digests(files, sha256_of(files) if expected is None else expected)
    training = _opened(files[TRAINING])
    own = {BOOSTER: training.booster_sha256, CALIBRATOR: training.calibrator_sha256}
    _require_digests(files, own)
    model = Model(
        booster=_booster(files[BOOSTER], threads=training.recipe.threads),
        calibrator=read(Calibrator, parsed(files[CALIBRATOR], name=CALIBRATOR), where=CALIBRATOR),
        features=training.features,
        reference=training.reference,
        class_shares=training.class_shares,
        recipe=training.recipe,
        train_start=training.train_start,
        train_end=training.train_end,
    )
    _require_fit(model)
    return model


def sha256_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of files, in hex, by name."""
    return {name: sha256(content).hexdigest() for name, content in sorted(files.items())}


def model_id_of(files: Mapping[str, bytes], train_end: date) -> str:
    """Return `{train_end}-{8 hex digits}`, the same for the same bytes and for no others."""
    whole = sha256("".join(sha256_of(files).values()).encode()).hexdigest()
    return f"{train_end.isoformat()}-{whole[:8]}"


def _canonical(content: object) -> bytes:
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), allow_nan=False, default=date.isoformat
    )
    return text.encode()


def _as_read(training: Training) -> Training:
    # A whole number that was given for a float becomes one, so that what is read is what was told.
    return read(Training, parsed(_canonical(asdict(training)), name=TRAINING), where=TRAINING)


def _sealed(training: Training) -> bytes:
    digest = sha256(_canonical(asdict(training))).hexdigest()
    return _canonical(asdict(Sealed(sha256=digest, training=training)))


def _opened(content: bytes) -> Training:
    training = read(Sealed, parsed(content, name=TRAINING), where=TRAINING).training
    if _sealed(training) != content:
        raise ModelRefused(f"{TRAINING} is not as it was written: its own SHA-256 differs")
    return training


def _booster(content: bytes, *, threads: int) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": threads})
    try:
        booster.load_model(bytearray(content))
    except xgboost.core.XGBoostError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelRefused(f"{BOOSTER} is no model of XGBoost: {reason}") from None
    return booster


def _require_names(files: Mapping[str, bytes]) -> None:
    parts = [
        f"{', '.join(sorted(names))} {what}"
        for names, what in ((NAMES - files.keys(), "missing"), (files.keys() - NAMES, "foreign"))
        if names
    ]
    if parts:
        raise ModelRefused(f"the model's files are not whole: {'; '.join(parts)}")


def _require_digests(files: Mapping[str, bytes], expected: Mapping[str, str]) -> None:
    found = sha256_of(files)
    changed = [name for name in sorted(expected) if found.get(name) != expected[name]]
    if changed:
        raise ModelRefused(
            f"the model's {', '.join(changed)} changed since it was written: the SHA-256 differs"
        )


def _require_fit(model: Model) -> None:
    names = [feature.name for feature in model.features]
    curves = model.calibrator.curves
    checks = (
        (bool(names) and len(set(names)) == len(names), "its features are not each named once"),
        ([part.name for part in model.reference] == names, "its reference is of other features"),
        (len(model.class_shares) == len(ReturnClass), "its class shares are not one a class"),
        (len(curves) == len(ReturnClass), "its calibrator has not one curve a class"),
        (all(map(_is_rising, _isotonic(model))), "its calibrator's thresholds do not rise"),
        (model.booster.feature_names == names, "its booster was trained on other features"),
    )
    _refuse_unless(checks)
    unknown = np.full((1, len(names)), np.nan, np.float32)
    shape = raw_probabilities(model.booster, unknown).shape
    _refuse_unless([(shape == (1, len(ReturnClass)), "its booster forecasts other classes")])


def _refuse_unless(checks: Iterable[tuple[bool, str]]) -> None:
    for holds, otherwise in checks:
        if not holds:
            raise ModelRefused(f"the model's files contradict one another: {otherwise}")


def _isotonic(model: Model) -> list[IsotonicCurve]:
    return [curve for curve in model.calibrator.curves if isinstance(curve, IsotonicCurve)]


def _is_rising(curve: IsotonicCurve) -> bool:
    scores, probabilities = np.array(curve.scores), np.array(curve.probabilities)
    return (
        len(scores) == len(probabilities) > 0
        and bool((np.diff(scores) > 0.0).all())
        and bool((np.diff(probabilities) >= 0.0).all())
        and 0.0 <= probabilities[0] <= probabilities[-1] <= 1.0
    )
