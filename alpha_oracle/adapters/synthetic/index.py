"""The index of the generated market and its fear: levels by session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.prices import peak
from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies
    from alpha_oracle.adapters.synthetic.factors import Factors
    from alpha_oracle.adapters.synthetic.prices import Paths

_FIRST_LEVEL: Final = 1_000.0
_SESSIONS_A_YEAR: Final = 252
_LONG_RUN_VARIANCE: Final = 0.0093**2
_NOW_WEIGHT: Final = 0.6
_PREMIUM: Final = 1.1
_VIX_NOISE: Final = 0.03
_VIX_RANGE: Final = 0.03


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Index points by session."""

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]


def index_levels(seed: int, companies: Companies, *, factors: Factors, paths: Paths) -> Levels:
    """Return the members' index: weighted by capitalisation, dividends left out."""
    sessions = len(factors.market)
    opening, closing = np.zeros(sessions), np.zeros(sessions)
    member = companies.is_member(sessions)
    weights = np.where(member[1:] & member[:-1], companies.character.shares * paths.worth[:-1], 0.0)
    opening[1:] = _weighted(paths.opening[1:], weights)
    closing[1:] = _weighted(paths.closing[1:], weights)
    return levels_of(
        seed,
        _FIRST_LEVEL * np.exp(np.cumsum(closing)),
        day=closing - opening,
        spread=0.8 * factors.volatility,
        purposes=(Purpose.INDEX_HIGH, Purpose.INDEX_LOW),
    )


def vix_levels(seed: int, factors: Factors) -> Levels:
    """Return the volatility index: what the coming month's volatility looks like at each close."""
    sessions = len(factors.market)
    coming = _NOW_WEIGHT * factors.next_volatility**2 + (1.0 - _NOW_WEIGHT) * _LONG_RUN_VARIANCE
    noise = normals(seed, Purpose.VIX, owners=[0], count=sessions)[:, 0]
    close = 100.0 * _PREMIUM * np.sqrt(_SESSIONS_A_YEAR * coming) * np.exp(_VIX_NOISE * noise)
    return levels_of(
        seed,
        close,
        day=0.7 * np.diff(np.log(close), prepend=np.log(close[0])),
        spread=np.full(sessions, _VIX_RANGE),
        purposes=(Purpose.VIX_HIGH, Purpose.VIX_LOW),
    )


def levels_of(
    seed: int,
    close: NDArray[np.float64],
    *,
    day: NDArray[np.float64],
    spread: NDArray[np.float64],
    purposes: tuple[Purpose, Purpose],
) -> Levels:
    """Return levels that close at `close`, `day` being the log return since the open.

    How far they range above and below is drawn from the streams of `purposes`, with the deviation
    `spread` of a log return.
    """
    above, below = (
        uniforms(seed, purpose, owners=[0], count=len(close))[:, 0] for purpose in purposes
    )
    start = close * np.exp(-day)
    return Levels(
        open=np.round(start, 2),
        high=np.round(start * np.exp(peak(day, spread=spread, draws=above)), 2),
        low=np.round(start * np.exp(-peak(-day, spread=spread, draws=below)), 2),
        close=np.round(close, 2),
    )


def _weighted(
    log_returns: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    whole = _total(weights)
    grown = _total(weights * np.exp(log_returns))
    # Without members the index stands still.
    return np.log(np.where(whole > 0.0, grown, 1.0) / np.where(whole > 0.0, whole, 1.0))


def _total(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # One by one: numpy's sum groups by width, so that later companies would change the last bit.
    return np.asarray(np.cumsum(values, axis=1)[:, -1])
