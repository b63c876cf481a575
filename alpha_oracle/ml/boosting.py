"""How trees are grown: by XGBoost's histograms, stopped by a hold-out, the same bytes each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import xgboost

from alpha_oracle.domain.models import ReturnClass
from alpha_oracle.ml.samples import SampleIterator
from alpha_oracle.ml.weights import sample_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.ml.recipe import BoosterTerms, Recipe
    from alpha_oracle.ml.samples import Samples

HOLD_OUT: Final = "hold_out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Samples as XGBoost bins them: those to learn from and those that say when to stop."""

    fit: xgboost.QuantileDMatrix
    hold_out: xgboost.QuantileDMatrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grown:
    """A booster cut to its best round, and its weighted log loss on the hold-out then."""

    booster: xgboost.Booster
    log_loss: float


def prepare(
    fit: Samples, hold_out: Samples, *, factors: NDArray[np.float64], max_bin: int, threads: int
) -> Prepared:
    """Bin samples by the quantiles of those to learn from; `factors` are the classes' weights."""
    how = {"max_bin": max_bin, "nthread": threads}
    learnt = xgboost.QuantileDMatrix(_weighted(fit, factors), **how)
    judging = xgboost.QuantileDMatrix(_weighted(hold_out, factors), ref=learnt, **how)
    return Prepared(fit=learnt, hold_out=judging)


def grow(prepared: Prepared, terms: BoosterTerms, *, recipe: Recipe) -> Grown:
    """Grow trees until the hold-out's log loss has not fallen for `early_stopping_rounds`."""
    booster = xgboost.train(
        parameters(terms, recipe=recipe),
        prepared.fit,
        num_boost_round=terms.max_rounds,
        evals=[(prepared.hold_out, HOLD_OUT)],
        early_stopping_rounds=terms.early_stopping_rounds,
        verbose_eval=False,
    )
    best = booster[: booster.best_iteration + 1]
    best.set_param({"nthread": recipe.threads})
    return Grown(booster=best, log_loss=booster.best_score)


def parameters(terms: BoosterTerms, *, recipe: Recipe) -> dict[str, Any]:
    """Return the terms as XGBoost takes them, with the recipe's seed and threads."""
    return {
        "objective": "multi:softprob",
        "num_class": len(ReturnClass),
        "eval_metric": "mlogloss",
        "tree_method": "hist",
        "learning_rate": terms.learning_rate,
        "max_depth": terms.max_depth,
        "min_child_weight": terms.min_child_weight,
        "subsample": terms.subsample,
        "colsample_bytree": terms.colsample_bytree,
        "reg_lambda": terms.reg_lambda,
        "max_bin": terms.max_bin,
        "seed": recipe.seed,
        "nthread": recipe.threads,
        "verbosity": 0,
    }


def _weighted(samples: Samples, factors: NDArray[np.float64]) -> SampleIterator:
    weights = sample_weights(samples.used_classes, samples.used_uniqueness, factors)
    return SampleIterator(samples, weights)
