"""Short-term reversal: a sharp pullback in an uptrend is bought and sold into its recovery."""

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
class MeanReversionStrategy:
    """Buy what fell too fast above its 200-session mean, sell when the fall is made good.

    Connors and Alvarez (2009): RSI(2) below 10 in an uptrend, out when it is above 70; the close
    must also sit at the lower Bollinger band. Why it pays: Lo and MacKinlay (1990), short-term
    reversal. Strength is the depth of the fall, an RSI of 0 being 1.
    """

    name: ClassVar[str] = "MeanReversionStrategy"
    features: ClassVar[tuple[str, ...]] = ("rsi_2", "bollinger_percent_b", "sma_200_distance")

    oversold_rsi: float = 10.0
    recovered_rsi: float = 70.0
    low_percent_b: float = 0.1
    min_hold_days: int = 2
    max_hold_days: int = 10

    def decide(self, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]) -> Decisions:
        """Return its wishes for every session of the panel."""
        rsi = features["rsi_2"].astype(np.float64)
        is_low = features["bollinger_percent_b"] < self.low_percent_b
        return decisions(
            market,
            wanted=(rsi < self.oversold_rsi) & is_low & (features["sma_200_distance"] > 0),
            strength=1.0 - rsi / self.oversold_rsi,
            exits=rsi > self.recovered_rsi,
        )
