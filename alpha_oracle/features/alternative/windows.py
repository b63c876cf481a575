"""Compiled readings of insiders' trades over windows of sessions.

A trade counts from the session it was known on until its window has passed, or until an amendment
takes its place. A reading is taken anew from the trades that count whenever they change, never by
adding and taking away, so that no rounding accumulates. As in `kernels`, parameters are positional
and kernels call those of their own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.context import InsiderTrades
    from alpha_oracle.features.kernels import Block

    Positions = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NET_RATIO: Final = 0
OFFICER_SHARE: Final = 1
NET_SHARES: Final = 2
PURCHASES: Final = 3
BUYERS: Final = 4
LAST_PURCHASE: Final = 5


class Trades(NamedTuple):
    """Entries of `InsiderTrades`, and the session each no longer counts from, window aside."""

    offsets: Positions
    row: Positions
    position: Positions
    sign: NDArray[np.int8]
    owner: NDArray[np.int32]
    is_purchase: NDArray[np.bool_]
    is_officer: NDArray[np.bool_]
    shares: NDArray[np.float64]
    notional: NDArray[np.float64]
    until: Positions


class Totals(NamedTuple):
    """Of the trades that count: USD where a price is known, shares, and how many."""

    bought: float
    sold: float
    by_officers: float
    net_shares: float
    trades: int
    purchases: int
    last_purchase: int


def over_window(of: InsiderTrades, *, window: int, reading: int) -> Block:
    """Return a reading of the trades of the last `window` sessions, `sessions x symbols`.

    NaN where the window is not covered whole.
    """
    trades = Trades(
        offsets=of.offsets,
        row=of.row,
        position=of.position,
        sign=of.sign,
        owner=of.owner,
        is_purchase=of.is_purchase,
        is_officer=of.is_officer,
        shares=of.shares,
        notional=of.notional,
        until=np.full(len(of.row), of.sessions, dtype=np.int64),
    )
    out = np.full((of.sessions, len(of.covered_from)), np.nan)
    _read_windows(trades, of.covered_from, window, reading, out)
    return out


@kernel
def _is_same(trades: Trades, one: int, other: int) -> bool:
    priced = trades.notional[one] == trades.notional[other]
    unpriced = np.isnan(trades.notional[one]) and np.isnan(trades.notional[other])
    return bool(
        trades.position[one] == trades.position[other]
        and trades.owner[one] == trades.owner[other]
        and trades.is_purchase[one] == trades.is_purchase[other]
        and trades.is_officer[one] == trades.is_officer[other]
        and trades.shares[one] == trades.shares[other]
        and (priced or unpriced)
    )


@kernel
def _take_back(trades: Trades, first: int, entry: int) -> None:
    trades.until[entry] = trades.row[entry]
    for other in range(first, entry):
        standing = trades.sign[other] > 0 and trades.until[other] > trades.row[entry]
        if standing and _is_same(trades, other, entry):
            trades.until[other] = trades.row[entry]
            return


@kernel
def _counts(trades: Trades, entry: int, session: int, window: int) -> bool:
    inside = trades.row[entry] <= session < trades.position[entry] + window
    return bool(inside and session < trades.until[entry])


@kernel
def _totals(trades: Trades, first: int, stop: int, session: int, window: int) -> Totals:
    bought = sold = by_officers = net_shares = 0.0
    count = purchases = 0
    last = -1
    for entry in range(first, stop):
        if trades.row[entry] > session:
            break
        if not _counts(trades, entry, session, window):
            continue
        # What has no price cannot be weighed, but it was a trade.
        notional = 0.0 if np.isnan(trades.notional[entry]) else trades.notional[entry]
        count += 1
        by_officers += notional if trades.is_officer[entry] else 0.0
        if trades.is_purchase[entry]:
            bought += notional
            net_shares += trades.shares[entry]
            purchases += 1
            last = max(last, trades.position[entry])
        else:
            sold += notional
            net_shares -= trades.shares[entry]
    return Totals(bought, sold, by_officers, net_shares, count, purchases, last)


@kernel
def _buyers(trades: Trades, first: int, stop: int, session: int, window: int) -> int:
    buyers = 0
    for entry in range(first, stop):
        if trades.row[entry] > session:
            break
        if trades.is_purchase[entry] and _counts(trades, entry, session, window):
            new = 1
            for other in range(first, entry):
                same = trades.is_purchase[other] and trades.owner[other] == trades.owner[entry]
                if same and _counts(trades, other, session, window):
                    new = 0
                    break
            buyers += new
    return buyers


@kernel
def _reading(totals: Totals, reading: int) -> float:
    value = totals.bought + totals.sold
    if reading == NET_RATIO:
        # Without any trade nobody leaned to a side; trades that cannot be weighed are unknown.
        if totals.trades == 0:
            return 0.0
        return (totals.bought - totals.sold) / value if value > 0.0 else np.nan
    if reading == OFFICER_SHARE:
        return totals.by_officers / value if value > 0.0 else np.nan
    if reading == NET_SHARES:
        return totals.net_shares
    if reading == PURCHASES:
        return float(totals.purchases)
    return float(totals.last_purchase)


@kernel
def _mark_changes(trades: Trades, first: int, stop: int, window: int, changes: Flags) -> None:
    for entry in range(first, stop):
        leaves = min(trades.until[entry], trades.position[entry] + window)
        changes[trades.row[entry]] = True
        if leaves < len(changes):
            changes[leaves] = True


@kernel
def _read_windows(
    trades: Trades, covered_from: Positions, window: int, reading: int, out: Block
) -> None:
    sessions = len(out)
    changes = np.empty(sessions, np.bool_)
    for column in range(len(covered_from)):
        first, stop = trades.offsets[column], trades.offsets[column + 1]
        for entry in range(first, stop):
            if trades.sign[entry] < 0:
                _take_back(trades, first, entry)
        changes[:] = False
        _mark_changes(trades, first, stop, window, changes)
        value, begin = np.nan, covered_from[column] + window - 1
        for session in range(begin, sessions):
            if session == begin or changes[session]:
                while first < stop and trades.position[first] + window <= session:
                    first += 1
                if reading == BUYERS:
                    value = float(_buyers(trades, first, stop, session, window))
                else:
                    value = _reading(_totals(trades, first, stop, session, window), reading)
            out[session, column] = value
