"""Readings of insiders' trades over windows of sessions.

A trade stands from the session it was known on until its window has passed, or until an amendment
takes its place. Windows are taken from two partial results, as `kernels` does, and those anew from
the trades that stand where an amendment changes them: no rounding accumulates. As there, what is
compiled takes its parameters by position and calls what its own file compiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from alpha_oracle.features.kernels import kernel
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.context import InsiderTrades
    from alpha_oracle.features.kernels import Block

    Positions = NDArray[np.int64]
    Values = NDArray[np.float64]

NOBODY: Final = -1.0


class StandingTrades(NamedTuple):
    """Trades, and the session from which each no longer stands, its window aside."""

    trades: InsiderTrades
    until: NDArray[np.int64]


class _Entries(NamedTuple):
    """Entries of one symbol, or of all, in the order they were known."""

    row: Positions
    position: Positions
    until: Positions
    weights: Values


class _Partial(NamedTuple):
    """Sums of a stretch to its end, by row, and of the next one through each row of it."""

    to_the_end: Block
    from_the_start: Block


def standing(trades: InsiderTrades) -> StandingTrades:
    """Return the trades with what amendments took back."""
    told = np.stack(
        [
            trades.position,
            trades.owner,
            2 * trades.is_purchase + trades.is_officer,
            trades.shares.view(np.int64),
            np.where(np.isnan(trades.notional), -1.0, trades.notional).view(np.int64),
        ],
        axis=1,
    )
    until = np.full(len(trades.row), trades.sessions, dtype=np.int64)
    _take_back(trades.offsets, trades.row, trades.sign, told, until)
    return StandingTrades(trades, until)


def net_purchase_ratio(of: StandingTrades, window: int) -> Block:
    """Return (bought - sold) / (bought + sold) in USD, `sessions x symbols`.

    0 without any trade, NaN where trades stand but none has a price.
    """
    usd = _usd(of.trades)
    signed = np.where(of.trades.is_purchase, usd, -usd)
    net, total, count = _sums(of, window, signed, usd, np.ones_like(usd))
    return np.where(count == 0.0, 0.0, over_positive(net, total))


def officers_share(of: StandingTrades, window: int) -> Block:
    """Return the USD that officers bought and sold / what all did; NaN where nobody did."""
    usd = _usd(of.trades)
    officers, total = _sums(of, window, usd * of.trades.is_officer, usd)
    share: Block = over_positive(officers, total)
    return share


def net_shares(of: StandingTrades, window: int) -> Block:
    """Return shares bought less shares sold, in those of each symbol's first bar."""
    shares = of.trades.shares
    return _sums(of, window, np.where(of.trades.is_purchase, shares, -shares))[0]


def purchases(of: StandingTrades, window: int) -> Block:
    """Return how many purchases stand."""
    return _sums(of, window, of.trades.is_purchase.astype(np.float64))[0]


def buyers(of: StandingTrades, window: int) -> Block:
    """Return how many different insiders stand as purchasers."""
    out = _unknown(of)
    owner = np.where(of.trades.is_purchase, of.trades.owner, NOBODY)
    begins = of.trades.covered_from + window - 1
    _count_buyers(of.trades.offsets, _entries(of, owner[:, np.newaxis]), begins, window, out)
    return out


def sessions_since_purchase(of: StandingTrades, window: int) -> Block:
    """Return the sessions since the last purchase that stands, `window` where none does."""
    last = _unknown(of)
    bought = _entries(of, of.trades.is_purchase[:, np.newaxis])
    begins = of.trades.covered_from + window - 1
    _find_last(of.trades.offsets, bought, begins, last)
    sessions = np.arange(len(last), dtype=np.float64)[:, np.newaxis]
    return np.where(last < 0.0, float(window), np.minimum(sessions - last, window))


def _usd(trades: InsiderTrades) -> Values:
    # What has no price cannot be weighed, but it was a trade.
    return np.where(np.isnan(trades.notional), 0.0, trades.notional)


def _unknown(of: StandingTrades) -> Block:
    return np.full((of.trades.sessions, len(of.trades.covered_from)), np.nan)


def _entries(of: StandingTrades, weights: NDArray[Any]) -> _Entries:
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    return _Entries(of.trades.row, of.trades.position, of.until, weights)


def _sums(of: StandingTrades, window: int, *weights: Values) -> tuple[Block, ...]:
    out = np.full((len(weights), of.trades.sessions, len(of.trades.covered_from)), np.nan)
    entries = _entries(of, np.stack(weights, axis=1))
    begins = of.trades.covered_from + window - 1
    _sum_windows(of.trades.offsets, entries, begins, window, out)
    return tuple(out)


@kernel
def _take_back(
    offsets: Positions,
    row: Positions,
    sign: NDArray[np.int8],
    told: Positions,
    until: Positions,
) -> None:
    for column in range(len(offsets) - 1):
        for entry in range(offsets[column], offsets[column + 1]):
            if sign[entry] > 0:
                continue
            until[entry] = row[entry]
            other = entry - 1
            # What was first told on a session was not known before it.
            while other >= offsets[column] and row[other] >= told[entry, 0]:
                stands = sign[other] > 0 and until[other] > row[entry]
                if stands and _is_same(told, other, entry):
                    until[other] = row[entry]
                    break
                other -= 1


