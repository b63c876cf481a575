"""What a person fills in for a run: the form of the Prefect UI, checked field by field."""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from alpha_oracle.strategies import registry

StrategyName: TypeAlias = Annotated[
    str,
    Field(
        title="Strategy",
        description="The rule to test.",
        json_schema_extra={"enum": [strategy.name for strategy in registry.all()]},
    ),
]
Ticker: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}([./ _-][A-Za-z0-9]{1,4})?$")]
StartDate: TypeAlias = Annotated[
    date | None,
    Field(
        title="First session",
        description="Empty: the first one with whole train months before it.",
    ),
]
EndDate: TypeAlias = Annotated[
    date | None, Field(title="Last session", description="Empty: the newest one stored.")
]
Universe: TypeAlias = Annotated[
    list[Ticker],
    Field(title="Universe", description="Symbols. Empty: the index's members of each session."),
]
Capital: TypeAlias = Annotated[
    float, Field(gt=0, le=1e12, title="Capital, USD", description="Cash at the start.")
]
SizingName: TypeAlias = Annotated[
    Literal["half_kelly", "flat_cap"],
    Field(
        title="Sizing",
        description=(
            "half_kelly: of the trades closed in the train months before the start. "
            "flat_cap: every entry at the position cap."
        ),
    ),
]
WalkForward: TypeAlias = Annotated[
    bool,
    Field(
        title="Walk forward",
        description="Test windows out of sample, stitched, instead of one run.",
    ),
]
Parameters: TypeAlias = Annotated[
    dict[str, bool | int | float | str],
    Field(title="Parameters", description='Of the strategy, like {"entry_fraction": 0.2}.'),
]


class Costs(BaseModel):
    """What trading costs."""

    model_config = ConfigDict(extra="forbid", title="Costs")

    schedule: Literal["ibkr_fixed", "ibkr_tiered", "free"] = Field(
        default="ibkr_fixed", title="Commissions", description="The broker's schedule."
    )
    commission_per_share_usd: float | None = Field(
        default=None, ge=0, title="USD a share", description="In place of the schedule's."
    )
    min_commission_usd: float | None = Field(
        default=None, ge=0, title="Least an order, USD", description="In place of the schedule's."
    )
    max_commission_pct: float | None = Field(
        default=None, ge=0, le=100, title="Most, % of an order", description="As above."
    )
    slippage_bps: float = Field(
        default=5.0, ge=0, lt=10_000, title="Slippage, bps", description="On each side."
    )
    impact: float = Field(
        default=0.0,
        ge=0,
        title="Impact",
        description="Of a day's volatility, for an order of a whole day's volume. 0: none.",
    )
