"""Compiled highs and lows of windows, and where a price stands among them.

Windows are taken from two partial results, as `kernels` does. As there, parameters are positional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from alpha_oracle.features.kernels import Block


@kernel
def _extremes_to_the_end(values: Block, start: int, sign: float, extremes: Block) -> None:
    for back in range(len(extremes) - 2, 0, -1):
        for column in range(values.shape[1]):
            value = sign * values[start + back, column]
            extremes[back, column] = max(extremes[back + 1, column], value)


@kernel
def excess_over_extreme(values: Block, among: Block, window: int, sign: float) -> Block:
    """Return each row against the extreme of the last `window` rows of `among`, less 1.

    The largest with `sign` 1, the smallest with -1; NaN before there are as many.
    """
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
                _extremes_to_the_end(among, row - window, sign, earlier)
        for column in range(columns):
            current[column] = max(current[column], sign * among[row, column])
        if row >= window - 1:
            for column in range(columns):
                extreme = sign * max(earlier[place + 1, column], current[column])
                out[row, column] = values[row, column] / extreme - 1.0
    return out


@kernel
def place_in_range(high: Block, low: Block, close: Block, window: int, bars: int) -> Block:
    """Return where each close stands in the range of `window` rows: 0 at its low, 1 at its high.

    The range is that of `bars` rows before; NaN until it is known.
    """
    rows, columns = close.shape
    out = np.empty((rows, columns))
    out[: window - 1 + bars] = np.nan
    tops, bottoms = np.empty((window + 1, columns)), np.empty((window + 1, columns))
    tops[:] = bottoms[:] = -np.inf
    top, bottom = np.empty(columns), np.empty(columns)
    for row in range(rows - bars):
        place = row % window
        if place == 0:
            top[:] = bottom[:] = -np.inf
            if row > 0:
                _extremes_to_the_end(high, row - window, 1.0, tops)
                _extremes_to_the_end(low, row - window, -1.0, bottoms)
        for column in range(columns):
            top[column] = max(top[column], high[row, column])
            bottom[column] = max(bottom[column], -low[row, column])
        if row >= window - 1:
            for column in range(columns):
                lowest = -max(bottoms[place + 1, column], bottom[column])
                highest = max(tops[place + 1, column], top[column])
                value = close[row + bars, column]
                out[row + bars, column] = (value - lowest) / (highest - lowest)
    return out
