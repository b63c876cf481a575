"""What a person fills in for a run, checked field by field.

The form of the Prefect UI takes each field's name and words from the flow's docstring.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from alpha_oracle.strategies import registry

StrategyName: TypeAlias = Annotated[
    str, Field(json_schema_extra={"enum": [strategy.name for strategy in registry.all()]})
]
Ticker: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}([./ _-][A-Za-z0-9]{1,4})?$")]
Capital: TypeAlias = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
SizingName: TypeAlias = Literal["half_kelly", "flat_cap"]
Parameters: TypeAlias = dict[str, bool | int | float | str]


class Costs(BaseModel):
    """What trading costs."""

    model_config = ConfigDict(extra="forbid", title="Costs", allow_inf_nan=False)

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
