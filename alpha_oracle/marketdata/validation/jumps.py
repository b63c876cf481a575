"""Jumps: closes too far from the symbol's last accepted one.

A close beyond the bound is set aside, and so is all that follows at its level: a shift nothing
explains is never absorbed. A close that comes back is compared with the last accepted one again,
so that a spike costs only itself. Rows the store holds already are accepted as they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.marketdata.validation.levels import log_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import CorporateAction
    from alpha_oracle.marketdata.validation.timeline import Timeline


def jump_ratios(
    rows: Timeline, actions: Sequence[CorporateAction], *, bound: float
) -> NDArray[np.float64]:
    """Return how far each close is from the last accepted one, as a factor of 1 or more.

    NaN where there is nothing to compare: a symbol's first row, a row already stored. A factor
    above `bound` was not accepted.
    """
    levels = log_levels(rows, actions)
    moves = np.full(len(levels), np.nan)
    same = rows.code[1:] == rows.code[:-1]
    moves[1:] = np.where(same, np.abs(np.diff(levels)), np.nan)
    moves[rows.is_known] = np.nan
    limit = float(np.log(bound))
    for code in np.unique(rows.code[moves > limit]).tolist():
        first, last = np.searchsorted(rows.code, [code, code + 1]).tolist()
        part = slice(first, last)
        moves[part] = _scan(levels[part].tolist(), rows.is_known[part].tolist(), limit=limit)
    ratios: NDArray[np.float64] = np.exp(moves)
    return ratios


def _scan(levels: list[float], is_known: list[bool], *, limit: float) -> list[float]:
    moves = []
    accepted = np.nan
    for level, known in zip(levels, is_known, strict=True):
        move = np.nan if known else abs(level - accepted)
        moves.append(move)
        if not move > limit:
            accepted = level
    return moves
