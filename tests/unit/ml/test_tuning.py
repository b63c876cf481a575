"""Terms are tried inside the part that the booster learns from, and nowhere else."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from alpha_oracle.errors import DataError
from alpha_oracle.ml.boosting import grow, prepare
from alpha_oracle.ml.encoding import encode
from alpha_oracle.ml.fitting import fit
from alpha_oracle.ml.recipe import BoosterTerms
from alpha_oracle.ml.samples import samples_of
from alpha_oracle.ml.splits import inner_folds, split_window
from alpha_oracle.ml.tuning import tuned_terms
from alpha_oracle.ml.weights import class_factors
from tests.unit.ml.markets import a_market, a_recipe

STOP = 280
POOR = BoosterTerms(max_rounds=6, learning_rate=0.001, max_depth=1, min_child_weight=400.0)
SPLIT = split_window(0, STOP, horizon=5)


def a_poor_recipe(**changes):
    _, values = a_market()
    return a_recipe(values, booster=POOR, tuning_trials=4, **changes)


def samples(recipe):
    panel, values = a_market()
    return samples_of(recipe, panel, values, split=SPLIT, window=slice(0, STOP))


def inner_loss(recipe, terms):
    losses = []
    for fold in inner_folds(SPLIT.fit, horizon=5):
        learnt, judged = (samples(recipe).between(rows) for rows in (fold.fit, fold.judged))
        factors = class_factors(learnt.used_classes, learnt.used_uniqueness)
        prepared = prepare(learnt, judged, factors=factors, max_bin=terms.max_bin, threads=1)
        losses.append(grow(prepared, terms, recipe=recipe).log_loss)
    return np.mean(losses)


@cache
def tuned():
    return tuned_terms(a_poor_recipe(), samples(a_poor_recipe()), SPLIT.fit)


def test_better_terms_are_found():
    recipe = a_poor_recipe()
    assert inner_loss(recipe, tuned()) < inner_loss(recipe, POOR)
    assert (tuned().max_rounds, tuned().max_bin) == (POOR.max_rounds, POOR.max_bin)


def test_the_same_samples_give_the_same_terms_and_another_seed_tries_others():
    recipe = a_poor_recipe()
    assert tuned_terms(recipe, samples(recipe), SPLIT.fit) == tuned()
    other = a_poor_recipe(seed=8)
    assert tuned_terms(other, samples(other), SPLIT.fit) != tuned()


def test_terms_that_nothing_beats_stay():
    # Nothing can be told from noise, and the recipe's own grow next to nothing.
    panel, values = a_market(told=0.0)
    own = replace(POOR, learning_rate=1e-6)
    recipe = a_recipe(values, booster=own, tuning_trials=1, seed=3)
    noise = samples_of(recipe, panel, values, split=SPLIT, window=slice(0, STOP))
    assert tuned_terms(recipe, noise, SPLIT.fit) == own


def fitted(panel, values):
    return fit(a_poor_recipe(), panel, values, start=0, stop=STOP)


def test_terms_are_the_same_when_what_stops_and_calibrates_is_cut_off():
    recipe = a_poor_recipe()
    assert tuned_terms(recipe, samples(recipe).between(SPLIT.fit), SPLIT.fit) == tuned()


def test_a_tuned_model_is_the_same_bytes_each_time_and_keeps_its_recipe():
    panel, values = a_market()
    first, second = fitted(panel, values), fitted(panel, values)
    assert encode(first.model) == encode(second.model)
    assert first.report.terms == tuned()
    assert first.model.recipe == a_poor_recipe()


def test_a_window_too_short_to_tune_in_is_refused():
    panel, values = a_market()
    with pytest.raises(DataError, match="too few to tune in"):
        fit(a_poor_recipe(), panel, values, start=0, stop=60)
