"""Compiled means with a memory, Wilder's and Appel's: each indicator in one walk over its bars.

A mean keeps a share of itself and takes the rest from each new row; while it is being seeded it
only adds. What an indicator needs of the row before it holds in a few values a symbol, so that
nothing is written but its answer. As in `kernels`, parameters are positional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from alpha_oracle.features.kernels import Block


@kernel
def _shares(row: int, start: int, period: int, alpha: float) -> tuple[float, float]:
    # What a mean keeps of itself and takes of a row: at first it is the plain mean of `period`.
    if row < start:
        return 0.0, 0.0
    if row < start + period:
        return 1.0, 1.0 / period
    return 1.0 - alpha, alpha


@kernel
def exponential_mean(values: Block, alpha: float, period: int, start: int) -> Block:
    """Return the mean that moves by `alpha` of the distance to each new row.

    It starts as the plain mean of `period` rows from row `start` on; NaN before their last.
    """
    out = np.empty_like(values)
    out[start : start + 1] = values[start : start + 1] / period
    for row in range(start + 1, len(values)):
        kept, taken = _shares(row, start, period, alpha)
        for column in range(values.shape[1]):
            out[row, column] = kept * out[row - 1, column] + taken * values[row, column]
    out[: start + period - 1] = np.nan
    return out


@kernel
def convergence(close: Block, fast: int, slow: int) -> Block:
    """Return the fast exponential mean of the close less the slow one.

    Both begin on the bar that completes the slower one, as Appel's tables do.
    """
    rows, columns = close.shape
    out = np.empty((rows, columns))
    quick, calm = np.zeros(columns), np.zeros(columns)
    for row in range(rows):
        quick_kept, quick_taken = _shares(row, slow - fast, fast, 2.0 / (fast + 1.0))
        calm_kept, calm_taken = _shares(row, 0, slow, 2.0 / (slow + 1.0))
        for column in range(columns):
            value = close[row, column]
            quick[column] = quick_kept * quick[column] + quick_taken * value
            calm[column] = calm_kept * calm[column] + calm_taken * value
            out[row, column] = quick[column] - calm[column]
    out[: slow - 1] = np.nan
    return out


@kernel
def relative_strength(close: Block, period: int) -> Block:
    """Return Wilder's mean gain as percent of mean gain and mean loss; NaN until both are known."""
    rows, columns = close.shape
    out = np.empty((rows, columns))
    out[:period] = np.nan
    gain, loss = np.zeros(columns), np.zeros(columns)
    for row in range(1, rows):
        kept, taken = _shares(row, 1, period, 1.0 / period)
        for column in range(columns):
            change = close[row, column] - close[row - 1, column]
            gain[column] = kept * gain[column] + taken * max(change, 0.0)
            loss[column] = kept * loss[column] + taken * max(-change, 0.0)
        if row >= period:
            for column in range(columns):
                out[row, column] = 100.0 * gain[column] / (gain[column] + loss[column])
    return out


@kernel
def _true_range(high: float, low: float, close_before: float) -> float:
    return max(high, close_before) - min(low, close_before)


@kernel
def average_range(high: Block, low: Block, close: Block, period: int) -> Block:
    """Return Wilder's mean of the true range as a fraction of the close."""
    rows, columns = close.shape
    out = np.empty((rows, columns))
    out[:period] = np.nan
    mean = np.zeros(columns)
    for row in range(1, rows):
        kept, taken = _shares(row, 1, period, 1.0 / period)
        for column in range(columns):
            reach = _true_range(high[row, column], low[row, column], close[row - 1, column])
            mean[column] = kept * mean[column] + taken * reach
        if row >= period:
            for column in range(columns):
                out[row, column] = mean[column] / close[row, column]
    return out


@kernel
def directional(high: Block, low: Block, close: Block, period: int) -> tuple[Block, Block]:
    """Return Wilder's means of upward and downward movement as percent of that of true range.

    His sums hold `period - 1` moves before the first is let go, hence a seed that counts bar 0.
    """
    rows, columns = close.shape
    plus, minus = np.empty((rows, columns)), np.empty((rows, columns))
    plus[:period] = minus[:period] = np.nan
    reach, rise, fall = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for row in range(1, rows):
        kept, taken = _shares(row, 0, period, 1.0 / period)
        for column in range(columns):
            up = max(high[row, column] - high[row - 1, column], 0.0)
            down = max(low[row - 1, column] - low[row, column], 0.0)
            span = _true_range(high[row, column], low[row, column], close[row - 1, column])
            reach[column] = kept * reach[column] + taken * span
            rise[column] = kept * rise[column] + (taken * up if up > down else 0.0)
            fall[column] = kept * fall[column] + (taken * down if down > up else 0.0)
        if row >= period:
            for column in range(columns):
                plus[row, column] = 100.0 * rise[column] / reach[column]
                minus[row, column] = 100.0 * fall[column] / reach[column]
    return plus, minus


@kernel
def directional_index(plus: Block, minus: Block, period: int) -> Block:
    """Return Wilder's mean of `100 x |plus - minus| / (plus + minus)`; no direction counts as 0."""
    rows, columns = plus.shape
    out = np.empty((rows, columns))
    mean = np.zeros(columns)
    for row in range(period, rows):
        kept, taken = _shares(row, period, period, 1.0 / period)
        for column in range(columns):
            total = plus[row, column] + minus[row, column]
            index = 100.0 * abs(plus[row, column] - minus[row, column]) / total
            mean[column] = kept * mean[column] + taken * (index if total > 0.0 else 0.0)
            out[row, column] = mean[column]
    out[: 2 * period - 1] = np.nan
    return out
