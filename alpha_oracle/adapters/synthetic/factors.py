"""What moves every company: calm and crisis, the market and the sectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.companies import SECTORS
from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CALM_VOLATILITY: Final = 0.0070
_CRISIS_VOLATILITY: Final = 0.0190
_TO_CRISIS: Final = 1.0 / 500.0
_TO_CALM: Final = 1.0 / 60.0
_CALM_DRIFT: Final = 0.0006
_CRISIS_DRIFT: Final = -0.0012
_NEWS: Final = 0.10
_MEMORY: Final = 0.80
_SECTOR_VOLATILITY: Final = 0.0050


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """Daily log returns of the market and of each sector beyond it, by session.

    `volatility` is the market's as known before the session, `next_volatility` after its close;
    `sector_volatility` that of a sector beyond the market. `stress` is the market's volatility in
    units of a calm day's.
    """

    market: NDArray[np.float64]
    sectors: NDArray[np.float64]
    volatility: NDArray[np.float64]
    next_volatility: NDArray[np.float64]
    sector_volatility: NDArray[np.float64]
    stress: NDArray[np.float64]


def draw_factors(seed: int, sessions: int) -> Factors:
    """Return the factors of the first `sessions` sessions."""
    is_crisis = _regimes(uniforms(seed, Purpose.REGIME, owners=[0], count=sessions)[:, 0])
    shocks = normals(seed, Purpose.FACTOR, owners=range(1 + len(SECTORS)), count=sessions)
    volatility = np.sqrt(_variances(shocks[:, 0], is_crisis))
    stress = volatility[:-1] / _CALM_VOLATILITY
    sector_volatility = _SECTOR_VOLATILITY * np.sqrt(stress)
    drift = np.where(is_crisis, _CRISIS_DRIFT, _CALM_DRIFT)
    return Factors(
        market=drift + volatility[:-1] * shocks[:, 0],
        sectors=sector_volatility[:, None] * shocks[:, 1:],
        volatility=volatility[:-1],
        next_volatility=volatility[1:],
        sector_volatility=sector_volatility,
        stress=stress,
    )


def _regimes(draws: NDArray[np.float64]) -> NDArray[np.bool_]:
    is_crisis = np.zeros(len(draws), dtype=np.bool_)
    now = False
    for position, draw in enumerate(draws):
        now = draw >= _TO_CALM if now else draw < _TO_CRISIS
        is_crisis[position] = now
    return is_crisis


def _variances(shocks: NDArray[np.float64], is_crisis: NDArray[np.bool_]) -> NDArray[np.float64]:
    levels = np.where(is_crisis, _CRISIS_VOLATILITY, _CALM_VOLATILITY) ** 2
    variances = np.empty(len(shocks) + 1)
    variances[0] = _CALM_VOLATILITY**2
    for position, (shock, level) in enumerate(zip(shocks, levels, strict=True)):
        before = variances[position]
        news = _NEWS * before * shock * shock
        variances[position + 1] = (1.0 - _NEWS - _MEMORY) * level + news + _MEMORY * before
    return variances
