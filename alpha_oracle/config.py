"""Settings: one frozen tree, read once, from defaults, a file and the environment."""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from alpha_oracle.config_sections import (
    AlertPacingSettings,
    ApiSettings,
    ExecutionSettings,
    ExecutionWindowSettings,
    MetricsSettings,
    MlDecisionSettings,
    MlSettings,
    RiskDecisionSettings,
    RiskSettings,
    RouterSettings,
    Section,
    TelegramSettings,
)
from alpha_oracle.config_values import (
    DEFAULT_HOME,
    PREFIX,
    environment_values,
    file_values,
    merged,
    settings_file,
)
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEDULER: Final = re.compile(r"((tcp|tls)://)?([\w.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}")
"""Addresses of Dask schedulers."""

MOST_CAPITAL_USD: Final = 1e12
"""Whole shares of more are no whole numbers to a float."""


class DatabaseSettings(Section):
    """Where Postgres is; None: the embedded one under home."""

    url: SecretStr | None = None


class RedisSettings(Section):
    """Where Redis is; None: the embedded one under home."""

    url: SecretStr | None = None


class FilesSettings(Section):
    """The `files` source: a file or folder of bars, and what its prices are."""

    path: Path | None = None
    prices: Literal["raw", "split_adjusted", "fully_adjusted"] = "split_adjusted"


class SyntheticSettings(Section):
    """The generated market."""

    seed: int = 7
    symbols: int = Field(default=500, ge=2, le=20_000)
    start: date = date(2015, 1, 2)


class AlphaVantageSettings(Section):
    """The `alpha_vantage` source; the limits are those of the key's plan."""

    api_key: SecretStr | None = None
    base_url: str = "https://www.alphavantage.co"
    requests_per_minute: int = Field(default=5, ge=1)
    requests_per_day: int = Field(default=25, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0.0)


class IbkrDataSettings(Section):
    """The `ibkr` source: how hard the gateway is asked, and what its volumes count.

    Some gateways send volumes in shares and some in lots of 100; `detect` tells by the fractions
    that only lots have, and of quotes also by a gateway's version.
    """

    requests_per_second: float = Field(default=5.0, gt=0.0, le=40.0)
    max_in_flight: int = Field(default=20, ge=1, le=50)
    timeout_seconds: float = Field(default=60.0, gt=0.0)
    volume_unit: Literal["detect", "shares", "lots"] = "detect"


class EdgarSettings(Section):
    """The SEC's EDGAR. It asks every program for a name and an e-mail address in `user_agent`."""

    user_agent: str | None = None
    base_url: str = "https://www.sec.gov"
    data_url: str = "https://data.sec.gov"
    requests_per_second: int = Field(default=10, ge=1, le=10)
    timeout_seconds: float = Field(default=30.0, gt=0.0)


class FinraSettings(Section):
    """FINRA's public short interest files."""

    base_url: str = "https://cdn.finra.org"
    timeout_seconds: float = Field(default=60.0, gt=0.0)


class CboeSettings(Section):
    """Cboe's public index histories."""

    base_url: str = "https://cdn.cboe.com"
    timeout_seconds: float = Field(default=60.0, gt=0.0)


class ReferenceSettings(Section):
    """Who answers for what is known beside bars; None: as `data.source` allows, `none`: nobody.

    The generated market brings its own, the gateway brings VIX; for the others a source is named.
    The benchmark, SPY, comes with the bars, where those are not metered by the day.
    """

    fundamentals: Literal["none", "alpha_vantage", "edgar", "synthetic"] | None = None
    insiders: Literal["none", "edgar", "synthetic"] | None = None
    short_interest: Literal["none", "finra", "synthetic"] | None = None
    volatility: Literal["none", "cboe", "ibkr", "synthetic"] | None = None
    benchmark: Literal["none", "bars"] | None = None


class ValidationSettings(Section):
    """Bounds of the validation suite.

    A close more than `max_jump_ratio` times the last one, or less than its inverse, is a jump
    that a corporate action must explain. `max_stale_sessions` bounds how often a bar may repeat.
    Two sources may differ by `max_disagreement_pct` percent on a close before it is reported.
    """

    max_jump_ratio: float = Field(default=1.4, gt=1.0)
    max_stale_sessions: int = Field(default=5, ge=1)
    max_disagreement_pct: float = Field(default=1.0, gt=0.0)


