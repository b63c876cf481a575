"""How well orders were executed on the whole: percentiles of what each was measured at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PERCENTILES: Final = (50, 90, 95, 99)

MEASURES: Final = (
    "slippage_bps",
    "effective_spread_bps",
    "shortfall_usd",
    "acceptance_seconds",
    "fill_seconds",
)
"""Above 0 is worse for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySummary:
    """The orders of a type. `measured` holds for each measure its value at each percentile.

    Between two orders a percentile lies on the line between them; a measure that was taken of none
    of them is left out.
    """

    order_type: str
    orders: int
    measured: Mapping[str, Mapping[int, float]]
