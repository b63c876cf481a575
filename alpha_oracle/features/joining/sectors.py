"""Each symbol's sector on each session, as places in the list of sectors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.joining.frame import day_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import SectorAssignment
    from alpha_oracle.features.joining.frame import Frame


def sector_codes(
    assignments: Sequence[SectorAssignment], frame: Frame
) -> tuple[NDArray[np.int16] | None, tuple[str, ...]]:
    """Return codes, `sessions x symbols`, and the names they count, ascending.

    Of several sectors at once the one that began last holds; -1 is unknown, None: of all.
    """
    ordered = sorted(
        (assignment for assignment in assignments if assignment.symbol in frame.column_of),
        key=lambda assignment: (assignment.start or date.min, assignment.sector),
    )
    if not ordered:
        return None, ()
    names = tuple(sorted({assignment.sector for assignment in ordered}))
    codes = np.full((frame.sessions, len(frame.symbols)), -1, dtype=np.int16)
    starts = day_numbers([assignment.start or date.min for assignment in ordered])
    ends = day_numbers([assignment.end or date.max for assignment in ordered])
    first, stop = np.searchsorted(frame.days, starts), np.searchsorted(frame.days, ends)
    code_of = {name: code for code, name in enumerate(names)}
    for place, assignment in enumerate(ordered):
        column = frame.column_of[assignment.symbol]
        codes[first[place] : stop[place], column] = code_of[assignment.sector]
    return codes, names
