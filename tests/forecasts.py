"""Forecasts of which a test states only what it is about."""

from __future__ import annotations

import numpy as np

from alpha_oracle.ml.forecast import Forecast


def a_forecast(market, *, seed=5):
    """Random probabilities for every cell of a market; rows of a longer one begin with the same."""
    random = np.random.default_rng(seed)
    weights = random.exponential(size=(*market.is_member.shape, 3)) ** 2
    probabilities = weights / weights.sum(axis=2, keepdims=True)
    return Forecast(probabilities=probabilities.astype(np.float32))


def some_forecast(rows):
    """Probabilities by session and symbol, `(down, neutral, up)` each; None: unknown."""
    unknown = (np.nan,) * 3
    cells = [[unknown if cell is None else cell for cell in row] for row in rows]
    return Forecast(probabilities=np.array(cells, np.float32))
