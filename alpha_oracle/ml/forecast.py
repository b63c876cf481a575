"""What models expect: the probability of each class of return, session by session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.models import ReturnClass

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """Calibrated probabilities, `sessions x symbols x classes` as `ReturnClass` orders them.

    They sum to 1; NaN where nothing was forecast.
    """

    probabilities: NDArray[np.float32]

    @classmethod
    def nothing(cls, sessions: int, symbols: int) -> Forecast:
        """Return a forecast of nothing."""
        shape = (sessions, symbols, len(ReturnClass))
        return cls(probabilities=np.full(shape, np.nan, np.float32))

    def probability(self, outcome: ReturnClass) -> NDArray[np.float32]:
        """Return the probability of a class, `sessions x symbols`."""
        return self.probabilities[:, :, outcome]

    def is_predicted(self, outcome: ReturnClass) -> NDArray[np.bool_]:
        """Return where a class is the most probable one; of equal ones, the lower class."""
        known = np.isfinite(self.probabilities).all(axis=2)
        likeliest = np.argmax(np.nan_to_num(self.probabilities, nan=-1.0), axis=2)
        predicted: NDArray[np.bool_] = known & (likeliest == outcome)
        return predicted
