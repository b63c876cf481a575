"""What the model of a train window follows from, in a few bytes: the name its files are kept by."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from alpha_oracle.features import registry as features
from alpha_oracle.features.digests import market_digests
from alpha_oracle.features.store import feature_keys
from alpha_oracle.ml import (
    boosting,
    calibration,
    distances,
    encoding,
    fitting,
    forecast,
    labels,
    model,
    reading,
    recipe,
    reference,
    samples,
    scores,
    splits,
    tuning,
    weights,
)
from alpha_oracle.research.window_keys import digest_of, source_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.research.windows import Window

MAKERS: Final = (
    boosting, calibration, distances, encoding, fitting, forecast, labels, model, reading, recipe,
    reference, samples, scores, splits, tuning, weights,
)  # fmt: skip
"""The modules a model's bytes, and what it forecasts, come from."""

LIBRARIES: Final = ("xgboost", "scikit-learn", "optuna", "scipy", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelKeys:
    """The keys of models that a recipe makes of train windows of a market."""

    rules: str
    inputs: tuple[NDArray[np.uint64], ...]
    sessions: NDArray[np.datetime64]

    @classmethod
    def over(cls, recipe: Recipe, market: MarketPanel) -> ModelKeys:
        """Read the inputs of a market once, for any number of windows.

        Raises:
            ConfigurationError: a feature of the recipe is not registered.
        """
        known = feature_keys(market, features.named(recipe.features))
        rules = digest_of(
            repr(recipe),
            *(source_of(one) for one in MAKERS),
            *(f"{name} {version(name)}" for name in LIBRARIES),
            *(known[name].definition for name in recipe.features),
        )
        inputs = (market_digests(market), *(known[name].digests for name in recipe.features))
        return cls(rules=rules, inputs=inputs, sessions=market.sessions)

    def of(self, window: Window) -> str:
        """Return the key of a window's model.

        It stands for the recipe, the code that follows it, the features' formulas, and every input
        up to the last session of the train window. What comes after it is no part of it.
        """
        last = window.test_start - 1
        return digest_of(
            self.rules,
            *(str(self.sessions[row]) for row in (window.train_start, last)),
            *(digests[last].tobytes().hex() for digests in self.inputs),
        )
