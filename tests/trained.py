"""A small trained model: two features, random samples, so that each seed gives other bytes."""

from datetime import date

import numpy as np
import xgboost

from alpha_oracle.domain.models import FeatureDefinition, ReturnClass
from alpha_oracle.ml.calibration import CalibrationMethod, Calibrator, SigmoidCurve
from alpha_oracle.ml.model import Model
from alpha_oracle.ml.recipe import BoosterTerms, Recipe
from alpha_oracle.ml.reference import reference_of

NAMES = ("rsi_14", "atr_14")
TRAIN_END = date(2016, 6, 1)
SAMPLES = 60


def a_model(*, seed=7, train_end=TRAIN_END, definition="ab12"):
    """A model that has learnt the noise of its seed."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(SAMPLES, len(NAMES))).astype(np.float32)
    classes = np.arange(SAMPLES) % len(ReturnClass)
    terms = {"objective": "multi:softprob", "num_class": len(ReturnClass), "nthread": 1}
    matrix = xgboost.DMatrix(samples, classes, feature_names=list(NAMES), nthread=1)
    curve = SigmoidCurve(slope=-1.0, intercept=0.5)
    return Model(
        booster=xgboost.train(terms, matrix, num_boost_round=2),
        calibrator=Calibrator(method=CalibrationMethod.SIGMOID, curves=(curve,) * 3),
        features=tuple(
            FeatureDefinition(name=name, definition_hash=definition, known_fraction=1.0)
            for name in NAMES
        ),
        reference=tuple(
            reference_of(name, samples[:, [column]], np.ones((SAMPLES, 1), np.bool_))
            for column, name in enumerate(NAMES)
        ),
        class_shares=(0.25, 0.5, 0.25),
        recipe=Recipe(features=NAMES, booster=BoosterTerms(max_depth=3), threads=1),
        train_start=date(2014, 6, 2),
        train_end=train_end,
    )
