"""Fiscal years of the generated companies, and when their statements are filed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.streams import Purpose, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies

QUARTERS: Final = 4
HISTORY_MONTHS: Final = 36
"""How long before the market's start the founders' statements begin."""

_YEAR_MONTHS: Final = 12
_QUARTER_MONTHS: Final = 3
_REACH: Final = timedelta(days=500)
"""Beyond the last quarter's end its statements, and what amends them, are filed."""

_HABIT: Final = 0.85
"""How far a company files each quarter's report as late as it did the year before."""

_FILED_DAYS: Final = (28, 45)
_ANNUAL_FILED_DAYS: Final = (43, 75)
_COVER_DAYS: Final = (2, 9)
_AMENDED_DAYS: Final = (60, 150)
_RESTATED_FRACTION: Final = 0.08
"""Of fiscal years, each for one of its quarters."""

# When on the day, by fraction of filings: before the open, while trading, after the close.
_TIMES: Final = (
    (0.00, 0.30, time(7, 0), time(9, 28)),
    (0.30, 0.40, time(9, 30), time(15, 58)),
    (0.40, 1.00, time(16, 1), time(17, 30)),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FiscalCalendar:
    """Fiscal quarters, `quarters x companies`, ascending; each company's first opens its year.

    `filed` is the session on which a quarter's document is filed, `second` of that New York day,
    and `cover` the day on which it counts shares.
    """

    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    filed: NDArray[np.datetime64]
    second: NDArray[np.int64]
    cover: NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restatements:
    """Which fiscal years are restated, `years x companies`: by what, and in which document.

    `quarter` (0 to 3) is the one whose figures were wrong, -1 in years without; its revenue was
    told too high by the fraction `overstated`.
    """

    quarter: NDArray[np.int64]
    overstated: NDArray[np.float64]
    filed: NDArray[np.datetime64]
    second: NDArray[np.int64]
    cover: NDArray[np.datetime64]


def fiscal_calendar(
    seed: int,
    companies: Companies,
    *,
    year_end_month: NDArray[np.int64],
    first: date,
    last: date,
) -> FiscalCalendar:
    """Return the quarters from `HISTORY_MONTHS` before day `first` to beyond day `last`."""
    base = _month_number(first) - HISTORY_MONTHS
    opening = base + (year_end_month + _QUARTER_MONTHS - 1 - base) % _YEAR_MONTHS
    years = (_month_number(last) - base) // _YEAR_MONTHS + 2
    count = years * QUARTERS
    month = opening + _QUARTER_MONTHS * np.arange(count)[:, None]
    end = _first_day(month + 1) - np.timedelta64(1, "D")
    draws = uniforms(seed, Purpose.FILING, owners=companies.owner, count=count * 3)
    late, moment, counted = draws.reshape(count, 3, -1).transpose(1, 0, 2)
    habit = np.tile(late[:QUARTERS], (years, 1))
    late = _HABIT * habit + (1.0 - _HABIT) * late
    is_annual = (np.arange(count) % QUARTERS == QUARTERS - 1)[:, None]
    taken = np.where(is_annual, _between(_ANNUAL_FILED_DAYS, late), _between(_FILED_DAYS, late))
    filed = _sessions_at(end + taken.astype("timedelta64[D]"))
    return FiscalCalendar(
        start=_first_day(month - (_QUARTER_MONTHS - 1)),
        end=end,
        filed=filed,
        second=_seconds(moment),
        cover=filed - _between(_COVER_DAYS, counted).astype("timedelta64[D]"),
    )


def draw_restatements(seed: int, companies: Companies, *, fiscal: FiscalCalendar) -> Restatements:
    """Return the fiscal years that an amended annual report restates."""
    years = len(fiscal.end) // QUARTERS
    draws = uniforms(seed, Purpose.RESTATEMENT, owners=companies.owner, count=years * 6)
    happens, which, much, late, moment, counted = draws.reshape(years, 6, -1).transpose(1, 0, 2)
    annual = fiscal.filed[QUARTERS - 1 :: QUARTERS]
    filed = _sessions_at(annual + _between(_AMENDED_DAYS, late).astype("timedelta64[D]"))
    quarter = (which * QUARTERS).astype(np.int64)
    return Restatements(
        quarter=np.where(happens < _RESTATED_FRACTION, quarter, -1),
        overstated=0.01 + 0.05 * much,
        filed=filed,
        second=_seconds(moment),
        cover=filed - _between(_COVER_DAYS, counted).astype("timedelta64[D]"),
    )


def _month_number(day: date) -> int:
    return int(np.datetime64(day, "M").astype(np.int64))


def _first_day(month: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return month.astype("datetime64[M]").astype("datetime64[D]")


def _between(bounds: tuple[int, int], draws: NDArray[np.float64]) -> NDArray[np.int64]:
    low, high = bounds
    return low + (draws * (high - low + 1)).astype(np.int64)


def _sessions_at(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    # The sessions on or before the days; days beyond the calendar's end stay as they are.
    known = np.array(
        calendar.sessions_between(days.min().item() - _REACH, days.max().item()),
        dtype="datetime64[D]",
    )
    found = known[np.maximum(np.searchsorted(known, days, side="right") - 1, 0)]
    return np.where(days > known[-1], days, found)


def _seconds(draws: NDArray[np.float64]) -> NDArray[np.int64]:
    seconds = np.zeros(draws.shape, dtype=np.int64)
    for low, high, begin, end in _TIMES:
        opens = begin.hour * 3600 + begin.minute * 60
        lasts = end.hour * 3600 + end.minute * 60 - opens
        within = opens + (draws - low) / (high - low) * lasts
        seconds = np.where((draws >= low) & (draws < high), within.astype(np.int64), seconds)
    return seconds
