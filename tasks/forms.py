"""What a person fills in for a run, checked field by field.

The form of the Prefect UI takes each field's name and words from the flow's docstring.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from alpha_oracle.config import MOST_CAPITAL_USD, CostSettings
from alpha_oracle.strategies import registry

StrategyName: TypeAlias = Annotated[
    str, Field(json_schema_extra={"enum": [strategy.name for strategy in registry.all()]})
]
Ticker: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}([./ _-][A-Za-z0-9]{1,4})?$")]
Capital: TypeAlias = Annotated[float, Field(gt=0, le=MOST_CAPITAL_USD, allow_inf_nan=False)]
SizingName: TypeAlias = Literal["half_kelly", "flat_cap"]
Parameters: TypeAlias = dict[str, bool | int | float | str]


class Costs(CostSettings):
    """What trading costs."""
