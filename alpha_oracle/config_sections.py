"""What every section of the settings is, and the sections of trained models and of trading."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from alpha_oracle.domain.risk import AutonomyMode, DayTradeRegime


class Section(BaseModel):
    """A part of the tree: frozen, unknown keys refused, every number finite."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )


LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
BOT_TOKEN: Final = re.compile(r"\d{1,20}:[\w-]{10,200}")
"""Tokens of Telegram's bots."""


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

    The lower ends of the intervals of skill and rank correlation must lie above the minima, and
    that of the return over the persistence baseline above 0, of at least `min_trades` trades.
    """

    automatic: bool = True
    min_log_loss_skill: float = 0.0
    min_rank_correlation: float = 0.0
    max_calibration_error: float = Field(default=0.05, ge=0.0, le=1.0)
    must_beat_baseline: bool = True
    min_trades: int = Field(default=30, ge=0)


class WatchSettings(Section):
    """From where a model in use is worth an alert, or, where `retrain`, another training.

    Features of the last `recent_sessions` are held against the training distribution, and against
    how far a month of the training itself lay from it: beyond both is drift. Forecasts
    of the last `window_sessions` whose horizon is over, from `min_outcomes` of them on, against
    what came. Their accuracy must not lie below that of always saying the class commonest
    in training, plus `min_accuracy_margin`, by more than two standard errors. One training is
    asked for in `retrain_spacing_days`, from where the active model's data ends.
    """

    window_sessions: int = Field(default=63, ge=5, le=2_520)
    recent_sessions: int = Field(default=21, ge=1, le=2_520)
    max_psi: float = Field(default=0.25, gt=0.0)
    max_ks: float = Field(default=0.2, gt=0.0, le=1.0)
    max_calibration_error: float = Field(default=0.1, gt=0.0, le=1.0)
    min_accuracy_margin: float = Field(default=0.0, ge=-1.0, le=1.0)
    min_outcomes: int = Field(default=500, ge=1)
    retrain: bool = False
    retrain_spacing_days: int = Field(default=7, ge=1, le=365)


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


class PositionLimitSettings(Section):
    """Limits of one position."""

    max_position_pct: float = Field(default=5.0, gt=0.0, le=100.0)
    max_sector_pct: float = Field(default=25.0, gt=0.0, le=100.0)
    min_price: float = Field(default=5.0, ge=0.0)


class PortfolioLimitSettings(Section):
    """Limits of the whole portfolio."""

    max_drawdown_pct: float = Field(default=10.0, gt=0.0, le=100.0)
    max_daily_loss_pct: float = Field(default=3.0, gt=0.0, le=100.0)
    max_positions: int = Field(default=20, ge=1, le=1_000_000)
    max_trades_per_day: int = Field(default=50, ge=1, le=1_000_000)
    min_cash_pct: float = Field(default=10.0, ge=0.0, lt=100.0)


class DayTradingSettings(Section):
    """Which day-trade rules bind the account, and their bounds.

    Below an equity of `equity_threshold` USD, `max_day_trades` within `window_business_days`
    sessions. The intraday margin keeps `margin_buffer_pct` percent of equity free.
    """

    regime: DayTradeRegime = DayTradeRegime.BOTH
    max_day_trades: int = Field(default=3, ge=0, le=1_000)
    window_business_days: int = Field(default=5, ge=1, le=20)
    equity_threshold: float = Field(default=25_000.0, ge=0.0)
    margin_buffer_pct: float = Field(default=5.0, ge=0.0, lt=100.0)


class BreakerSettings(Section):
    """From where a circuit breaker halts what adds risk."""

    vix: float = Field(default=35.0, gt=0.0)
    stale_seconds: float = Field(default=300.0, gt=0.0, le=86_400.0)
    reconciliation_drift_pct: float = Field(default=1.0, gt=0.0, le=100.0)
    dead_man_hours: float = Field(default=48.0, gt=0.0)


class FatFingerSettings(Section):
    """How far an order may be off before it is refused, or shown to a human.

    Its price from the market by `price_collar_pct` (refused), from its reference by
    `max_reference_distance_pct` (shown), its shares above `max_adv_pct` percent of the average
    day's volume (shown), and the orders sent within a second or a minute (refused).
    """

    price_collar_pct: float = Field(default=3.0, gt=0.0, le=100.0)
    max_reference_distance_pct: float = Field(default=3.0, gt=0.0, le=100.0)
    max_adv_pct: float = Field(default=1.0, gt=0.0, le=100.0)
    max_orders_per_second: int = Field(default=5, ge=1, le=1_000)
    max_orders_per_minute: int = Field(default=30, ge=1, le=10_000)


class KillSwitchSettings(Section):
    """How long after an activation no resume is considered."""

    cooldown_minutes: int = Field(default=60, ge=0, le=10_080)


class RiskDecisionSettings(Section):
    """The limits that a simulation keeps as live trading does."""

    position: PositionLimitSettings = PositionLimitSettings()
    portfolio: PortfolioLimitSettings = PortfolioLimitSettings()


class RiskSettings(RiskDecisionSettings):
    """What may be risked, and how much the system may do by itself.

    FULL_AUTONOMOUS holds for live accounts with an equity above `full_autonomy_above` USD.
    """

    autonomy_mode: AutonomyMode = AutonomyMode.PAPER_ONLY
    full_autonomy_above: float = Field(default=25_000.0, ge=0.0)
    day_trading: DayTradingSettings = DayTradingSettings()
    breakers: BreakerSettings = BreakerSettings()
    fat_finger: FatFingerSettings = FatFingerSettings()
    kill_switch: KillSwitchSettings = KillSwitchSettings()

    def of_decisions(self) -> RiskDecisionSettings:
        """Return the part that decides a session."""
        return RiskDecisionSettings(position=self.position, portfolio=self.portfolio)


class RouterSettings(Section):
    """How an order is worked: by its shares beside an average day's, and by the spread.

    A market order needs a quote younger than `fresh_quote_seconds`, else it becomes a limit.
    """

    small_adv_pct: float = Field(default=0.1, gt=0.0, le=100.0)
    large_adv_pct: float = Field(default=1.0, gt=0.0, le=100.0)
    wide_spread_bps: float = Field(default=20.0, gt=0.0)
    twap_slices: int = Field(default=5, ge=1, le=100)
    twap_interval_seconds: int = Field(default=60, ge=1, le=3_600)
    fresh_quote_seconds: float = Field(default=5.0, gt=0.0, le=300.0)

    @model_validator(mode="after")
    def _small_below_large(self) -> RouterSettings:
        if self.small_adv_pct > self.large_adv_pct:
            raise ValueError(
                f"small_adv_pct {self.small_adv_pct:g} is above large_adv_pct "
                f"{self.large_adv_pct:g}: no order would be medium"
            )
        return self


class ExecutionWindowSettings(Section):
    """The execution window of a session, in minutes from its open and to its close."""

    start_after_open_minutes: int = Field(default=5, ge=0)
    stop_before_close_minutes: int = Field(default=15, ge=0)


class ExecutionSettings(ExecutionWindowSettings):
    """When orders are sent, and how often the book is held against the broker's.

    Where `metrics_port` is set, the worker answers Prometheus on it; the first `metrics_symbols`
    symbols it trades are told apart there.
    """

    reconcile_every_minutes: int = Field(default=5, ge=1, le=1_440)
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    metrics_symbols: int = Field(default=20, ge=0, le=1_000)

    def window(self) -> ExecutionWindowSettings:
        """Return the part that decides a session."""
        return ExecutionWindowSettings(
            start_after_open_minutes=self.start_after_open_minutes,
            stop_before_close_minutes=self.stop_before_close_minutes,
        )


class MetricsSettings(Section):
    """Where the worker, the feed and the watch answer Prometheus, each on its own port.

    They ask for no token: beyond this machine they answer only where `is_network_trusted` says
    that whoever reaches the port may read it.
    """

    host: str = "127.0.0.1"
    is_network_trusted: bool = False

    @model_validator(mode="after")
    def _not_open_by_accident(self) -> MetricsSettings:
        if self.host not in LOOPBACK and not self.is_network_trusted:
            raise ValueError(
                f"host {self.host} would tell the metrics to whoever asks; set "
                "metrics.is_network_trusted where only Prometheus reaches it"
            )
        return self


class ApiTokenSettings(Section):
    """Who may ask the API: the SHA-256 of a bearer token, in hex, and what its owner may do."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    role: Literal["viewer", "operator"]


