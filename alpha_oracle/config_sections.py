"""What every section of the settings is, and the sections of trained models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A part of the tree: frozen, unknown keys refused, every number finite."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )


class BoosterSettings(Section):
    """What the gradient-boosted trees are grown with, in XGBoost's terms."""

    max_rounds: int = Field(default=300, ge=1, le=10_000)
    early_stopping_rounds: int = Field(default=20, ge=1, le=1_000)
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    max_depth: int = Field(default=4, ge=1, le=16)
    min_child_weight: float = Field(default=50.0, ge=0.0)
    subsample: float = Field(default=0.8, gt=0.0, le=1.0)
    colsample_bytree: float = Field(default=0.5, gt=0.0, le=1.0)
    reg_lambda: float = Field(default=5.0, ge=0.0)
    max_bin: int = Field(default=64, ge=2, le=1_024)


class PromotionSettings(Section):
    """The promotion gate, and whether a training that passes it makes its model the active one.

    The lower ends of the intervals of skill and rank correlation must lie above the minima.
    """

    automatic: bool = True
    min_log_loss_skill: float = 0.0
    min_rank_correlation: float = 0.0
    max_calibration_error: float = Field(default=0.05, ge=0.0, le=1.0)
    must_beat_baseline_sharpe: bool = True


class WatchSettings(Section):
    """From where a model in use is worth an alert, or, where `retrain`, another training.

    Features of the last `recent_sessions` are held against the training distribution; forecasts
    of the last `window_sessions` whose horizon is over, from `min_outcomes` of them on, against
    what came. Their accuracy must reach that of always saying the class commonest in training,
    plus `min_accuracy_margin`.
    """

    window_sessions: int = Field(default=63, ge=5, le=2_520)
    recent_sessions: int = Field(default=21, ge=1, le=2_520)
    max_psi: float = Field(default=0.25, gt=0.0)
    max_ks: float = Field(default=0.2, gt=0.0, le=1.0)
    max_calibration_error: float = Field(default=0.1, gt=0.0, le=1.0)
    min_accuracy_margin: float = Field(default=0.0, ge=-1.0, le=1.0)
    min_outcomes: int = Field(default=500, ge=1)
    retrain: bool = False


class MlDecisionSettings(Section):
    """What a session's use of its model is decided by."""

    confidence_threshold: float = Field(default=0.55, gt=0.0, lt=1.0)
    max_age_days: int = Field(default=14, ge=1, le=3_650)


class MlSettings(MlDecisionSettings):
    """How a model is trained, calibrated, promoted, used and watched.

    The horizon counts sessions; the thresholds are fractions. A model whose data is older than
    `max_age_days` calendar days is stale. The same data, settings and `threads` give the same
    model bytes.
    """

    horizon_days: int = Field(default=5, ge=1, le=63)
    up_threshold: float = Field(default=0.01, gt=0.0, lt=1.0)
    down_threshold: float = Field(default=-0.01, gt=-1.0, lt=0.0)
    seed: int = Field(default=7, ge=0, le=2**31 - 1)
    threads: int = Field(default=2, ge=1, le=256)
    tuning_trials: int = Field(default=0, ge=0, le=1_000)
    isotonic_min_samples: int = Field(default=1_000, ge=1)
    booster: BoosterSettings = BoosterSettings()
    promotion: PromotionSettings = PromotionSettings()
    watch: WatchSettings = WatchSettings()

    @model_validator(mode="after")
    def _stops_before_it_ends(self) -> MlSettings:
        if self.booster.early_stopping_rounds > self.booster.max_rounds:
            raise ValueError(
                f"booster.early_stopping_rounds {self.booster.early_stopping_rounds} is above "
                f"booster.max_rounds {self.booster.max_rounds}: growing would never stop early"
            )
        return self

    def of_decisions(self) -> MlDecisionSettings:
        """Return the part that decides a session."""
        return MlDecisionSettings(
            confidence_threshold=self.confidence_threshold, max_age_days=self.max_age_days
        )
