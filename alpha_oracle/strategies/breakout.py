"""Breakout: a close above its channel, near the year's high, on heavy volume, is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from alpha_oracle.strategies.base import decisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.strategies.base import Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakoutStrategy:
    """Buy a new 55-session high confirmed by volume, sell a new 20-session low.

    The second system of the Turtles (Faith, 2007), on closes, long only. The close must be within
    `max_below_high_fraction` of its 52-week high: George and Hwang (2004), nearness to that high
    is what momentum pays for. Strength is the volume ratio, `full_volume_ratio` being 1.
    """

    name: ClassVar[str] = "BreakoutStrategy"
    features: ClassVar[tuple[str, ...]] = (
        "donchian_position_55",
        "donchian_position_20",
        "distance_52w_high",
        "volume_ratio_20",
    )

    max_below_high_fraction: float = 0.05
    min_volume_ratio: float = 1.5
    full_volume_ratio: float = 4.0
    min_hold_days: int = 5
    max_hold_days: int = 63

    def decide(self, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]) -> Decisions:
        """Return its wishes for every session of the panel."""
        volume_ratio = features["volume_ratio_20"].astype(np.float64)
        is_new_high = features["donchian_position_55"] > 1
        is_near_high = features["distance_52w_high"] > -self.max_below_high_fraction
        return decisions(
            market,
            wanted=is_new_high & is_near_high & (volume_ratio > self.min_volume_ratio),
            strength=volume_ratio / self.full_volume_ratio,
            exits=features["donchian_position_20"] < 0,
        )