class ApiSettings(Section):
    """Where the API listens, to whom it answers, and under which names it is called.

    Beyond this machine it listens with a certificate, or where `is_plain_text_accepted` says that
    something in front of it has one.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    tokens: tuple[ApiTokenSettings, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    is_plain_text_accepted: bool = False

    @model_validator(mode="after")
    def _whole_certificate(self) -> ApiSettings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("api.tls_certificate and api.tls_key go together")
        return self

    @model_validator(mode="after")
    def _no_token_in_plain_text(self) -> ApiSettings:
        is_covered = self.tls_certificate is not None or self.is_plain_text_accepted
        if self.host not in LOOPBACK and not is_covered:
            raise ValueError(
                f"host {self.host} would send tokens in plain text; set api.tls_certificate and "
                "api.tls_key, or api.is_plain_text_accepted where a proxy encrypts"
            )
        return self


class TelegramSettings(Section):
    """Telegram: a bot's token, and the chat it speaks in (a number, or @name of a channel).

    `operators` are the numbers of the users who may halt, resume and approve there; where there are
    none, the bot tells and takes nothing.
    """

    bot_token: SecretStr | None = None
    chat_id: str | None = Field(default=None, pattern=r"^(-?\d{1,20}|@\w{1,64})$")
    base_url: str | None = None
    operators: tuple[Annotated[int, Field(gt=0, lt=2**63)], ...] = ()

    @field_validator("chat_id", mode="before")
    @classmethod
    def _number_or_name(cls, value: object) -> object:
        # A file may hold the number as one.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_number else value

    @field_validator("bot_token")
    @classmethod
    def _fits_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not BOT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must be as BotFather gave it, like 123456789:AAE-letters_and-digits")
        return value

    @model_validator(mode="after")
    def _token_needs_chat(self) -> TelegramSettings:
        if (self.bot_token is None) != (self.chat_id is None):
            raise ValueError("alerts.telegram.bot_token and alerts.telegram.chat_id go together")
        return self


class AlertPacingSettings(Section):
    """How often people are told.

    The same alert again within `window_minutes` is counted and told as a number when the window
    ends. At most `most_per_minute` messages a minute go to a channel; what is more comes as one.
    What is critical, or high, and neither acknowledged nor over, is told again after
    `critical_repeat_minutes`, or `high_repeat_minutes`, then after twice that, at least once a day.
    """

    window_minutes: float = Field(default=15.0, gt=0.0, le=1_440.0)
    most_per_minute: int = Field(default=10, ge=2, le=60)
    critical_repeat_minutes: float = Field(default=15.0, gt=0.0, le=1_440.0)
    high_repeat_minutes: float = Field(default=60.0, gt=0.0, le=1_440.0)
    is_daily_summary_told: bool = True
