"""A training, from what is asked of it to what became of its model; and a model's use in a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.models import ModelRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What a training looks at: the market up to a session as of an instant, in `windows` windows.

    `settings` are those a session is decided by. The newest train window teaches the model that
    is registered; `promote` says whether one that passes the gate becomes the active one.
    """

    session: Session
    as_of: datetime
    settings: Mapping[str, object]
    tuning_trials: int
    promote: bool
    windows: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTraining:
    """A walk-forward window whose model is there, fitted now or found from an earlier training."""

    number: int
    train_start: Session
    test_start: Session
    test_end: Session
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """What became of a training: the model as it stands now, and why it is not the active one.

    `is_new` is False where the same data and settings had given the same model before. `verdict`
    says in plain words what the promotion gate made of it.
    """

    model: ModelRecord
    is_new: bool
    is_promoted: bool
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastReport:
    """What a run's model forecast; `warning` says why there is nothing of it to act on."""

    model_id: str | None
    forecasts: int
    warning: str = ""
