"""How a symbol moves with the market: the line through its returns and those of SPY."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from alpha_oracle.features.declaration import Panel, feature, shared
from alpha_oracle.features.kernels import Block, kernel
from alpha_oracle.features.quotients import over_positive
from alpha_oracle.features.series import log_ratio
from alpha_oracle.features.technical import volatility  # noqa: F401 - declares `log_return`.

SESSIONS_A_YEAR: Final = 252

# Returns that never change differ from their mean by rounding alone.
NOISE: Final = 1e-12


class Spreads(NamedTuple):
    """Sums over a window of products of two returns, each less its mean."""

    together: Panel
    market: Panel
    own: Panel


@shared
def spy_log_return(spy: Panel) -> Panel:
    """Natural logarithm of SPY over SPY at the symbol's bar before; NaN in the first bar."""
    return log_ratio(spy, spy, bars=1)


@shared
def spreads_60(log_return: Panel, spy_log_return: Panel) -> Spreads:
    """What the line through 60 pairs of returns is drawn from."""
    return Spreads(*_rolling_spreads(log_return, spy_log_return, 60))


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=61, stretch=60)
def spy_beta_60(spreads_60: Spreads) -> Panel:
    """Slope of 60 daily log returns on those of SPY, by least squares with an intercept.

    The market model of Sharpe (1963). NaN until 61 sessions are known.
    """
    return spreads_60.together / spreads_60.market


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=253, stretch=252)
def spy_beta_252(log_return: Panel, spy_log_return: Panel) -> Panel:
    """Slope of 252 daily log returns on those of SPY, by least squares with an intercept.

    The market model of Sharpe (1963). NaN until 253 sessions are known.
    """
    together, market, _ = _rolling_spreads(log_return, spy_log_return, 252)
    return together / market


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=61, stretch=60)
def spy_correlation_60(spreads_60: Spreads) -> Panel:
    """Correlation of 60 daily log returns with those of SPY, -1 to 1.

    Pearson. NaN until 61 sessions are known, or where the close never moved.
    """
    together, market, own = spreads_60
    return np.clip(over_positive(together, np.sqrt(market * own)), -1.0, 1.0)


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=61, stretch=60)
def idiosyncratic_volatility_60(spreads_60: Spreads) -> Panel:
    """Annualised deviation of 60 daily log returns from the line on SPY's, as a fraction.

    sqrt(252 x squared residuals / (60 - 2)); Ang, Hodrick, Xing and Zhang (2006), with the market
    alone. NaN until 61 sessions are known.
    """
    return _annualised_residual(*spreads_60, 60)


@kernel
def _annualised_residual(together: Block, market: Block, own: Block, window: int) -> Block:
    scale = SESSIONS_A_YEAR / (window - 2)
    return np.sqrt(scale * np.maximum(own - together * together / market, 0.0))


@kernel
def _sums_to_the_end(own: Block, market: Block, start: int, sums: Block) -> None:
    for back in range(sums.shape[1] - 2, 0, -1):
        for column in range(own.shape[1]):
            x, y = market[start + back, column], own[start + back, column]
            sums[0, back, column] = sums[0, back + 1, column] + x
            sums[1, back, column] = sums[1, back + 1, column] + y
            sums[2, back, column] = sums[2, back + 1, column] + x * y
            sums[3, back, column] = sums[3, back + 1, column] + x * x
            sums[4, back, column] = sums[4, back + 1, column] + y * y


@kernel
def _add(own: Block, market: Block, row: int, sums: Block) -> None:
    for column in range(own.shape[1]):
        x, y = market[row, column], own[row, column]
        sums[0, column] += x
        sums[1, column] += y
        sums[2, column] += x * y
        sums[3, column] += x * x
        sums[4, column] += y * y


@kernel
def _spread(squares: float, total: float, window: int) -> float:
    spread = squares - total * total / window
    # What is unknown stays unknown.
    return 0.0 if spread <= NOISE * squares else spread


@kernel
def _rolling_spreads(own: Block, market: Block, window: int) -> tuple[Block, Block, Block]:
    rows, columns = own.shape
    out = np.empty((3, rows, columns))
    out[:, : window - 1] = np.nan
    earlier, current = np.zeros((5, window + 1, columns)), np.zeros((5, columns))
    for row in range(rows):
        place = row % window
        if place == 0:
            current[:] = 0.0
            if row > 0:
                _sums_to_the_end(own, market, row - window, earlier)
        _add(own, market, row, current)
        if row >= window - 1:
            for column in range(columns):
                x = earlier[0, place + 1, column] + current[0, column]
                y = earlier[1, place + 1, column] + current[1, column]
                products = earlier[2, place + 1, column] + current[2, column]
                x_squares = earlier[3, place + 1, column] + current[3, column]
                y_squares = earlier[4, place + 1, column] + current[4, column]
                out[0, row, column] = products - x * y / window
                out[1, row, column] = _spread(x_squares, x, window)
                out[2, row, column] = _spread(y_squares, y, window)
    return out[0], out[1], out[2]
