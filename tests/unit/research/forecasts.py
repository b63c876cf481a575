"""Markets that hold a known signal, or none, and what learns from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np

from alpha_oracle.features.context import NO_CONTEXT
from alpha_oracle.features.store import FeatureStore
from alpha_oracle.ml.recipe import BoosterTerms, Recipe
from alpha_oracle.research.evaluation import Evaluator
from alpha_oracle.research.forecasting import WindowForecaster
from alpha_oracle.research.windows import WindowMonths, plan_windows
from tests.fakes.clock import FixedClock
from tests.fakes.models import MemoryModelFiles
from tests.fakes.windows import MemoryTrials, MemoryWindows
from tests.unit.features.panels import a_whole_panel
from tests.unit.research.worlds import some_terms

MONTHS = WindowMonths(train=9, test=3, step=3)
SESSIONS = 460
TERMS = some_terms(capital=100_000.0, cap=10.0, min_cash=10.0)
RECIPE = Recipe(
    features=("return_5", "return_21", "rsi_14", "overnight_gap"),
    booster=BoosterTerms(max_rounds=40, early_stopping_rounds=8, min_child_weight=10.0),
    isotonic_min_samples=400,
    threads=1,
)
REGIME_SESSIONS = 25.0


class NoCache:
    """A feature cache that keeps nothing."""

    def load(self, keys, *, sessions, symbols):
        return {}

    def save(self, keys, values, *, sessions, symbols):
        return None

    def size_bytes(self):
        return 0


@cache
def a_market(*, drift, symbols=16, sessions=SESSIONS, seed=3):
    """Each symbol rises or falls by `drift` a session until its regime ends, every month or so.

    So what rose lately goes on rising: last week tells the next one. Without a drift nothing does.
    """
    random = np.random.default_rng(seed)
    shape = (sessions, symbols)
    turns = random.random(shape) < 1.0 / REGIME_SESSIONS
    side = np.where(np.cumsum(turns, axis=0) % 2 == 0, 1.0, -1.0) * random.choice([-1, 1], symbols)
    close = 50.0 * np.exp(np.cumsum(drift * side + random.normal(0.0, 0.012, shape), axis=0))
    return with_closes(a_whole_panel(symbols=symbols, sessions=sessions), close)


@cache
def a_reverting_market(*, symbols=16, sessions=SESSIONS, seed=3):
    """What fell far below its level comes back within days: last week's return turns around."""
    random = np.random.default_rng(seed)
    shocks = random.normal(0.0, 0.02, (sessions, symbols))
    away = np.zeros_like(shocks)
    for row in range(1, sessions):
        away[row] = 0.75 * away[row - 1] + shocks[row]
    return with_closes(a_whole_panel(symbols=symbols, sessions=sessions), 50.0 * np.exp(away))


def with_closes(panel, close):
    """A market with other closes, and opens at the close before."""
    opened = np.vstack([close[:1], close[:-1]])
    return replace(
        panel,
        open=opened,
        high=np.maximum(opened, close) * 1.001,
        low=np.minimum(opened, close) * 0.999,
        close=close,
        traded_open=opened,
        traded_close=close,
        context=NO_CONTEXT,
    )


def a_forecaster(files=None, **changes):
    return WindowForecaster(
        recipe=replace(RECIPE, **changes),
        features=FeatureStore(NoCache()),
        files=MemoryModelFiles() if files is None else files,
    )


def a_plan(market, months=MONTHS):
    return plan_windows(market.sessions, months)


def an_evaluator(forecaster=None, **changes):
    made = {
        "features": FeatureStore(NoCache()),
        "windows": MemoryWindows(),
        "trials": MemoryTrials(),
        "clock": FixedClock(datetime(2020, 1, 1, tzinfo=UTC)),
        "forecaster": forecaster,
    } | changes
    return Evaluator(**made)
