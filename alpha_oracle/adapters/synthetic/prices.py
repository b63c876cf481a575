"""From returns to bars: the overnight gap, the day's range, volume, and cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.actions import Actions, decide_actions, dividend_fractions
from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies
    from alpha_oracle.adapters.synthetic.returns import Returns

_OVERNIGHT: Final = 0.3
_OVERNIGHT_EARNINGS: Final = 0.85
_MISSING_FRACTION: Final = 2e-5
_MAX_MISSING_RETURN: Final = 0.03
_VOLUME_SPREAD: Final = 0.35
_VOLUME_BY_SURPRISE: Final = 0.35
_MAX_SURPRISE: Final = 4.0
_VOLUME_BY_STRESS: Final = 0.3
_MIN_VOLUME: Final = 100.0
_CENT: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """What an original share is worth at each close, `sessions x companies`, USD.

    `opening` and `closing` are log returns, dividends left out, from the last close to the open
    and to the close. Outside a company's listing the figures mean nothing.
    """

    worth: NDArray[np.float64]
    opening: NDArray[np.float64]
    closing: NDArray[np.float64]
    actions: Actions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyBars:
    """Bars as traded, `sessions x companies`, NaN where there is none."""

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


def trace_paths(seed: int, companies: Companies, *, returns: Returns) -> Paths:
    """Return the paths the returns make, dividends paid out of them."""
    paid = dividend_fractions(companies, sessions=len(returns.total))
    payout = np.log1p(-paid)
    closing = returns.total + payout
    worth = _worth(companies, closing)
    return Paths(
        worth=worth,
        opening=_gaps(seed, companies, returns=returns) + payout,
        closing=closing,
        actions=decide_actions(companies, worth=worth, paid=paid),
    )


def draw_bars(
    seed: int, companies: Companies, *, paths: Paths, returns: Returns, stress: NDArray[np.float64]
) -> DailyBars:
    """Return the bars of the paths: ranges and volumes drawn, prices in cents as traded."""
    sessions = len(stress)
    day = paths.closing - paths.opening
    spread = returns.volatility * np.sqrt(1.0 - _OVERNIGHT)
    above = uniforms(seed, Purpose.HIGH, owners=companies.owner, count=sessions)
    below = uniforms(seed, Purpose.LOW, owners=companies.owner, count=sessions)
    close = paths.worth / paths.actions.shares
    start = close * np.exp(-day)
    missing = _is_missing(above, returns=returns, actions=paths.actions)
    has_bar = companies.is_listed(sessions) & ~missing
    volume = _volumes(seed, companies, returns=returns, stress=stress) * paths.actions.shares
    return DailyBars(
        open=_cents(start, has_bar),
        high=_cents(start * np.exp(peak(day, spread=spread, draws=above)), has_bar),
        low=_cents(start * np.exp(-peak(-day, spread=spread, draws=below)), has_bar),
        close=_cents(close, has_bar),
        volume=np.where(has_bar, np.maximum(np.rint(volume), _MIN_VOLUME), np.nan),
    )


def peak(
    day: NDArray[np.float64], *, spread: NDArray[np.float64], draws: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a day's highest log price above its open: the maximum of a Brownian bridge."""
    return 0.5 * (day + np.sqrt(day * day - 2.0 * spread * spread * np.log(draws)))


def _worth(companies: Companies, closing: NDArray[np.float64]) -> NDArray[np.float64]:
    path = np.cumsum(closing, axis=0)
    at_listing = path[companies.listed, np.arange(path.shape[1])]
    return companies.character.first_price_usd * np.exp(path - at_listing)


def _gaps(seed: int, companies: Companies, *, returns: Returns) -> NDArray[np.float64]:
    # Given a day's whole return, the part of it before the open is a Brownian bridge at that time.
    share = np.where(returns.is_earnings, _OVERNIGHT_EARNINGS, _OVERNIGHT)
    gaps = normals(seed, Purpose.GAP, owners=companies.owner, count=len(returns.total))
    gaps *= np.sqrt(share * (1.0 - share)) * returns.volatility
    gaps += share * returns.total
    return gaps


def _is_missing(
    draws: NDArray[np.float64], *, returns: Returns, actions: Actions
) -> NDArray[np.bool_]:
    # A quiet day only: the return over the hole then stays below the validation's jump bound.
    quiet = np.abs(returns.total) < _MAX_MISSING_RETURN
    quiet &= (actions.split == 1.0) & (actions.dividend == 0.0)
    return quiet & (draws < _MISSING_FRACTION)


def _volumes(
    seed: int, companies: Companies, *, returns: Returns, stress: NDArray[np.float64]
) -> NDArray[np.float64]:
    character = companies.character
    logs = normals(seed, Purpose.VOLUME, owners=companies.owner, count=len(returns.total))
    logs *= _VOLUME_SPREAD
    surprise = np.abs(returns.total) / returns.volatility
    logs += _VOLUME_BY_SURPRISE * np.minimum(surprise, _MAX_SURPRISE)
    logs += _VOLUME_BY_STRESS * np.log(stress)[:, None]
    return character.shares * character.daily_turnover_fraction * np.exp(logs)


def _cents(price: NDArray[np.float64], has_bar: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(has_bar, np.maximum(np.round(price, 2), _CENT), np.nan)
