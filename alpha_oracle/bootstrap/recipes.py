"""How models are made and what they must show, from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features import registry as features
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.ml.recipe import BoosterTerms, Recipe

if TYPE_CHECKING:
    from alpha_oracle.config_sections import MlSettings, PromotionSettings


def recipe_of(settings: MlSettings, *, tuning_trials: int | None = None) -> Recipe:
    """Return the recipe of the settings, over every registered feature.

    `tuning_trials` None: as many as the settings say.
    """
    return Recipe(
        features=tuple(feature.name for feature in features.all()),
        horizon_sessions=settings.horizon_days,
        up_threshold_fraction=settings.up_threshold,
        down_threshold_fraction=settings.down_threshold,
        booster=BoosterTerms(**settings.booster.model_dump()),
        tuning_trials=settings.tuning_trials if tuning_trials is None else tuning_trials,
        isotonic_min_samples=settings.isotonic_min_samples,
        seed=settings.seed,
        threads=settings.threads,
    )


def gate_of(settings: PromotionSettings) -> PromotionGate:
    """Return the promotion gate of the settings."""
    return PromotionGate(**settings.model_dump(exclude={"automatic"}))
