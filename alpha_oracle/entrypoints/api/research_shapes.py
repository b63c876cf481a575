"""What answers of signals, rankings and models look like, for the description of the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from alpha_oracle.domain.models import ModelStage
from alpha_oracle.domain.signals import Direction
from alpha_oracle.entrypoints.api.shapes import Shape


class Signal(Shape):
    """A signal as it was announced."""

    event: Literal["signal:generated"]
    symbol: str
    direction: Direction
    strength: float
    strategy: str
    timestamp: datetime
    id: str
    session: date
    expires_at: datetime
    min_hold_days: int
    max_hold_days: int
    reference_price: float
    win_rate: float | None
    avg_win_loss_ratio: float | None


class Evidence(Shape):
    """How far a ranking's figures can be believed."""

    sharpe_low: float | None
    sharpe_high: float | None
    deflated_sharpe: float | None
    trials: int
    coverage_pct: float | None
    benchmark_return_pct: float | None
    alpha_pct: float | None
    beta: float | None


class Rank(Shape):
    """A strategy's place in a session's ranking, with its figures out of sample."""

    session: date
    rank: int
    strategy: str
    composite: float
    eligible: bool
    refusals: list[str]
    consistency: float
    windows: int
    sessions: int
    trades: int
    total_return_pct: float
    sharpe: float | None
    sortino: float | None
    max_drawdown_pct: float
    profit_factor: float | None
    win_rate: float | None
    avg_win_loss_ratio: float | None
    exposure_pct: float
    turnover: float
    costs_usd: float
    parameters: dict[str, bool | int | float | str]
    evidence: Evidence | None


class Interval(Shape):
    """A figure with the middle 95 % of what resampled histories show of it."""

    value: float | None
    low: float | None
    high: float | None


class Validation(Shape):
    """How a model's recipe forecast out of sample."""

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
    other_sharpes: dict[str, float | None]


class Model(Shape):
    """A model, how it was judged and where it stands."""

    model_id: str
    stage: ModelStage
    trained_at: datetime
    train_start: date
    train_end: date
    as_of: datetime
    code_version: str
    refusals: list[str]
    validation: Validation
    activated_at: datetime | None
    predecessor: str | None
