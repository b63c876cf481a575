"""Gaps out, gaps in: a symbol's features see its bars in a row, and nothing where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block

    Mask = NDArray[np.bool_]
    Columns = NDArray[np.int64]

FLOAT32_LIMIT: Final = 3.4e38


@kernel
def pack(field: Block, valid: Mask, gappy: Columns, first: int) -> Block:
    """Return the columns of a field from `first` on, bars moved up so that no gap is left.

    `gappy` names the columns in which a bar is not valid; NaN follows their last.
    """
    rows, columns = valid.shape
    out = field[:, first : first + columns].copy()
    for column in gappy:
        bars = 0
        for row in range(rows):
            if valid[row, column]:
                out[bars, column] = field[row, first + column]
                bars += 1
        out[bars:, column] = np.nan
    return out


@kernel
def unpack(packed: Block, valid: Mask, gappy: Columns, out: NDArray[Any], first: int) -> None:
    """Write a block to the sessions its bars came from; what is not finite becomes NaN."""
    rows, columns = valid.shape
    for row in range(rows):
        for column in range(columns):
            value = packed[row, column]
            out[row, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan
    for column in gappy:
        bars = 0
        for row in range(rows):
            value = np.nan
            if valid[row, column]:
                value = packed[bars, column]
                bars += 1
            out[row, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan
