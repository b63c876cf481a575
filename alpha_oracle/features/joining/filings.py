"""Ownership filings as trades of insiders, each from the session it was known on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from alpha_oracle.features.context import InsiderTrades
from alpha_oracle.features.joining.amendments import changes, filing_of_trades
from alpha_oracle.features.joining.frame import day_numbers, days_of, microseconds_of
from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from alpha_oracle.domain.insiders import FilingColumns
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.features.joining.amendments import Changes
    from alpha_oracle.features.joining.frame import Frame

    Positions = NDArray[np.int64]


def known_trades(
    filings: FilingColumns, frame: Frame, *, covered: Mapping[Symbol, date]
) -> InsiderTrades | None:
    """Return the open-market trades of insiders from the session they were known; None: none.

    A filing of several owners counts for the first, as an officer's where any is one. What was
    known before the decision that precedes the first session lies outside every window.
    """
    columns = frame.columns_of(filings.symbols)
    if (columns < 0).all() and not any(symbol in frame.column_of for symbol in covered):
        return None
    found = changes(filings)
    known_row = frame.rows_of_instants(microseconds_of(filings.known_at))
    row, position = known_row[found.told_by], known_row[found.first_told]
    column = columns[filings.symbol_index[found.told_by]]
    kept = np.flatnonzero((column >= 0) & (row < frame.sessions) & (position >= 0))
    kept = kept[np.lexsort((row[kept], column[kept]))]
    return InsiderTrades(
        sessions=frame.sessions,
        offsets=frame.offsets(column[kept]),
        row=row[kept],
        position=position[kept],
        sign=found.sign[kept],
        owner=_owners(filings, found)[kept],
        covered_from=_covered(covered, frame),
        **_described(filings, found.trade[kept], column[kept], frame=frame),
    )


def _owners(filings: FilingColumns, found: Changes) -> NDArray[np.int32]:
    """The first owner of each change's filing, by a number of the symbol's own."""
    filing = filing_of_trades(filings)[found.trade]
    owner = filings.owners.number[filings.owners.offsets[filing]]
    return _numbered(filings.symbol_index[filing], owner, filings.owners.number.max(initial=0) + 1)


def _described(
    filings: FilingColumns, trade: Positions, column: Positions, *, frame: Frame
) -> dict[str, NDArray[Any]]:
    trades = filings.trades
    officers = np.concatenate([[0], np.cumsum(filings.owners.is_officer)])[filings.owners.offsets]
    shares = trades.shares[trade]
    return {
        "is_purchase": trades.is_purchase[trade],
        "is_officer": (np.diff(officers) > 0)[filing_of_trades(filings)[trade]],
        "shares": shares * frame.in_first_bars(column, days_of(trades.traded_on[trade])),
        "notional": shares * trades.price_usd[trade],
    }


@kernel
def _numbered(symbol: NDArray[np.int32], owner: Positions, owners: int) -> NDArray[np.int32]:
    """Number the owners of each symbol as they come: one who is new renumbers nobody."""
    out = np.empty(len(owner), dtype=np.int32)
    number, numbered_in = np.empty(owners, dtype=np.int32), np.full(owners, -1)
    known = 0
    for entry in range(len(owner)):
        if entry > 0 and symbol[entry] != symbol[entry - 1]:
            known = 0
        if numbered_in[owner[entry]] != symbol[entry]:
            numbered_in[owner[entry]] = symbol[entry]
            number[owner[entry]] = known
            known += 1
        out[entry] = number[owner[entry]]
    return out


def _covered(covered: Mapping[Symbol, date], frame: Frame) -> Positions:
    """The first session of each symbol all of whose filings came on a covered day.

    A session sees what was filed since the evening of the one before: that must be covered too.
    """
    out = np.full(len(frame.symbols), frame.sessions, dtype=np.int64)
    known = {frame.column_of[of]: day for of, day in covered.items() if of in frame.column_of}
    days_before = np.concatenate([[frame.day_before], frame.days[:-1]])
    rows = np.searchsorted(days_before, day_numbers(list(known.values())))
    out[np.array(list(known), dtype=np.int64)] = rows
    return out
