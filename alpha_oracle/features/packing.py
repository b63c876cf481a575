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
def pack(block: Block, valid: Mask, gappy: Columns) -> Block:
    """Return a block with each column's valid bars moved up, so that no gap is left.

    `gappy` names the columns in which a bar is not valid; NaN follows their last.
    """
    out = block.copy()
    for column in gappy:
        bars = 0
        for row in range(len(valid)):
            if valid[row, column]:
                out[bars, column] = block[row, column]
                bars += 1
        out[bars:, column] = np.nan
    return out


@kernel
def unpack(packed: Block, valid: Mask, gappy: Columns, out: NDArray[Any], first: int) -> None:
    """Write a block to the sessions its bars came from; what is not finite becomes NaN.

    Its columns go to those of `out` from `first` on. `out` may hold fewer sessions: the last ones.
    """
    rows, columns = valid.shape
    start = rows - len(out)
    for row in range(start, rows):
        for column in range(columns):
            value = packed[row, column]
            out[row - start, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan
    for column in gappy:
        bars = 0
        for row in range(rows):
            value = np.nan
            if valid[row, column]:
                value = packed[bars, column]
                bars += 1
            if row >= start:
                out[row - start, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan


@kernel
def pack_last(field: Block, valid: Mask, counts: Columns, bars: int) -> Block:
    """Return the last valid bars of each column, `counts` of them, in `bars` rows.

    NaN follows the last.
    """
    columns = field.shape[1]
    out = np.full((bars, columns), np.nan)
    for column in range(columns):
        left, row = counts[column], len(valid)
        while left > 0:
            row -= 1
            if valid[row, column]:
                left -= 1
                out[left, column] = field[row, column]
    return out


@kernel
def unpack_last(packed: Block, valid: Mask, ahead: Columns, out: NDArray[Any], first: int) -> None:
    """Write a block of last bars as `unpack` does; `ahead` are those before the first session."""
    start = len(valid) - len(out)
    for column in range(valid.shape[1]):
        bar = ahead[column]
        for row in range(start, len(valid)):
            value = np.nan
            if valid[row, column]:
                value = packed[bar, column]
                bar += 1
            out[row - start, first + column] = value if abs(value) < FLOAT32_LIMIT else np.nan


@kernel
def keep(block: Block, has_bar: Mask, out: NDArray[Any], first: int) -> None:
    """Write a block of sessions where there is a bar; NaN elsewhere and for what is not finite.

    Its columns go to those of `out` from `first` on. What has more sessions than `out` is cut to
    the last ones.
    """
    rows, columns = len(out), has_bar.shape[1]
    skipped, unseen = len(block) - rows, len(has_bar) - rows
    for row in range(rows):
        for column in range(columns):
            value = block[skipped + row, column]
            known = has_bar[unseen + row, column] and abs(value) < FLOAT32_LIMIT
            out[row, first + column] = value if known else np.nan


def within_float32(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with NaN for those that are not finite as float32."""
    return np.where(np.abs(values) < FLOAT32_LIMIT, values, np.nan)