SourceName = Literal["alpha_vantage", "files", "ibkr", "synthetic"]


class DataSettings(Section):
    """Where bars come from and when a session counts as complete.

    The sources of `fallback` are asked in their order for the symbols that those before lack.
    """

    source: SourceName = "files"
    fallback: tuple[SourceName, ...] = ()
    alpha_vantage: AlphaVantageSettings = AlphaVantageSettings()
    files: FilesSettings = FilesSettings()
    ibkr: IbkrDataSettings = IbkrDataSettings()
    synthetic: SyntheticSettings = SyntheticSettings()
    edgar: EdgarSettings = EdgarSettings()
    finra: FinraSettings = FinraSettings()
    cboe: CboeSettings = CboeSettings()
    reference: ReferenceSettings = ReferenceSettings()
    validation: ValidationSettings = ValidationSettings()
    min_completeness_pct: float = Field(default=99.0, gt=0.0, le=100.0)
    batch_size: int = Field(default=50, ge=1, le=1000)

    @field_validator("fallback", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        # The environment holds texts: `ibkr,files` there is what a list is in the file.
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value


class FeatureSettings(Section):
    """The feature cache; its oldest unused parts go where it outgrows the bound."""

    cache_max_mib: int = Field(default=4096, ge=64)


class SimulatedFaultSettings(Section):
    """What goes wrong at the simulated broker, for drills: nothing, unless set.

    Percentages are of orders (of executions, events); which ones follows from the broker's seed
    and the order's id alone. Of a lost answer the order lives, of a lost order it does not. The
    link is up for `link_up_seconds`, then down for `link_down_seconds`, and so on.
    """

    latency_seconds: float = Field(default=0.0, ge=0.0, le=3_600.0)
    rejected_pct: float = Field(default=0.0, ge=0.0, le=100.0)
    partial_fill_pct: float = Field(default=0.0, ge=0.0, le=100.0)
    lost_answer_pct: float = Field(default=0.0, ge=0.0, le=100.0)
    lost_order_pct: float = Field(default=0.0, ge=0.0, le=100.0)
    repeated_event_pct: float = Field(default=0.0, ge=0.0, le=100.0)
    commission_delay_seconds: float = Field(default=0.0, ge=0.0, le=86_400.0)
    link_up_seconds: float = Field(default=600.0, gt=0.0)
    link_down_seconds: float = Field(default=0.0, ge=0.0)


class SimulatedBrokerSettings(Section):
    """The simulated broker.

    All executions of a symbol together take at most `max_volume_pct` percent of what the market
    traded of it on the session so far, at quotes not older than `max_quote_age_seconds`.
    """

    cash: float = Field(default=100_000.0, gt=0.0, le=MOST_CAPITAL_USD)
    seed: int = 7
    max_volume_pct: float = Field(default=10.0, gt=0.0, le=100.0)
    max_quote_age_seconds: float = Field(default=15.0, gt=0.0, le=3_600.0)
    faults: SimulatedFaultSettings = SimulatedFaultSettings()


class IbkrBrokerSettings(Section):
    """The gateway: orders on `client_id`, data on the next one, the feed on the one after.

    Where `account` is set, the gateway must manage it; orders need one. `mode` says whether its
    money is real, and must agree with the port and with what the account begins with.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=4002, ge=1, le=65_535)
    client_id: int = Field(default=1, ge=1)
    account: str = ""
    mode: Literal["paper", "live"] = "paper"

    @property
    def data_client_id(self) -> int:
        """The client id of historical data."""
        return self.client_id + 1

    @property
    def feed_client_id(self) -> int:
        """The client id of quotes."""
        return self.client_id + 2


class BrokerSettings(Section):
    """Who executes."""

    provider: Literal["simulated", "ibkr"] = "simulated"
    simulated: SimulatedBrokerSettings = SimulatedBrokerSettings()
    ibkr: IbkrBrokerSettings = IbkrBrokerSettings()


class FeedSettings(Section):
    """Who gives quotes (None: the broker that executes), and how often they are published.

    `max_lines` is how many symbols a gateway may quote at once, VIX among them; an account has 100
    lines at least, which TWS's own windows use too. Where `metrics_port` is set, the feed answers
    Prometheus on it.
    """

    source: Literal["simulated", "ibkr"] | None = None
    interval_seconds: float = Field(default=2.0, ge=0.1, le=60.0)
    max_lines: int = Field(default=90, ge=1)
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)


class RankWeights(Section):
    """Weights of the composite score; they sum to 1."""

    sharpe: float = Field(default=0.30, ge=0.0)
    sortino: float = Field(default=0.20, ge=0.0)
    drawdown: float = Field(default=0.20, ge=0.0)
    profit_factor: float = Field(default=0.15, ge=0.0)
    consistency: float = Field(default=0.15, ge=0.0)

    @model_validator(mode="after")
    def _sum_to_one(self) -> RankWeights:
        total = sum(self.model_dump().values())
        if abs(total - 1.0) > 1e-9:  # noqa: PLR2004
            raise ValueError(f"weights sum to {total:g}, not 1")
        return self


class WalkForwardSettings(Section):
    """Walk-forward windows, in months.

    A step is at most a test window: what is out of sample then has no gap.
    """

    train_months: int = Field(default=24, ge=1, le=600)
    test_months: int = Field(default=6, ge=1, le=600)
    step_months: int = Field(default=3, ge=1, le=600)

    @model_validator(mode="after")
    def _without_gaps(self) -> WalkForwardSettings:
        if self.step_months > self.test_months:
            raise ValueError(
                f"step_months {self.step_months} is above test_months {self.test_months}: the "
                "sessions between two test windows would be tested by none"
            )
        return self


class StrategySettings(Section):
    """How strategies are tested, ranked and admitted.

    `parameters` are values to try, by strategy and parameter; each train window chooses.
    """

    min_sharpe: float = 1.0
    min_profit_factor: float = 1.5
    max_drawdown_pct: float = 20.0
    weights: RankWeights = RankWeights()
    walk_forward: WalkForwardSettings = WalkForwardSettings()
    parameters: dict[str, dict[str, tuple[bool | int | float | str, ...]]] = Field(
        default_factory=dict
    )


class CostSettings(Section):
    """What trading costs in a simulation.

    A broker's schedule of commissions, each figure of which can be set apart (USD a share with a
    minimum an order, at most a percentage of it); slippage in basis points of the price on each
    side, and `impact`: how much of a day's volatility an order of a whole day's volume moves.
    """

    schedule: Literal["ibkr_fixed", "ibkr_tiered", "free"] = Field(
        default="ibkr_fixed", title="Commissions", description="The broker's schedule."
    )
    commission_per_share_usd: float | None = Field(
        default=None, ge=0.0, title="USD a share", description="In place of the schedule's."
    )
    min_commission_usd: float | None = Field(
        default=None, ge=0.0, title="Least an order, USD", description="In place of the schedule's."
    )
    max_commission_pct: float | None = Field(
        default=None, ge=0.0, le=100.0, title="Most, % of an order", description="As above."
    )
    slippage_bps: float = Field(
        default=5.0, ge=0.0, lt=10_000.0, title="Slippage, bps", description="On each side."
    )
    impact: float = Field(
        default=0.0,
        ge=0.0,
        title="Impact",
        description="Of a day's volatility, for an order of a whole day's volume. 0: none.",
    )


class SimulationSettings(Section):
    """What a simulation's figures follow from."""

    costs: CostSettings = CostSettings()


