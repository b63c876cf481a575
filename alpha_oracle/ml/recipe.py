"""How a model is made: everything its bytes follow from beside the data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterTerms:
    """What the gradient-boosted trees are grown with, in XGBoost's terms.

    At most `max_rounds` rounds; growing stops when `early_stopping_rounds` of them did not lower
    the log loss of the hold-out.
    """

    max_rounds: int = 300
    early_stopping_rounds: int = 20
    learning_rate: float = 0.05
    max_depth: int = 4
    min_child_weight: float = 50.0
    subsample: float = 0.8
    colsample_bytree: float = 0.5
    reg_lambda: float = 5.0
    max_bin: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is made from a train window.

    A return over `horizon_sessions` of `up_threshold_fraction` or more is UP, of
    `down_threshold_fraction` or less DOWN. `features` are names of registered features.
    `tuning_trials` is how many boosters Optuna tries inside the train window; 0: the terms as
    they are. Seed and threads are part of it: the same data give the same bytes.
    """

    features: tuple[str, ...]
    horizon_sessions: int = 5
    up_threshold_fraction: float = 0.01
    down_threshold_fraction: float = -0.01
    booster: BoosterTerms = field(default_factory=BoosterTerms)
    tuning_trials: int = 0
    isotonic_min_samples: int = 1_000
    seed: int = 7
    threads: int = 2
