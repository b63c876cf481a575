"""Short interest as it was known: the newest report, the one before it, and a year of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alpha_oracle.features.context import KnownValues
from alpha_oracle.features.formula import SHORT_FIELDS
from alpha_oracle.features.grid import keys
from alpha_oracle.features.joining.frame import days_of, microseconds_of
from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.domain.short_interest import ShortInterestColumns
    from alpha_oracle.features.joining.frame import Frame

    Positions = NDArray[np.int64]
    Values = NDArray[np.float64]

A_YEAR_OF_REPORTS: Final = 24

# Settlements are 13 to 18 days apart; one further back is not the report before.
LONGEST_GAP_DAYS: Final = 24

# A year of reports that lacks some of them is no year: two may be missing.
LONGEST_YEAR_DAYS: Final = 400

# The next report is due four weeks after a settlement: after two months it is missing.
STALE_AFTER_DAYS: Final = 61


class Reports(NamedTuple):
    """Reports by symbol, as they became known; `place` is that of the settlement in the book."""

    offsets: Positions
    row: Positions
    place: Positions
    shares: Values
    volume: Values


class Settlements(NamedTuple):
    """Settlement days by symbol, ascending, with what is known of each; NaN where nothing is."""

    offsets: Positions
    day: Positions
    shares: Values
    volume: Values


def known_short_interest(positions: ShortInterestColumns, frame: Frame) -> KnownValues | None:
    """Return SHORT_FIELDS of each symbol from the session they were known; None: of nobody.

    The report before is unknown where a settlement between is missing, mean and deviation where
    there are no 24 reports within 400 days. Nothing is known from 62 days after the newest
    settlement on.
    """
    reports, book = _books(positions, frame)
    if not len(reports.row):
        return None
    room = 2 * len(reports.row)
    row, values = np.empty(room, dtype=np.int64), np.empty((room, len(SHORT_FIELDS)))
    offsets = _read_reports(reports, book, frame.days, row, values)
    if offsets[-1] == 0:
        return None
    columns = values[: offsets[-1]].T.copy()
    return KnownValues(
        offsets=offsets,
        row=row[: offsets[-1]].copy(),
        values=dict(zip(SHORT_FIELDS, columns, strict=True)),
    )


def _books(positions: ShortInterestColumns, frame: Frame) -> tuple[Reports, Settlements]:
    column = frame.columns_of(positions.symbols)[positions.symbol_index]
    known_at = microseconds_of(positions.known_at)
    row = np.maximum(frame.rows_of_instants(known_at), 0)
    kept = np.flatnonzero((column >= 0) & (row < frame.sessions))
    column, day = column[kept], days_of(positions.settlement_date[kept])
    factor = frame.in_first_bars(column, day)
    shares = positions.shares_short[kept] * factor
    volume = positions.average_daily_volume[kept] * factor
    order = np.lexsort((volume, shares, day, known_at[kept], column))
    column, day = column[order], day[order]
    _, first, place = np.unique(keys(column, day), return_index=True, return_inverse=True)
    reports = Reports(
        offsets=frame.offsets(column),
        row=row[kept][order],
        place=place.astype(np.int64),
        shares=shares[order],
        volume=volume[order],
    )
    unknown = np.full(len(first), np.nan)
    return reports, Settlements(frame.offsets(column[first]), day[first], unknown, unknown.copy())


@kernel
def _known_before(book: Settlements, first: int, place: int) -> int:
    before = place - 1
    while before >= first and np.isnan(book.shares[before]):
        before -= 1
    return before


@kernel
def _describe(book: Settlements, first: int, newest: int, out: Values) -> None:
    out[:] = np.nan
    out[0], out[4] = book.shares[newest], book.volume[newest]
    before = _known_before(book, first, newest)
    if before >= first and book.day[newest] - book.day[before] <= LONGEST_GAP_DAYS:
        out[1] = book.shares[before]
    reports = np.empty(A_YEAR_OF_REPORTS)
    place, count = newest, 0
    while place >= first and count < A_YEAR_OF_REPORTS:
        if book.day[newest] - book.day[place] > LONGEST_YEAR_DAYS:
            return
        reports[count] = book.shares[place]
        count += 1
        place = _known_before(book, first, place)
    if count == A_YEAR_OF_REPORTS:
        out[2] = reports.mean()
        out[3] = np.sqrt(((reports - out[2]) ** 2).sum() / (count - 1))


@kernel
def _take(reports: Reports, report: int, book: Settlements) -> int:
    place = reports.place[report]
    book.shares[place], book.volume[place] = reports.shares[report], reports.volume[report]
    return int(place)


@kernel
def _read_reports(
    reports: Reports, book: Settlements, days: Positions, row: Positions, values: Values
) -> Positions:
    offsets, entry = np.zeros_like(reports.offsets), 0
    for column in range(len(offsets) - 1):
        # `stale` is where what the last entry tells ends; nothing was told yet.
        newest, stale = -1, len(days)
        report, stop = reports.offsets[column], reports.offsets[column + 1]
        while report < stop:
            at = reports.row[report]
            if stale < at:
                row[entry], values[entry] = stale, np.nan
                entry += 1
            while report < stop and reports.row[report] == at:
                newest = max(newest, _take(reports, report, book))
                report += 1
            stale = int(np.searchsorted(days, book.day[newest] + STALE_AFTER_DAYS, "right"))
            if stale > at:
                _describe(book, book.offsets[column], newest, values[entry])
                row[entry] = at
                entry += 1
            else:
                stale = len(days)
        if stale < len(days):
            row[entry], values[entry] = stale, np.nan
            entry += 1
        offsets[column + 1] = entry
    return offsets
