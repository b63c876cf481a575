"""What models learn to foresee: the class of the return over the next sessions.

A label exists only once its horizon is over: how the price will end is never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.models import ReturnClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN: Final = -1
"""The class of a return that is not known."""


def forward_returns(close: NDArray[np.float64], *, horizon: int) -> NDArray[np.float64]:
    """Return each session's return over the `horizon` sessions after it, as a fraction.

    `close` is adjusted, USD, `sessions x symbols`. NaN where the horizon is not over within the
    rows given, or a price at either end is missing.
    """
    returns = np.full(close.shape, np.nan)
    if horizon < len(close):
        returns[:-horizon] = close[horizon:] / close[:-horizon] - 1.0
    return returns


def classes_of(returns: NDArray[np.float64], *, up: float, down: float) -> NDArray[np.int8]:
    """Return the `ReturnClass` of each return: UP from `up` on, DOWN to `down`, -1 if unknown."""
    classes = np.full(returns.shape, ReturnClass.NEUTRAL, np.int8)
    classes[returns >= up] = ReturnClass.UP
    classes[returns <= down] = ReturnClass.DOWN
    classes[~np.isfinite(returns)] = UNKNOWN
    return classes
