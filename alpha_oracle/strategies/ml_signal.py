"""ML signals: what a model expects to rise is bought, what it expects to fall is sold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from alpha_oracle.domain.models import ReturnClass
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.base import STRENGTH_DIGITS, decisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.forecast import Forecast
    from alpha_oracle.strategies.base import Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class MLSignalStrategy:
    """Follow a model's forecast of the return over its horizon, where it is sure enough.

    A symbol whose likeliest class is UP is bought, one whose likeliest class is DOWN is closed by a
    SHORT; the probability of that class, `confidence_threshold` or more, is the strength. NEUTRAL
    wants nothing. A forecast says nothing beyond its horizon, 5 sessions unless set otherwise: the
    longest hold is two of them, the second one's forecast having had its say meanwhile.

    Without a forecast nothing is wanted, and only what leaves the universe is closed.
    """

    name: ClassVar[str] = "MLSignalStrategy"
    features: ClassVar[tuple[str, ...]] = ()

    confidence_threshold: float = 0.55
    min_hold_days: int = 3
    max_hold_days: int = 10
    forecast: Forecast | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence_threshold <= 1.0:
            raise ConfigurationError(
                f"confidence_threshold is {self.confidence_threshold:g}; "
                "it is a probability, give 0 to 1"
            )

    def informed_by(self, forecast: Forecast) -> MLSignalStrategy:
        """Return the strategy with the forecast of the panel it is to decide on."""
        return replace(self, forecast=forecast)

    def decide(self, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]) -> Decisions:
        """Return its wishes for every session of the panel.

        Raises:
            ConfigurationError: the forecast is of another panel.
        """
        del features  # Its model has read them.
        rise = self._confidence(market, ReturnClass.UP)
        return decisions(
            market,
            wanted=~np.isnan(rise),
            strength=rise,
            exits=np.zeros(rise.shape, np.bool_),
            short=self._confidence(market, ReturnClass.DOWN),
        )

    def _confidence(self, market: MarketPanel, outcome: ReturnClass) -> NDArray[np.float64]:
        shape = market.is_member.shape
        if self.forecast is None:
            return np.full(shape, np.nan)
        told = np.round(self.forecast.probability(outcome).astype(np.float64), STRENGTH_DIGITS)
        if told.shape != shape:
            raise ConfigurationError(
                f"the forecast is of {told.shape} and the market of {shape}, sessions x "
                "symbols; inform the strategy by a forecast of the same market"
            )
        is_sure = told >= self.confidence_threshold
        return np.where(self.forecast.is_predicted(outcome) & is_sure, told, np.nan)