@kernel
def _is_same(told: Positions, one: int, other: int) -> bool:
    same = True
    for place in range(told.shape[1]):
        same = same and told[one, place] == told[other, place]
    return same


@kernel
def _of_symbol(entries: _Entries, offsets: Positions, column: int) -> _Entries:
    own = slice(offsets[column], offsets[column + 1])
    row, position = entries.row[own], entries.position[own]
    return _Entries(row, position, entries.until[own], entries.weights[own])


@kernel
def _collect(entries: _Entries, entry: int, sums: Block) -> None:
    """Add up anew what still stands, through an entry, of what counts from its position."""
    position, session = entries.position[entry], entries.row[entry]
    sums[position] = 0.0
    for other in range(np.searchsorted(entries.row, position), entry + 1):
        if entries.position[other] == position and entries.until[other] > session:
            for number in range(sums.shape[1]):
                sums[position, number] += entries.weights[other, number]


@kernel
def _take(entries: _Entries, entry: int, sums: Block) -> None:
    """Count an entry; one that no longer stands when it comes takes another back."""
    position = entries.position[entry]
    if entries.until[entry] > entries.row[entry]:
        # The last in order: adding it comes to what adding all of them anew would.
        for number in range(sums.shape[1]):
            sums[position, number] += entries.weights[entry, number]
    else:
        _collect(entries, entry, sums)


@kernel
def _sum_to_the_end(sums: Block, start: int, newest: int, partial: _Partial) -> None:
    """Sum the stretch before `start` from each row to its end: row `newest` and those before."""
    before = start - len(partial.to_the_end) + 1
    for back in range(newest - before, 0, -1):
        for number in range(sums.shape[1]):
            later = partial.to_the_end[back + 1, number]
            partial.to_the_end[back, number] = later + sums[before + back, number]


@kernel
def _sum_from_the_start(sums: Block, start: int, oldest: int, stop: int, partial: _Partial) -> None:
    """Sum the stretch of `start` through each of its rows from `oldest` to before `stop`."""
    for place in range(oldest - start, stop - start):
        for number in range(sums.shape[1]):
            earlier = partial.from_the_start[place, number]
            partial.from_the_start[place + 1, number] = earlier + sums[start + place, number]


@kernel
def _sum_window(entries: _Entries, window: int, out: Block) -> None:
    sums, room = np.zeros_like(out), (window + 1, out.shape[1])
    partial = _Partial(np.zeros(room), np.zeros(room))
    entry = 0
    for session in range(len(out)):
        start = session - session % window
        if session == start and start > 0:
            _sum_to_the_end(sums, start, start - 1, partial)
        while entry < len(entries.row) and entries.row[entry] == session:
            position = entries.position[entry]
            _take(entries, entry, sums)
            if start - window <= position < start:
                _sum_to_the_end(sums, start, position, partial)
            elif start <= position < session:
                _sum_from_the_start(sums, start, position, session, partial)
            entry += 1
        place = session - start
        for number in range(out.shape[1]):
            through = partial.from_the_start[place, number] + sums[session, number]
            partial.from_the_start[place + 1, number] = through
            out[session, number] = partial.to_the_end[place + 1, number] + through


@kernel
def _sum_windows(
    offsets: Positions, entries: _Entries, begins: Positions, window: int, out: Block
) -> None:
    sums = np.empty((out.shape[1], out.shape[0]))
    for column in range(len(begins)):
        _sum_window(_of_symbol(entries, offsets, column), window, sums)
        for session in range(begins[column], len(sums)):
            for number in range(len(out)):
                out[number, session, column] = sums[session, number]


@kernel
def _find_last(offsets: Positions, bought: _Entries, begins: Positions, out: Block) -> None:
    for column in range(len(begins)):
        own = _of_symbol(bought, offsets, column)
        purchases = np.zeros((len(out), 1))
        entry, last = 0, -1
        for session in range(len(out)):
            while entry < len(own.row) and own.row[entry] == session:
                _take(own, entry, purchases)
                last = max(last, own.position[entry])
                entry += 1
            while last >= 0 and purchases[last, 0] == 0.0:
                last -= 1
            if session >= begins[column]:
                out[session, column] = last


@kernel
def _count_buyers(
    offsets: Positions, owners: _Entries, begins: Positions, window: int, out: Block
) -> None:
    for column in range(len(begins)):
        own = _of_symbol(owners, offsets, column)
        bought = np.flatnonzero(own.weights[:, 0] != NOBODY)
        row, owner = own.row[bought], own.weights[bought, 0]
        leaves = np.minimum(own.until[bought], own.position[bought] + window)
        first = stop = count = 0
        for session in range(len(out)):
            while stop < len(row) and row[stop] <= session:
                stop += 1
            while first < stop and row[first] + window <= session:
                first += 1
            if first < stop:
                count = _different(owner[first:stop], leaves[first:stop], session)
            if session >= begins[column]:
                out[session, column] = count if first < stop else 0


@kernel
def _different(owner: Values, leaves: Positions, session: int) -> int:
    count = 0
    for entry in range(len(owner)):
        new = leaves[entry] > session
        other = 0
        while new and other < entry:
            new = owner[other] != owner[entry] or leaves[other] <= session
            other += 1
        count += new
    return count
