"""Compiled reading of one item's periods: a year's sum from annual, year-to-date and quarters.

A book holds every period an item was ever told for, ascending by end then start; what is not yet
known has `told` -1. Days count from 1970, both ends of a period are included; an item of a day
starts on it. As in `kernels`, parameters are positional and kernels call those of their own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]
    Values = NDArray[np.float64]
    Pair: TypeAlias = tuple[int, int]

# A year has 52 or 53 weeks and a quarter 12 to 17; documents differ by days on where one begins.
SHORTEST_YEAR: Final = 350
LONGEST_YEAR: Final = 380
TYPICAL_YEAR: Final = 365
SHORTEST_QUARTER: Final = 75
LONGEST_QUARTER: Final = 125
QUARTERS: Final = 4
SLACK: Final = 7
LONG_AGO: Final = -(1 << 40)

# Figures of a period that ended longer ago are no longer the company's: a year and a quarter.
STALE_AFTER_DAYS: Final = 456


class Items(NamedTuple):
    """Which items are which: the kernels know items by number alone."""

    is_of_a_day: NDArray[np.bool_]
    net_income: int
    revenue: int
    shares: int


class Book(NamedTuple):
    """Periods, the newest value of each, and when in the order of telling it came.

    `spans[c, i]` is where the periods of symbol c's item i begin, `spans[c, i + 1]` where they end.
    """

    spans: Positions
    start: Positions
    end: Positions
    value: Values
    told: Positions


class Told(NamedTuple):
    """Facts by symbol, as they became known: the session, the item, the place of its period.

    `offsets` are where each symbol's begin, and the end. `restated` is the value
    where the document counts shares as of its own day.
    """

    offsets: Positions
    row: Positions
    item: Positions
    place: Positions
    value: Values
    restated: Values


class States(NamedTuple):
    """What was known from a session on, an array of items each: of the newest year, and before."""

    row: Positions
    now: Values
    before: Values


@kernel
def _found(book: Book, span: Pair, ends: Pair, starts: Pair) -> int:
    first, stop = span
    best = -1
    for place in range(first + np.searchsorted(book.end[first:stop], ends[0]), stop):
        if book.end[place] > ends[1]:
            break
        fits = starts[0] <= book.start[place] <= starts[1] and book.told[place] >= 0
        # Where two periods fit, the one told of last.
        if fits and (best < 0 or book.told[place] > book.told[best]):
            best = place
    return best


@kernel
def _on_day(book: Book, span: Pair, day: int) -> float:
    place = _found(book, span, (day, day), (day, day))
    return book.value[place] if place >= 0 else np.nan


@kernel
def _is_year(book: Book, place: int) -> bool:
    length = book.end[place] - book.start[place] + 1
    return bool(book.told[place] >= 0 and SHORTEST_YEAR <= length <= LONGEST_YEAR)


@kernel
def _rolled_forward(book: Book, span: Pair, end: int) -> float:
    for place in range(span[1] - 1, span[0] - 1, -1):
        annual_start, annual_end = book.start[place], book.end[place]
        if annual_end < end - LONGEST_YEAR:
            break
        if annual_end < end and _is_year(book, place):
            starts = (annual_end + 1 - SLACK, annual_end + 1 + SLACK)
            since = _found(book, span, (end, end), starts)
            ends = (end - LONGEST_YEAR, end - SHORTEST_YEAR)
            before = _found(book, span, ends, (annual_start - SLACK, annual_start + SLACK))
            if since >= 0 and before >= 0:
                return float(book.value[place] + book.value[since] - book.value[before])
    return np.nan


@kernel
def _four_quarters(book: Book, span: Pair, end: int) -> float:
    total, earliest, latest, start = 0.0, end, end, end
    for _ in range(QUARTERS):
        starts = (latest - LONGEST_QUARTER + 1, latest - SHORTEST_QUARTER + 1)
        place = _found(book, span, (earliest, latest), starts)
        if place < 0:
            return np.nan
        total += book.value[place]
        start = book.start[place]
        earliest, latest = start - 1 - SLACK, start - 1 + SLACK
    return total if SHORTEST_YEAR <= end - start + 1 <= LONGEST_YEAR else np.nan


@kernel
def _year_through(book: Book, span: Pair, end: int) -> float:
    starts = (end - LONGEST_YEAR + 1, end - SHORTEST_YEAR + 1)
    place = _found(book, span, (end, end), starts)
    if place >= 0:
        return float(book.value[place])
    rolled = _rolled_forward(book, span, end)
    return rolled if np.isfinite(rolled) else _four_quarters(book, span, end)


@kernel
def _nearest(book: Book, span: Pair, day: int, within: int) -> int:
    first, stop = span
    best = -1
    for place in range(first + np.searchsorted(book.end[first:stop], day - within), stop):
        away = book.end[place] - day
        if away > within:
            break
        if book.told[place] >= 0 and (best < 0 or abs(away) <= abs(book.end[best] - day)):
            best = place
    return best


@kernel
def _newest(book: Book, span: Pair) -> int:
    for place in range(span[1] - 1, span[0] - 1, -1):
        if book.told[place] >= 0:
            return place
    return -1


@kernel
def _a_year_before(book: Book, span: Pair, day: int) -> int:
    return _nearest(book, span, day - TYPICAL_YEAR, LONGEST_YEAR - TYPICAL_YEAR)


@kernel
def _take(told: Told, fact: int, book: Book, span: Pair) -> None:
    # `span` is that of the counts of shares: only they can be restated.
    place, value = told.place[fact], told.value[fact]
    if told.restated[fact] != value:
        near = _nearest(book, span, book.end[place], LONGEST_YEAR)
        if near >= 0:
            # Filers restate counts for a later split: what was known nearby tells which it is.
            known, restated = book.value[near], told.restated[fact]
            value = restated if abs(restated - known) < abs(value - known) else value
    book.value[place] = value
    book.told[place] = fact


@kernel
def _period_end(told: Told, fact: int, book: Book, items: Items) -> int:
    place, item = told.place[fact], told.item[fact]
    length = book.end[place] - book.start[place] + 1
    dates = (item in (items.net_income, items.revenue)) and length >= SHORTEST_QUARTER
    return book.end[place] if dates and length <= LONGEST_YEAR else LONG_AGO


@kernel
def _span(book: Book, column: int, item: int) -> Pair:
    return book.spans[column, item], book.spans[column, item + 1]


@kernel
def _end_before(book: Book, column: int, end: int, items: Items) -> int:
    place = _a_year_before(book, _span(book, column, items.net_income), end)
    if place < 0:
        place = _a_year_before(book, _span(book, column, items.revenue), end)
    return book.end[place] if place >= 0 else LONG_AGO


@kernel
def _read_figures(book: Book, column: int, end: int, items: Items, out: Values) -> None:
    for item in range(len(out)):
        span = _span(book, column, item)
        if items.is_of_a_day[item]:
            out[item] = _on_day(book, span, end)
        else:
            out[item] = _year_through(book, span, end)


@kernel
def _read_shares(book: Book, span: Pair, end: int) -> tuple[float, float]:
    count = _newest(book, span)
    if count < 0 or book.end[count] < end - LONGEST_QUARTER:
        return np.nan, np.nan
    before = _a_year_before(book, span, book.end[count])
    return book.value[count], book.value[before] if before >= 0 else np.nan


@kernel
def _differs(values: Values, entry: int, first: int) -> bool:
    for item in range(values.shape[1]):
        value = values[entry, item]
        known = values[entry - 1, item] if entry > first else np.nan
        if value != known and not (np.isnan(value) and np.isnan(known)):
            return True
    return False


@kernel
def _enter(states: States, entry: int, first: int, row: int) -> int:
    # An entry that says what the one before it said is none.
    states.row[entry] = row
    new = _differs(states.now, entry, first) or _differs(states.before, entry, first)
    return entry + 1 if new else entry


@kernel
def _blank(states: States, entry: int, first: int, row: int) -> int:
    states.now[entry] = states.before[entry] = np.nan
    return _enter(states, entry, first, row)


@kernel
def _read(states: States, entry: int, book: Book, at: Pair, items: Items) -> None:
    column, end = at
    before = _end_before(book, column, end, items)
    _read_figures(book, column, end, items, states.now[entry])
    _read_figures(book, column, before, items, states.before[entry])
    shares = _read_shares(book, _span(book, column, items.shares), end)
    states.now[entry, items.shares], states.before[entry, items.shares] = shares


@kernel
def read_states(told: Told, book: Book, items: Items, days: Positions, states: States) -> Positions:
    """Write what was known of each symbol whenever something became known or grew stale.

    Returns where the states of each symbol begin, and the end. `days` are the sessions'.
    """
    offsets, entry = np.zeros_like(told.offsets), 0
    for column in range(len(offsets) - 1):
        first, end, stale = entry, LONG_AGO, len(days)
        fact, stop = told.offsets[column], told.offsets[column + 1]
        while fact < stop:
            row = told.row[fact]
            if stale < row:
                entry = _blank(states, entry, first, stale)
            while fact < stop and told.row[fact] == row:
                _take(told, fact, book, _span(book, column, items.shares))
                end = max(end, _period_end(told, fact, book, items))
                fact += 1
            stale = int(np.searchsorted(days, end + STALE_AFTER_DAYS, "right"))
            if stale > row:
                _read(states, entry, book, (column, end), items)
                entry = _enter(states, entry, first, row)
            else:
                entry = _blank(states, entry, first, row)
        if stale < len(days):
            entry = _blank(states, entry, first, stale)
        offsets[column + 1] = entry
    return offsets
