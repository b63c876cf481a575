"""How much of a Sharpe ratio is luck: of one history, and of having tried often.

Bailey & Lopez de Prado, "The Sharpe Ratio Efficient Frontier" (2012) and "The Deflated Sharpe
Ratio" (2014). Their formulas speak of the ratio a session; what a person reads is annualised.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, e, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.backtests import ChanceFigures
from alpha_oracle.research.metrics import NOISE, SESSIONS_A_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
EULER: Final = float(np.euler_gamma)
NORMAL: Final = NormalDist()
NORMAL_KURTOSIS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpeEstimate:
    """A Sharpe ratio a session (not annualised), with the shape of the returns it comes from.

    A normal distribution has a skew of 0 and a kurtosis of 3.
    """

    ratio: float
    sessions: int
    skew: float = 0.0
    kurtosis: float = NORMAL_KURTOSIS

    @property
    def variance(self) -> float:
        """The variance of the estimate times the sessions but one; above 0 for any real series."""
        return 1.0 - self.skew * self.ratio + (self.kurtosis - 1.0) / 4.0 * self.ratio**2


def sharpe_estimate(returns: NDArray[np.float64]) -> SharpeEstimate | None:
    """Return the estimate of a series; None for a constant one or fewer than two returns."""
    if len(returns) < 2 or (deviation := float(returns.std())) < NOISE:  # noqa: PLR2004 - As Sharpe.
        return None
    scaled = (returns - returns.mean()) / deviation
    return SharpeEstimate(
        ratio=float(returns.mean() / returns.std(ddof=1)),
        sessions=len(returns),
        skew=float(np.mean(scaled**3)),
        kurtosis=float(np.mean(scaled**4)),
    )


def probabilistic_sharpe(estimate: SharpeEstimate, *, threshold: float = 0.0) -> float:
    """Return the confidence (0 to 1) that the true ratio is above a threshold, both a session."""
    deviation = sqrt(estimate.variance / (estimate.sessions - 1))
    return NORMAL.cdf((estimate.ratio - threshold) / deviation)


def luckiest_sharpe(*, trials: int, deviation: float) -> float:
    """Return the ratio expected of the best of independent trials without skill.

    `deviation` is that of the trials' ratios, in the unit of the answer. One trial is no choice
    and expects 0.
    """
    if trials <= 1:
        return 0.0
    common, rare = NORMAL.inv_cdf(1.0 - 1.0 / trials), NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return deviation * ((1.0 - EULER) * common + EULER * rare)


def sessions_needed(
    estimate: SharpeEstimate, *, threshold: float = 0.0, confidence: float = CONFIDENCE
) -> int | None:
    """Return the shortest record on which the same ratio would be above a threshold, in sessions.

    None where the ratio (both a session) is not above it: no length would do.
    """
    if estimate.ratio <= threshold:
        return None
    distance = NORMAL.inv_cdf(confidence) / (estimate.ratio - threshold)
    return ceil(1.0 + estimate.variance * distance**2)


def chance_figures(
    returns: NDArray[np.float64], *, trial_sharpes: Sequence[float | None]
) -> ChanceFigures:
    """Return how far the Sharpe ratio of a record lies from what luck shows.

    `trial_sharpes` are the annualised ratios of everything tried, this record included. A trial
    without a ratio (it never traded) counts as a trial and says nothing of how ratios spread.
    Related trials count as so many independent ones, which errs towards doubt. Two trials are the
    fewest that spread: fewer leave the luckiest ratio at 0.
    """
    return chance_of(sharpe_estimate(returns), trial_sharpes=trial_sharpes)


def chance_of(
    estimate: SharpeEstimate | None, *, trial_sharpes: Sequence[float | None]
) -> ChanceFigures:
    """Return the same for an estimate; None stands for a record without one."""
    trials = max(len(trial_sharpes), 1)
    if estimate is None:
        return ChanceFigures(
            trials=trials,
            luckiest_sharpe=None,
            probabilistic_sharpe=None,
            deflated_sharpe=None,
            sessions_needed=None,
        )
    known = [ratio for ratio in trial_sharpes if ratio is not None]
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    luckiest = luckiest_sharpe(trials=trials, deviation=deviation)
    return ChanceFigures(
        trials=trials,
        luckiest_sharpe=luckiest,
        probabilistic_sharpe=probabilistic_sharpe(estimate),
        deflated_sharpe=probabilistic_sharpe(estimate, threshold=luckiest / sqrt(SESSIONS_A_YEAR)),
        sessions_needed=sessions_needed(estimate),
    )