class DaskSettings(Section):
    """Where tasks of research run on Dask.

    At the scheduler of `address`, like tcp://10.0.0.5:8786; none: in `workers` processes on this
    machine, started for the run. It must answer within `timeout_seconds`.
    """

    address: str | None = None
    workers: int = Field(default=2, ge=1, le=1024)
    timeout_seconds: float = Field(default=10.0, gt=0.0)

    @field_validator("address")
    @classmethod
    def _with_port(cls, value: str | None) -> str | None:
        if value is not None and not SCHEDULER.fullmatch(value):
            raise ValueError("must be that of a Dask scheduler, like tcp://10.0.0.5:8786")
        return value


class ResearchSettings(SimulationSettings):
    """Simulation, and who computes it: threads of this process, or Dask."""

    task_runner: Literal["threads", "dask"] = "threads"
    dask: DaskSettings = DaskSettings()


class SlackSettings(Section):
    """Slack: a webhook, or a bot token with a channel."""

    webhook_url: SecretStr | None = None
    bot_token: SecretStr | None = None
    channel: str | None = None
    base_url: str | None = None

    @model_validator(mode="after")
    def _token_needs_channel(self) -> SlackSettings:
        if (self.bot_token is None) != (self.channel is None):
            raise ValueError("alerts.slack.bot_token and alerts.slack.channel go together")
        return self


