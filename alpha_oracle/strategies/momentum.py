"""Cross-sectional momentum: what rose most over a year keeps rising for a few months."""

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
class MomentumStrategy:
    """Hold the winners of the last year, the latest month left out, while their trend lasts.

    Jegadeesh and Titman (1993): buy the top decile by 12-1 month return, hold about three months.
    Only a rising symbol above its 200-session mean is bought (trend filter of Faber, 2007). It is
    sold when it leaves the top `keep_fraction` of the universe or falls below that mean. Strength
    is the place in the entry group, the best being 1.
    """

    name: ClassVar[str] = "MomentumStrategy"
    features: ClassVar[tuple[str, ...]] = ("momentum_12_1", "sma_200_distance")

    entry_fraction: float = 0.1
    keep_fraction: float = 0.3
    min_hold_days: int = 5
    max_hold_days: int = 63

    def decide(self, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]) -> Decisions:
        """Return its wishes for every session of the panel."""
        momentum, trend = features["momentum_12_1"], features["sma_200_distance"]
        place = _place_from_top(np.where(market.is_member, momentum, np.nan))
        return decisions(
            market,
            wanted=(place < self.entry_fraction) & (momentum > 0) & (trend > 0),
            strength=1.0 - place / self.entry_fraction,
            exits=(place >= self.keep_fraction) | (trend < 0),
        )


def _place_from_top(values: NDArray[np.float32]) -> NDArray[np.float64]:
    # The share of the session's values above each: 0 for the highest; NaN has no place.
    descending = np.argsort(-values, axis=1, kind="stable")
    place = np.empty(values.shape, np.float64)
    ranks = np.broadcast_to(np.arange(values.shape[1], dtype=np.float64), values.shape)
    np.put_along_axis(place, descending, ranks, axis=1)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, place / count, np.nan)
