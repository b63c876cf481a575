"""Compiled arithmetic over a block of symbols: rows are bars in order, columns are symbols.

Every kernel walks the rows once and treats the columns of a row together, so that neighbouring
symbols share vector registers. A window is taken from two partial results (to the end of the last
stretch of `window` rows, and from the start of this one), never by adding and taking away: no
rounding accumulates, and a value that is not finite spoils only the windows that hold it.

Parameters are positional throughout, as the compiler asks for it. A kernel calls only kernels of
its own file: what was compiled before is kept until that file changes.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Block: TypeAlias = NDArray[np.float64]
"""`bars x symbols`: row i is each symbol's own i-th bar; NaN after a symbol's last."""

if TYPE_CHECKING:
    Compiled = TypeVar("Compiled", bound=Any)

    def kernel(function: Compiled) -> Compiled:
        """Compile a function, keep the result on disk, run it without the interpreter's lock."""
        return function
else:
    kernel: Final = njit(cache=True, nogil=True, error_model="numpy")


@kernel
def _sums_to_the_end(values: Block, start: int, sums: Block) -> None:
    for back in range(len(sums) - 2, 0, -1):
        for column in range(values.shape[1]):
            sums[back, column] = sums[back + 1, column] + values[start + back, column]


@kernel
def rolling_sum(values: Block, window: int) -> Block:
    """Return the sum of the last `window` rows; NaN before there are as many."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: window - 1] = np.nan
    earlier = np.zeros((window + 1, columns))
    current = np.zeros(columns)
    for row in range(rows):
        place = row % window
        if place == 0:
            current[:] = 0.0
            if row > 0:
                _sums_to_the_end(values, row - window, earlier)
        for column in range(columns):
            current[column] += values[row, column]
        if row >= window - 1:
            for column in range(columns):
                out[row, column] = earlier[place + 1, column] + current[column]
    return out


@kernel
def _largest_to_the_end(values: Block, start: int, largest: Block) -> None:
    for back in range(len(largest) - 2, 0, -1):
        for column in range(values.shape[1]):
            largest[back, column] = max(largest[back + 1, column], values[start + back, column])


@kernel
def rolling_max(values: Block, window: int) -> Block:
    """Return the largest of the last `window` rows; NaN before there are as many."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: window - 1] = np.nan
    earlier = np.full((window + 1, columns), -np.inf)
    current = np.full(columns, -np.inf)
    for row in range(rows):
        place = row % window
        if place == 0:
            current[:] = -np.inf
            if row > 0:
                _largest_to_the_end(values, row - window, earlier)
        for column in range(columns):
            current[column] = max(current[column], values[row, column])
        if row >= window - 1:
            for column in range(columns):
                out[row, column] = max(earlier[place + 1, column], current[column])
    return out


@kernel
def rolling_variance(values: Block, mean: Block, window: int) -> Block:
    """Return the population variance of the last `window` rows around their given mean."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: window - 1] = np.nan
    for row in range(window - 1, rows):
        out[row] = 0.0
        for back in range(window):
            for column in range(columns):
                distance = values[row - back, column] - mean[row, column]
                out[row, column] += distance * distance
        for column in range(columns):
            out[row, column] /= window
    return out


@kernel
def rolling_mean_distance(values: Block, mean: Block, window: int) -> Block:
    """Return the mean absolute distance of the last `window` rows from their given mean."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: window - 1] = np.nan
    for row in range(window - 1, rows):
        out[row] = 0.0
        for back in range(window):
            for column in range(columns):
                out[row, column] += abs(values[row - back, column] - mean[row, column])
        for column in range(columns):
            out[row, column] /= window
    return out


@kernel
def weighted_sum(values: Block, weights: NDArray[np.float64]) -> Block:
    """Return the sum of `weights[i]` times the row i rows back; NaN before there are as many."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[: len(weights) - 1] = np.nan
    for row in range(len(weights) - 1, rows):
        out[row] = 0.0
        for back in range(len(weights)):
            for column in range(columns):
                out[row, column] += weights[back] * values[row - back, column]
    return out


@kernel
def exponential_mean(values: Block, alpha: float, seed_rows: int, start: int) -> Block:
    """Return the mean that moves by `alpha` of the distance to each new row.

    It starts as the plain mean of `seed_rows` rows from row `start` on; NaN before their last.
    """
    rows, columns = values.shape
    out = np.empty((rows, columns))
    first = start + seed_rows - 1
    out[:first] = np.nan
    if first >= rows:
        return out
    out[first] = 0.0
    for row in range(start, first + 1):
        for column in range(columns):
            out[first, column] += values[row, column] / seed_rows
    for row in range(first + 1, rows):
        for column in range(columns):
            known = out[row - 1, column]
            out[row, column] = known + alpha * (values[row, column] - known)
    return out


@kernel
def directional_moves(high: Block, low: Block, close: Block) -> tuple[Block, Block, Block]:
    """Return true range, plus and minus directional movement of each row; 0 in the first."""
    rows, columns = close.shape
    true_range = np.zeros((rows, columns))
    plus = np.zeros((rows, columns))
    minus = np.zeros((rows, columns))
    for row in range(1, rows):
        for column in range(columns):
            top = max(high[row, column], close[row - 1, column])
            bottom = min(low[row, column], close[row - 1, column])
            true_range[row, column] = top - bottom
            up = high[row, column] - high[row - 1, column]
            down = low[row - 1, column] - low[row, column]
            plus[row, column] = up if up > 0.0 and up > down else 0.0
            minus[row, column] = down if down > 0.0 and down > up else 0.0
    return true_range, plus, minus


@kernel
def growth(values: Block, bars: int) -> Block:
    """Return each row against the one `bars` before it, less 1; NaN in the first `bars` rows."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[:bars] = np.nan
    for row in range(bars, rows):
        for column in range(columns):
            out[row, column] = values[row, column] / values[row - bars, column] - 1.0
    return out


@kernel
def log_ratio(above: Block, below: Block) -> Block:
    """Return the natural logarithm of `above / below`, one value at a time.

    Vectorised logarithms may round differently at the end of an array than inside it; a value
    must not depend on how many follow it.
    """
    rows, columns = above.shape
    out = np.empty((rows, columns))
    for row in range(rows):
        for column in range(columns):
            out[row, column] = log(above[row, column] / below[row, column])
    return out
