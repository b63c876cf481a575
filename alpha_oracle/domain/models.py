"""A trained model on record: what it was made of, how it was judged, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.walk_forward import Parameter


class ReturnClass(IntEnum):
    """What a return over the horizon was, or is forecast to be; the order of a model's outputs."""

    DOWN = 0
    NEUTRAL = 1
    UP = 2


class ModelStage(StrEnum):
    """Where a model stands. At most one is active."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDefinition:
    """A feature as a model was trained on it; `known_fraction` of its training rows had it."""

    name: str
    definition_hash: str
    known_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the middle 95 % of what resampled histories show of it; None where unknown."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationFigures:
    """A model's recipe out of sample, walked forward: every forecast by a model trained before it.

    `log_loss_skill` is 1 - log loss / that of the class frequencies of each train window: above 0
    where the forecasts know more. `rank_correlation` is the mean over sessions of Spearman's, of
    P(UP) - P(DOWN) and the return that followed. Calibration errors are expected calibration
    errors of the predicted class, before and after calibration. Sharpe ratios are of the signals
    traded by the engine; the persistence baseline forecasts that the last horizon repeats itself,
    and `advantage` is the mean return a year over it, as a fraction, of the same sessions.
    """

    windows: int
    sessions: int
    forecasts: int
    accuracy: Interval
    baseline_accuracy: float | None
    log_loss: float | None
    baseline_log_loss: float | None
    log_loss_skill: Interval
    rank_correlation: Interval
    raw_calibration_error: float | None
    calibration_error: float | None
    trades: int
    sharpe: Interval
    baseline_sharpe: float | None
    advantage: Interval
    other_sharpes: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A model in the registry.

    `as_of` is the instant its data was known at, `train_end` the last session that taught it.
    `refusals` name what it fell short of at the promotion gate, `window_keys` the walk-forward
    windows it was validated in, `terms_key` the terms of trading and parameters they were traded
    under; empty where nobody told. `files` are its files' SHA-256 by name. `predecessor` is the
    model that was active before it was activated.
    """

    model_id: str
    stage: ModelStage
    trained_at: datetime
    train_start: Session
    train_end: Session
    as_of: datetime
    code_version: str
    parameters: Mapping[str, Parameter]
    features: tuple[FeatureDefinition, ...]
    validation: ValidationFigures
    refusals: tuple[str, ...]
    window_keys: tuple[str, ...]
    files: Mapping[str, str]
    terms_key: str = ""
    activated_at: datetime | None = None
    predecessor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """A model's stage, changed: by whom and why."""

    model_id: str
    stage: ModelStage
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model forecast at a session's close for the return over its horizon, 0 to 1 each."""

    session: Session
    symbol: Symbol
    model_id: str
    down: float
    neutral: float
    up: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """How much a feature's value moved a forecast, as SHAP in log-odds; `value` None: unknown."""

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalExplanation:
    """Why a model forecast what a signal follows from: its largest contributions, largest first."""

    signal_id: str
    model_id: str
    forecast: ReturnClass
    confidence: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """How far a feature's recent values lie from those a model was trained on.

    `psi` is the population stability index over training deciles and the unknown, `ks` the
    Kolmogorov-Smirnov statistic of the known values; None where there are none.
    """

    name: str
    psi: float | None
    ks: float | None
    known_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """A model as watched after a session: its inputs now, its forecasts whose horizon is over.

    The figures over outcomes are None while no horizon is over. `breaches` name each bound passed.
    """

    model_id: str
    session: Session
    features: tuple[FeatureDrift, ...]
    outcomes: int
    accuracy: float | None
    baseline_accuracy: float | None
    log_loss: float | None
    calibration_error: float | None
    breaches: tuple[str, ...]
