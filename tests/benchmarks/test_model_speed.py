"""Models beside bare XGBoost: the same samples, weights, parameters and rounds on both sides.

Times are printed with their ratio and the bound it is meant to keep; none is asserted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import xgboost

from alpha_oracle.ml.boosting import HOLD_OUT, parameters
from alpha_oracle.ml.fitting import fit
from alpha_oracle.ml.recipe import BoosterTerms, Recipe
from alpha_oracle.ml.samples import samples_of
from alpha_oracle.ml.splits import split_window
from alpha_oracle.ml.weights import class_factors, sample_weights
from tests.benchmarks.model_children import FEATURES, SESSIONS, SYMBOLS
from tests.unit.ml.markets import a_market

pytestmark = pytest.mark.benchmark

ROUNDS = 100
PREDICTIONS = 50
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def show(capsys):
    """Print what was measured."""

    def printed(text):
        with capsys.disabled():
            sys.stdout.write(f"\n{text}")
            sys.stdout.flush()

    return printed


@cache
def the_market():
    return a_market(symbols=SYMBOLS, sessions=SESSIONS, features=FEATURES, told=0.002)


def the_recipe():
    _, values = the_market()
    return Recipe(features=tuple(values), booster=BoosterTerms(max_rounds=ROUNDS))


@cache
def the_model():
    panel, values = the_market()
    return fit(the_recipe(), panel, values, start=0, stop=SESSIONS).model


def laid_out():
    """The rows of both parts as matrices that a user of bare XGBoost would have at hand."""
    panel, values = the_market()
    split = split_window(0, SESSIONS, horizon=5)
    window = slice(0, SESSIONS)
    samples = samples_of(the_recipe(), panel, values, split=split, window=window)
    parts = [samples.between(rows) for rows in (split.fit, split.stopping)]
    factors = class_factors(parts[0].used_classes, parts[0].used_uniqueness)
    for part in parts:
        rows = np.stack([matrix[part.is_used] for matrix in part.values.values()], axis=1)
        weights = sample_weights(part.used_classes, part.used_uniqueness, factors)
        yield {"data": rows, "label": part.used_classes, "weight": weights}


def binned(learnt, stopping):
    """Both parts as bare XGBoost bins them."""
    how = {"max_bin": BoosterTerms().max_bin, "nthread": the_recipe().threads}
    first = xgboost.QuantileDMatrix(**learnt, **how)
    return first, xgboost.QuantileDMatrix(**stopping, **how, ref=first)


def timed(work):
    """A work's result, and its seconds by the clock and of processors."""
    began, busy = time.perf_counter(), time.process_time()
    result = work()
    return result, np.array([time.perf_counter() - began, time.process_time() - busy])


def bare_training(learnt, stopping):
    recipe = the_recipe()
    return xgboost.train(
        parameters(recipe.booster, recipe=recipe),
        learnt,
        num_boost_round=ROUNDS,
        evals=[(stopping, HOLD_OUT)],
        early_stopping_rounds=recipe.booster.early_stopping_rounds,
        verbose_eval=False,
    )


def test_a_fit_beside_bare_training(show):
    model, ours = timed(the_model)
    rows = tuple(laid_out())
    prepared, binning = timed(lambda: binned(*rows))
    booster, bare = timed(lambda: bare_training(*prepared))
    rounds = booster.best_iteration + 1
    assert model.booster.num_boosted_rounds() == rounds
    show(f"fit on {SYMBOLS} symbols x {SESSIONS} sessions x {FEATURES} features, {rounds} rounds\n")
    for number, what in enumerate(("by the clock", "of processors")):
        own, train, bins = ours[number], bare[number], binning[number]
        show(
            f"  seconds {what}: {own:.1f}; bare train {train:.1f}, ratio {own / train:.2f}; with "
            f"the binning of laid-out rows {train + bins:.1f}, ratio {own / (train + bins):.2f} "
            "(at most 1.1)"
        )


def test_forecasts_of_a_session_beside_bare_prediction(show):
    _, values = the_market()
    session = {name: matrix[-1:] for name, matrix in values.items()}
    mask = np.ones((1, SYMBOLS), np.bool_)
    rows = np.stack([matrix[-1] for matrix in values.values()], axis=1)
    names, booster = list(values), the_model().booster
    works = {
        "ours": lambda: the_model().forecast(session, mask=mask),
        "predict": lambda: booster.predict(xgboost.DMatrix(rows, feature_names=names, nthread=2)),
        "in place": lambda: booster.inplace_predict(rows, validate_features=False),
    }
    seconds = {name: [] for name in works}
    for _ in range(PREDICTIONS):
        for name, work in works.items():
            seconds[name].append(timed(work)[1][0])
    ours, predict, in_place = (1000 * median(seconds[name]) for name in works)
    show(
        f"forecasts of {SYMBOLS} symbols: {ours:.2f} ms (under 50); Booster.predict "
        f"{predict:.2f} ms, ratio {ours / predict:.2f}; in place {in_place:.2f} ms, "
        f"ratio {ours / in_place:.2f}\n"
    )


@pytest.mark.parametrize("trials", [0, 1], ids=lambda trials: f"{trials} tuning trials")
def test_the_memory_of_a_fit(show, trials):
    answer = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.model_children", str(trials)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )
    show(answer.stdout)