class AlertSettings(AlertPacingSettings):
    """Who is told, and how often; the watch tells, and answers Prometheus on `metrics_port`."""

    slack: SlackSettings = SlackSettings()
    telegram: TelegramSettings = TelegramSettings()
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)


class ClockSettings(Section):
    """Rehearsals: the instant the first process pins as now."""

    start_at: datetime | None = None

    @field_validator("start_at")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("must carry a time zone, like 2016-06-01T21:00:00Z")
        return value


class DecisionSettings(Section):
    """The settings that change what a session decides; recorded with its first run."""

    strategy: StrategySettings
    risk: RiskDecisionSettings
    research: SimulationSettings
    execution: ExecutionWindowSettings
    ml: MlDecisionSettings = MlDecisionSettings()
    capital_usd: float = Field(gt=0.0, le=MOST_CAPITAL_USD)


class Settings(Section):
    """Everything an operator can set."""

    home: Path = DEFAULT_HOME
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    data: DataSettings = DataSettings()
    features: FeatureSettings = FeatureSettings()
    broker: BrokerSettings = BrokerSettings()
    feed: FeedSettings = FeedSettings()
    risk: RiskSettings = RiskSettings()
    strategy: StrategySettings = StrategySettings()
    research: ResearchSettings = ResearchSettings()
    ml: MlSettings = MlSettings()
    router: RouterSettings = RouterSettings()
    execution: ExecutionSettings = ExecutionSettings()
    alerts: AlertSettings = AlertSettings()
    api: ApiSettings = ApiSettings()
    metrics: MetricsSettings = MetricsSettings()
    clock: ClockSettings = ClockSettings()

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    def decision_inputs(self) -> dict[str, Any]:
        """The settings that change what a session decides, as JSON values."""
        settings = DecisionSettings(
            strategy=self.strategy,
            risk=self.risk.of_decisions(),
            research=SimulationSettings(costs=self.research.costs),
            execution=self.execution.window(),
            ml=self.ml.of_decisions(),
            capital_usd=self.broker.simulated.cash,
        )
        return settings.model_dump(mode="json")


def load_settings(
    environment: Mapping[str, str] | None = None, *, folder: Path | None = None
) -> Settings:
    """Read the settings: defaults, under the file, under the environment.

    The file is `ALPHA_ORACLE_CONFIG`, else `alpha_oracle.toml` in `folder` (None: the current
    one), else the one under home.

    Raises:
        ConfigurationError: a file is missing or no TOML, a key is unknown, a value is wrong.
    """
    environment = os.environ if environment is None else environment
    values = environment_values(environment)
    path = settings_file(environment, folder or Path.cwd())
    if path is not None:
        values = merged(file_values(path), values)
    return parse_settings(values, origin=str(path) if path else "the environment")


def parse_settings(values: Mapping[str, Any], *, origin: str) -> Settings:
    """Return the settings for a tree of values.

    Raises:
        ConfigurationError: naming each key that is unknown or wrong, never its value.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_problem(detail["loc"], detail["msg"]) for detail in error.errors())
        raise ConfigurationError(f"settings (from {origin} and {PREFIX}*): {problems}") from None


def parse_decision_settings(recorded: Mapping[str, Any]) -> DecisionSettings:
    """Return the settings a run recorded.

    Raises:
        ConfigurationError: this version cannot read them.
    """
    try:
        return DecisionSettings.model_validate(recorded)
    except ValidationError as error:
        keys = ", ".join(".".join(map(str, detail["loc"])) for detail in error.errors())
        raise ConfigurationError(
            f"the settings recorded by the session's first run are of another version ({keys}); "
            "decide with those of now: --current-settings"
        ) from None


def _problem(location: tuple[int | str, ...], message: str) -> str:
    key = ".".join(str(part) for part in location) or "settings"
    variable = PREFIX + "__".join(str(part) for part in location).upper()
    if message == "Extra inputs are not permitted":
        return f"unknown setting {key} ({variable}); remove it or mend its name"
    return f"{key} ({variable}): {message.removeprefix('Value error, ')}"
