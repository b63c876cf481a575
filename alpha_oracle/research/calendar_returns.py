"""Returns by month and year, the way people remember them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MONTHS_A_YEAR: Final = 12
EPOCH_YEAR: Final = 1970
"""The year numpy counts months from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalendarReturns:
    """Returns in percent of calendar months and years.

    `months_pct` is `years x 12`, January first, NaN where no session lies in the month; `years_pct`
    has one entry a year. The first and last may be parts of a month and year. A year without a
    session between others has a row of NaN and is NaN itself.
    """

    years: tuple[int, ...]
    months_pct: NDArray[np.float64]
    years_pct: NDArray[np.float64]


def calendar_returns(
    sessions: NDArray[np.datetime64], returns: NDArray[np.float64]
) -> CalendarReturns:
    """Compound the returns of ascending sessions by month and year."""
    if len(sessions) == 0:
        return CalendarReturns(years=(), months_pct=np.empty((0, 12)), years_pct=np.empty(0))
    month = sessions.astype("datetime64[M]").astype(np.int64)
    year = month // MONTHS_A_YEAR
    count = int(year[-1] - year[0]) + 1
    months = _compounded(returns, month - year[0] * MONTHS_A_YEAR, groups=count * MONTHS_A_YEAR)
    first = int(year[0]) + EPOCH_YEAR
    return CalendarReturns(
        years=tuple(range(first, first + count)),
        months_pct=months.reshape(count, MONTHS_A_YEAR),
        years_pct=_compounded(returns, year - year[0], groups=count),
    )


def _compounded(
    returns: NDArray[np.float64], group: NDArray[np.int64], *, groups: int
) -> NDArray[np.float64]:
    growth = np.full(groups, np.nan)
    growth[np.unique(group)] = 1.0
    np.multiply.at(growth, group, 1.0 + returns)
    return (growth - 1.0) * 100
