"""Figures of histories that could have been: the stationary bootstrap of daily returns.

A resampled history strings together blocks of the observed one, of geometric length and wrapping
around its end (Politis & Romano 1994). The mean length is the one Politis & White (2004), as
corrected by Patton, Politis & White (2009), choose for the returns or for their squares, whichever
is longer: squares remember for longer how rough the market is.
"""

from __future__ import annotations

from math import ceil, log10, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.backtests import Interval, ResampledFigures
from alpha_oracle.research.metrics import NOISE, SESSIONS_A_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Figures = NDArray[np.float64]

RESAMPLES: Final = 2000
TAILS_PCT: Final = (2.5, 97.5)
HISTORIES_AT_ONCE: Final = 50
"""So many, that what is at work stays within a processor's cache."""

FEWEST_RETURNS: Final = 20
"""Below a month a history has nothing to be cut into."""

INSIGNIFICANT: Final = 2.0
"""Autocorrelations within so many standard errors of 0 count as none."""


def resampled_figures(
    returns: Floats, *, seed: int, resamples: int = RESAMPLES
) -> ResampledFigures:
    """Return the middle 95 % of figures over resampled histories as long as the observed one.

    The same arguments give the same draws, and a larger `resamples` begins with those of a smaller.
    Intervals are None for fewer than 20 returns, or where one history lacks the figure.
    """
    if len(returns) < FEWEST_RETURNS:
        return ResampledFigures(
            resamples=0,
            block_sessions=1.0,
            seed=seed,
            sharpe=None,
            sortino=None,
            cagr_pct=None,
            max_drawdown_pct=None,
        )
    block = block_sessions(returns)
    histories = _histories(returns, block=block, seed=seed, resamples=resamples)
    figures = np.concatenate([_figures(history) for history in histories], axis=1)
    sharpe, sortino, cagr, fall = (_interval(row) for row in figures)
    return ResampledFigures(
        resamples=resamples,
        block_sessions=block,
        seed=seed,
        sharpe=sharpe,
        sortino=sortino,
        cagr_pct=cagr,
        max_drawdown_pct=fall,
    )


def block_sessions(returns: Floats) -> float:
    """Return the mean length of a block: what the returns or their squares ask for, at least 1."""
    return max(1.0, optimal_block(returns), optimal_block(returns**2))


def optimal_block(series: Floats) -> float:
    """Return the mean block that estimates the variance of a series' mean best.

    Politis & White (2004), equation 9 for the stationary bootstrap, with D = 2 g(0)^2 from the
    correction of 2009; flat-top window over the lags up to twice the last significant one. 0 for
    a series without autocorrelation or variance.
    """
    count = len(series)
    moved = series - series.mean()
    if moved.std() < NOISE * NOISE:
        return 0.0
    quiet = max(5, int(log10(count)))
    lags = min(ceil(sqrt(count)) + quiet, count - 1)
    covariance = np.array([moved[lag:] @ moved[: count - lag] for lag in range(lags + 1)]) / count
    width = min(2 * max(_last_significant_lag(covariance, count, quiet=quiet), 1), lags)
    lag = np.arange(1, width + 1)
    weighted = 2.0 * np.clip(2.0 * (1.0 - lag / width), 0.0, 1.0) * covariance[1 : width + 1]
    spectrum, slope = covariance[0] + weighted.sum(), (weighted * lag).sum()
    longest = float(ceil(min(3.0 * sqrt(count), count / 3.0)))
    if spectrum == 0.0:
        return longest
    return min(float((count * slope**2 / spectrum**2) ** (1.0 / 3.0)), longest)


def resampled(
    returns: Floats, *, block: float, seed: int, first: int, histories: int = HISTORIES_AT_ONCE
) -> Floats:
    """Return resampled histories `first` and on, `histories x sessions`."""
    random = np.random.default_rng([seed, first])
    sessions = len(returns)
    begins = random.random((histories, sessions)) < 1.0 / block
    begins[:, 0] = True
    places = np.flatnonzero(begins)
    starts = random.integers(sessions, size=len(places))
    lengths = np.diff(places, append=begins.size)
    picked = np.arange(begins.size) + np.repeat(starts - places, lengths)
    return np.concatenate((returns, returns))[picked].reshape(begins.shape)


def _last_significant_lag(covariance: Floats, count: int, *, quiet: int) -> int:
    # The smallest lag that `quiet` insignificant ones follow; without one, the last significant.
    bound = INSIGNIFICANT * sqrt(log10(count) / count)
    loud = np.abs(covariance[1:] / covariance[0]) >= bound
    for lag in range(len(loud) - quiet + 1):
        if not loud[lag : lag + quiet].any():
            return lag
    return int(np.flatnonzero(loud)[-1]) + 1 if loud.any() else 0


def _histories(returns: Floats, *, block: float, seed: int, resamples: int) -> Iterator[Floats]:
    for first in range(0, resamples, HISTORIES_AT_ONCE):
        drawn = resampled(returns, block=block, seed=seed, first=first)
        yield drawn[: resamples - first]


def _figures(history: Floats) -> Figures:
    # Sharpe, Sortino, annual growth and deepest fall by history; NaN where one does not exist.
    sessions = history.shape[1]
    mean = history.mean(axis=1)
    deviation = np.sqrt(np.maximum((history**2).mean(axis=1) - mean**2, 0.0))
    deviation *= sqrt(sessions / (sessions - 1))
    downside = np.sqrt((np.minimum(history, 0.0) ** 2).mean(axis=1))
    with np.errstate(divide="ignore"):  # All is lost: growth is minus infinity from there on.
        growth = np.log1p(history).cumsum(axis=1)
    peak = np.maximum.accumulate(np.maximum(growth, 0.0), axis=1)
    return np.stack(
        [
            _ratio(mean, deviation),
            _ratio(mean, downside),
            np.expm1(growth[:, -1] * (SESSIONS_A_YEAR / sessions)) * 100,
            -np.expm1((growth - peak).min(axis=1)) * 100,
        ]
    )


def _ratio(mean: Floats, deviation: Floats) -> Floats:
    return mean / np.where(deviation < NOISE, np.nan, deviation) * sqrt(SESSIONS_A_YEAR)


def _interval(values: Floats) -> Interval | None:
    if not np.isfinite(values).all():
        return None
    low, high = np.percentile(values, TAILS_PCT)
    return Interval(low=float(low), high=float(high))
