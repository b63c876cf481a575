"""Markets that models are tried on: closes, and values of registered features that tell of them."""

from __future__ import annotations

import numpy as np

from alpha_oracle.domain.market import Symbol
from alpha_oracle.features import registry
from alpha_oracle.features.panel import MarketPanel
from alpha_oracle.ml.labels import classes_of, forward_returns
from alpha_oracle.ml.recipe import BoosterTerms, Recipe
from tests.builders import sessions_from

NAMES = tuple(feature.name for feature in registry.all())


def a_market(*, symbols=30, sessions=360, features=4, told=0.01, unknown=0.05, seed=7):
    """A panel without gaps, and values by name of which the first tells of the next session.

    A standard deviation of the first moves the next session's return by `told`; the others are
    noise. A part of every feature is unknown.
    """
    random = np.random.default_rng(seed)
    shape = (sessions, symbols)
    values = random.standard_normal((features, *shape), np.float32)
    # It fades slowly, so that it tells of the sessions after, too.
    for session in range(1, sessions):
        values[0, session] = 0.8 * values[0, session - 1] + 0.6 * values[0, session]
    steps = random.normal(0.0, 0.01, shape)
    steps[1:] += told * values[0, :-1]
    for matrix in values:
        matrix[random.random(shape, np.float32) < unknown] = np.nan
    panel = a_panel_of(50.0 * np.exp(np.cumsum(steps, axis=0)))
    return panel, dict(zip(NAMES, values, strict=False))


def a_panel_of(close):
    """A panel of closes alone, everyone a member."""
    sessions, symbols = close.shape
    ones = np.ones(close.shape)
    return MarketPanel(
        sessions=np.array(sessions_from(count=sessions), "datetime64[D]"),
        symbols=tuple(Symbol(f"S{number:04d}") for number in range(symbols)),
        open=close,
        high=close,
        low=close,
        close=close,
        volume=ones,
        traded_open=close,
        traded_close=close,
        split=ones,
        dividend=np.zeros(close.shape),
        is_member=np.ones(close.shape, np.bool_),
    )


def a_recipe(values, *, rounds=40, **changes):
    """A recipe of all values for a small market, on one thread: tests run side by side."""
    terms = BoosterTerms(
        max_rounds=rounds, early_stopping_rounds=10, learning_rate=0.2, min_child_weight=5.0
    )
    return Recipe(**{"features": tuple(values), "booster": terms, "threads": 1} | changes)


def known_outcomes(panel, recipe):
    """The class that each return turned out to be, -1 where that is not known."""
    returns = forward_returns(panel.close, horizon=recipe.horizon_sessions)
    return classes_of(returns, up=recipe.up_threshold_fraction, down=recipe.down_threshold_fraction)
