"""Series of returns with known properties."""

import numpy as np


def noise(count, *, sharpe=0.0, deviation=0.01, seed=1):
    """Independent normal returns with a true annualised Sharpe ratio."""
    mean = sharpe * deviation / np.sqrt(252)
    return np.random.default_rng(seed).normal(mean, deviation, count)


def remembering(count, *, memory, sharpe=0.0, seed=1):
    """A first-order autoregression with a true annualised Sharpe ratio and deviation 0.01."""
    shocks = np.random.default_rng(seed).normal(0.0, np.sqrt(1.0 - memory**2), count)
    shocks[0] /= np.sqrt(1.0 - memory**2)
    series = np.empty(count)
    series[0] = shocks[0]
    for row in range(1, count):
        series[row] = memory * series[row - 1] + shocks[row]
    return 0.01 * (series + sharpe / np.sqrt(252))
