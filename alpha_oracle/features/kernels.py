"""Compiled arithmetic over a block of symbols: rows are bars in order, columns are symbols.

Every kernel walks the rows once and treats the columns of a row together, so that neighbouring
symbols share vector registers. A window is taken from two partial results (to the end of the last
stretch of `window` rows, and from the start of this one), never by adding and taking away: no
rounding accumulates, and a value that is not finite spoils only the windows that hold it.

Parameters are positional throughout, as the compiler asks for it. A kernel calls only kernels of
its own file: what was compiled before is kept until that file changes.
"""

from __future__ import annotations

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
def rolling_sum(values: Block, window: int, weight: float) -> Block:
    """Return `weight` times the sum of the last `window` rows; NaN before there are as many."""
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
                out[row, column] = weight * (earlier[place + 1, column] + current[column])
    return out


@kernel
def excess_over_mean(values: Block, window: int) -> Block:
    """Return each row against the mean of the last `window` rows, less 1.

    NaN before there are as many.
    """
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
                total = earlier[place + 1, column] + current[column]
                out[row, column] = window * values[row, column] / total - 1.0
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
