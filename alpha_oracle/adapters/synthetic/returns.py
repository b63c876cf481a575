"""Daily log returns of every company: factors, its own shocks, and what is planted in them.

Two things are planted so that a strategy has something to find, and stated here so that nobody
takes it for a discovery. Of a company's own shock, `_OVERREACTION` comes on top at once and fades
within days (mean reversion), and `_UNDERREACTION` follows over the next months (momentum).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.companies import QUARTER_SESSIONS
from alpha_oracle.adapters.synthetic.streams import Purpose, normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies
    from alpha_oracle.adapters.synthetic.factors import Factors

MAX_LOG_RETURN: Final = 0.28
"""Below the jump bound of the validation (1.4) even beside a missing bar."""

_OVERREACTION: Final = 0.12
_FADE: Final = 0.75
_UNDERREACTION: Final = 0.25
_DRIFT_MEMORY: Final = 0.5 ** (1.0 / 80.0)
_NEWS: Final = 0.06
_MEMORY: Final = 0.90
_MAX_NEWS: Final = 9.0
_EARNINGS_VOLATILITY: Final = 0.045
_DECLINE_SESSIONS: Final = 250
_DECLINE_DRIFT: Final = -0.004
_OFFER_SESSIONS: Final = 40
_AFTER_OFFER: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Returns:
    """Daily log returns and the volatility they were drawn with, `sessions x companies`."""

    total: NDArray[np.float64]
    volatility: NDArray[np.float64]
    is_earnings: NDArray[np.bool_]


def draw_returns(seed: int, companies: Companies, *, factors: Factors) -> Returns:
    """Return every company's returns, also outside its listing, where they mean nothing."""
    sessions = len(factors.market)
    beta = companies.character.beta
    is_earnings = falls_on(companies.character.earnings_phase, sessions=sessions)
    total, variance = _own_returns(seed, companies, factors=factors, is_earnings=is_earnings)
    total += factors.market[:, None] * beta
    total += factors.sectors[:, companies.sector]
    variance += (factors.volatility**2)[:, None] * beta**2
    variance += (factors.sector_volatility**2)[:, None]
    volatility = np.sqrt(variance, out=variance)
    _play_endings(companies, total=total, volatility=volatility)
    np.clip(total, -MAX_LOG_RETURN, MAX_LOG_RETURN, out=total)
    return Returns(total=total, volatility=volatility, is_earnings=is_earnings)


def falls_on(phase: NDArray[np.int64], *, sessions: int) -> NDArray[np.bool_]:
    """Return each company's one session a quarter, `sessions x companies`."""
    return np.equal(np.arange(sessions)[:, None] % QUARTER_SESSIONS, phase)


def _own_returns(
    seed: int, companies: Companies, *, factors: Factors, is_earnings: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sessions = len(factors.market)
    returns = normals(seed, Purpose.SHOCK, owners=companies.owner, count=sessions)
    surprises = _surprises(seed, companies, is_earnings=is_earnings)
    level = companies.character.daily_volatility**2
    variances = np.empty_like(returns)
    variance = level
    drift = np.zeros_like(level)
    overshoot = np.zeros_like(level)
    for position, stress in enumerate(factors.stress):
        variances[position] = variance
        ordinary = np.sqrt(variance) * returns[position]
        news = ordinary + surprises[position]
        # Half the variance off the log return leaves the expected price unmoved by risk alone.
        returns[position] = drift - 0.5 * variance - (1.0 - _FADE) * overshoot
        returns[position] += news * (1.0 + _OVERREACTION)
        overshoot = _FADE * overshoot + _OVERREACTION * news
        drift = _DRIFT_MEMORY * drift + _UNDERREACTION * (1.0 - _DRIFT_MEMORY) * news
        echo = np.minimum(ordinary * ordinary, _MAX_NEWS * variance)
        variance = (1.0 - _NEWS - _MEMORY) * stress * level + _NEWS * echo + _MEMORY * variance
    return returns, variances


def _surprises(
    seed: int, companies: Companies, *, is_earnings: NDArray[np.bool_]
) -> NDArray[np.float64]:
    sessions = len(is_earnings)
    quarters = sessions // QUARTER_SESSIONS + 1
    sizes = normals(seed, Purpose.EARNINGS, owners=companies.owner, count=quarters)
    by_session = np.repeat(sizes, QUARTER_SESSIONS, axis=0)[:sessions]
    return np.where(is_earnings, _EARNINGS_VOLATILITY * by_session, 0.0)


def _play_endings(
    companies: Companies, *, total: NDArray[np.float64], volatility: NDArray[np.float64]
) -> None:
    left = companies.delisted - np.arange(len(total))[:, None]
    total += np.where(~companies.is_acquired & (left <= _DECLINE_SESSIONS), _DECLINE_DRIFT, 0.0)
    calm = np.where(companies.is_acquired & (left < _OFFER_SESSIONS), _AFTER_OFFER, 1.0)
    total *= calm
    volatility *= calm
    offered = companies.is_acquired & (left == _OFFER_SESSIONS)
    np.copyto(total, companies.character.premium, where=offered)
