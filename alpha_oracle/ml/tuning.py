"""Which terms trees grow best by, tried inside the part of the train window that they learn from.

Each trial learns from the beginning of that part and is judged by what follows, a gap between
them, twice: the hold-outs of the window itself are never asked.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

import optuna

from alpha_oracle.ml.boosting import grow, prepare
from alpha_oracle.ml.calibration import require_every_class
from alpha_oracle.ml.splits import inner_folds
from alpha_oracle.ml.weights import class_factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.ml.boosting import Prepared
    from alpha_oracle.ml.recipe import BoosterTerms, Recipe
    from alpha_oracle.ml.samples import Samples
    from alpha_oracle.ml.splits import Rows


def tuned_terms(recipe: Recipe, samples: Samples, rows: Rows) -> BoosterTerms:
    """Return the terms of the lowest mean log loss: the recipe's own, or of those Optuna tries.

    Seeded: the same samples give the same terms.

    Raises:
        DataError: too few sessions to try in, or a class that never occurs in them.
    """
    folds = [
        _prepared(recipe, samples.between(fold.fit), samples.between(fold.judged))
        for fold in inner_folds(rows, horizon=recipe.horizon_sessions)
    ]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=recipe.seed))
    study.optimize(
        lambda trial: _loss(folds, _suggested(trial, recipe.booster), recipe),
        n_trials=recipe.tuning_trials,
    )
    if _loss(folds, recipe.booster, recipe) <= study.best_value:
        return recipe.booster
    return replace(recipe.booster, **study.best_params)


def _prepared(recipe: Recipe, fit: Samples, judged: Samples) -> Prepared:
    require_every_class(fit.used_classes, part="tunes")
    require_every_class(judged.used_classes, part="tunes")
    factors = class_factors(fit.used_classes, fit.used_uniqueness)
    return prepare(
        fit, judged, factors=factors, max_bin=recipe.booster.max_bin, threads=recipe.threads
    )


def _loss(folds: Sequence[Prepared], terms: BoosterTerms, recipe: Recipe) -> float:
    return mean(grow(fold, terms, recipe=recipe).log_loss for fold in folds)


def _suggested(trial: optuna.Trial, terms: BoosterTerms) -> BoosterTerms:
    return replace(
        terms,
        learning_rate=trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        max_depth=trial.suggest_int("max_depth", 2, 6),
        min_child_weight=trial.suggest_float("min_child_weight", 5.0, 500.0, log=True),
        subsample=trial.suggest_float("subsample", 0.5, 1.0),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.2, 1.0),
        reg_lambda=trial.suggest_float("reg_lambda", 0.5, 50.0, log=True),
    )
