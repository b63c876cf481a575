"""A strategy's entries as a list a session, in the order they are bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def listed(
    entry: NDArray[np.float64], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return offsets by session and the symbols wished for, strongest first.

    `entry` are strengths, `sessions x symbols`, NaN for none; `order` are the columns by ascending
    symbol: equal strengths go by symbol.
    """
    sessions, columns = entry.shape
    offsets = np.zeros(sessions + 1, np.int64)
    for session in range(sessions):
        count = 0
        for column in range(columns):
            if entry[session, column] > 0.0:
                count += 1
        offsets[session + 1] = offsets[session] + count
    symbols = np.empty(offsets[-1], np.int64)
    strengths = np.empty(columns, np.float64)
    for session in range(sessions):
        start, stop = offsets[session], offsets[session + 1]
        count = 0
        if start == stop:
            continue
        for column in order:
            if entry[session, column] > 0.0:
                symbols[start + count] = column
                strengths[count] = -entry[session, column]
                count += 1
        # Merge sort is stable: it keeps the ascending symbols of equal strengths in place.
        places = np.argsort(strengths[:count], kind="mergesort")
        symbols[start:stop] = symbols[start:stop][places]
    return offsets, symbols
