"""Gaps out, gaps in: a symbol's features see its bars in a row, and nothing where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block

FLOAT32_LIMIT: Final = 3.4e38


@kernel
def pack(field: Block, valid: NDArray[np.bool_], gaps: int, first: int) -> Block:
    """Return the valid bars of the columns from `first` on, moved up so that no gap is left.

    `gaps` is how many bars are not valid.
    """
    rows, columns = valid.shape
    if gaps == 0:
        return field[:, first : first + columns].copy()
    out = np.full((rows, columns), np.nan)
    bars = np.zeros(columns, np.int64)
    for row in range(rows):
        for column in range(columns):
            if valid[row, column]:
                out[bars[column], column] = field[row, first + column]
                bars[column] += 1
    return out


@kernel
def unpack(
    packed: Block, valid: NDArray[np.bool_], gaps: int, out: NDArray[Any], first: int
) -> None:
    """Write a block to the sessions its bars came from; what is not finite becomes NaN."""
    rows, columns = valid.shape
    if gaps == 0:
        for row in range(rows):
            for column in range(columns):
                value = packed[row, column]
                out[row, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan
        return
    bars = np.zeros(columns, np.int64)
    for row in range(rows):
        for column in range(columns):
            value = np.nan
            if valid[row, column]:
                value = packed[bars[column], column]
                bars[column] += 1
            out[row, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan
