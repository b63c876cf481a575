"""Compiled arithmetic of one value with another: each formula's last step in one pass.

Written with operators, such a step would walk the block once for every operator, and at this size
walking costs more than arithmetic. As in `kernels`, parameters are positional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from alpha_oracle.features.kernels import Block

# Prices of a symbol that does not trade differ from their mean by rounding alone.
NOISE: Final = 1e-12


@kernel
def ratio(values: Block, reference: Block, bars: int) -> Block:
    """Return each row against the reference's `bars` before it; NaN in the first `bars` rows."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[:bars] = np.nan
    for row in range(bars, rows):
        for column in range(columns):
            out[row, column] = values[row, column] / reference[row - bars, column]
    return out


@kernel
def excess(values: Block, reference: Block, bars: int) -> Block:
    """Return each row against the reference's `bars` before it, less 1.

    NaN in the first `bars` rows.
    """
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[:bars] = np.nan
    for row in range(bars, rows):
        for column in range(columns):
            out[row, column] = values[row, column] / reference[row - bars, column] - 1.0
    return out


@kernel
def product(values: Block, others: Block, bars: int) -> Block:
    """Return each row times the others' `bars` before it; NaN in the first `bars` rows."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    out[:bars] = np.nan
    for row in range(bars, rows):
        for column in range(columns):
            out[row, column] = values[row, column] * others[row - bars, column]
    return out


@kernel
def percent_of_both(part: Block, rest: Block) -> Block:
    """Return `100 x part / (part + rest)`."""
    return 100.0 * part / (part + rest)


@kernel
def mean_of_three(first: Block, second: Block, third: Block) -> Block:
    """Return the plain mean of three values."""
    return (first + second + third) / 3.0


@kernel
def noise_as_none(deviation: Block, level: Block) -> Block:
    """Return the deviation with 0 where it is no more than rounding in values at `level`."""
    rows, columns = deviation.shape
    out = np.empty((rows, columns))
    for row in range(rows):
        for column in range(columns):
            value = deviation[row, column]
            # What is unknown stays unknown.
            out[row, column] = 0.0 if value <= NOISE * level[row, column] else value
    return out
