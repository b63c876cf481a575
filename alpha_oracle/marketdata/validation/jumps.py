"""Jumps: closes too far from the symbol's last accepted one.

A close beyond the bound is set aside, and so is all that follows at its level: a shift nothing
explains is never absorbed. A close that comes back is compared with the last accepted one again,
so that a spike costs only itself. Rows the store holds already are accepted as they stand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.marketdata.validation.levels import log_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import CorporateAction
    from alpha_oracle.marketdata.validation.timeline import Timeline

# Logarithms lose the last digits: without rounding, a close on the bound falls on either side.
_PLACES: Final = 12
# Not far beyond it, a power of e is no number any more.
_LARGEST_STEP: Final = 600.0


def jump_ratios(
    rows: Timeline, actions: Sequence[CorporateAction], *, bound: float
) -> NDArray[np.float64]:
    """Return how far each close is from the last accepted one, as a factor of 1 or more.

    NaN where there is nothing to compare: a symbol's first row, a row already stored. A factor
    above `bound` was not accepted.
    """
    levels = log_levels(rows, actions)
    ratios = np.full(len(levels), np.nan)
    same = rows.code[1:] == rows.code[:-1]
    steps = np.minimum(np.abs(np.diff(levels)), _LARGEST_STEP)
    ratios[1:] = np.where(same, np.exp(steps).round(_PLACES), np.nan)
    ratios[rows.is_known] = np.nan
    for code in np.unique(rows.code[ratios > bound]).tolist():
        first, last = np.searchsorted(rows.code, [code, code + 1]).tolist()
        part = slice(first, last)
        ratios[part] = _scan(levels[part].tolist(), rows.is_known[part].tolist(), bound=bound)
    return ratios


def _scan(levels: list[float], is_known: list[bool], *, bound: float) -> list[float]:
    # What is compared with the bound is what is returned, to the last bit: the suite compares it
    # again, and a close on the bound must not be accepted there and no measure here.
    ratios = []
    accepted = math.nan
    for level, known in zip(levels, is_known, strict=True):
        step = abs(level - accepted)
        # In this order, NaN stays NaN.
        ratio = math.nan if known else round(math.exp(min(step, _LARGEST_STEP)), _PLACES)
        ratios.append(ratio)
        if not ratio > bound:
            accepted = level
    return ratios
