"""Ownership filings as trades of insiders, each from the session it was known on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.context import InsiderTrades
from alpha_oracle.features.joining.amendments import PURCHASE, changes
from alpha_oracle.features.joining.frame import day_numbers, instants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from alpha_oracle.domain.insiders import OwnershipFiling
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.features.joining.amendments import Change
    from alpha_oracle.features.joining.frame import Frame

    Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Entries:
    """Changes of every symbol with the symbol's column and its number of the owner."""

    changes: list[Change]
    columns: Positions
    owners: NDArray[np.int32]


def known_trades(
    filings: Sequence[OwnershipFiling], frame: Frame, *, covered: Mapping[Symbol, date]
) -> InsiderTrades | None:
    """Return the open-market trades of insiders from the session they were known; None: none.

    A filing of several owners counts for the first, as an officer's where any is one. What was
    known before the decision that precedes the first session lies outside every window.
    """
    concerned = [filing for filing in filings if filing.symbol in frame.column_of]
    coverage = [symbol for symbol in covered if symbol in frame.column_of]
    if not concerned and not coverage:
        return None
    entries = _entries(concerned, frame)
    row = frame.rows_of_instants(instants([c.told_by.known_at for c in entries.changes]))
    position = frame.rows_of_instants(
        instants([c.trade.first_told.known_at for c in entries.changes])
    )
    kept = np.flatnonzero((row < frame.sessions) & (position >= 0))
    kept = kept[np.lexsort((row[kept], entries.columns[kept]))]
    return _trades(
        entries, frame, row=row, position=position, kept=kept, covered=_covered(covered, frame)
    )


def _entries(filings: Iterable[OwnershipFiling], frame: Frame) -> _Entries:
    of_symbol: dict[int, list[OwnershipFiling]] = defaultdict(list)
    for filing in filings:
        of_symbol[frame.column_of[filing.symbol]].append(filing)
    found: list[Change] = []
    columns: list[int] = []
    owners: list[int] = []
    for column, told in of_symbol.items():
        # Numbered as they come: one who trades for the first time renumbers nobody.
        numbers: dict[str, int] = {}
        for change in changes(told):
            first = change.trade.filing.owners[0].owner_id
            owners.append(numbers.setdefault(first, len(numbers)))
            columns.append(column)
            found.append(change)
    return _Entries(
        changes=found,
        columns=np.array(columns, dtype=np.int64),
        owners=np.array(owners, dtype=np.int32),
    )


def _trades(
    entries: _Entries,
    frame: Frame,
    *,
    row: Positions,
    position: Positions,
    kept: Positions,
    covered: Positions,
) -> InsiderTrades:
    columns = entries.columns[kept]
    trades = [entries.changes[place].trade for place in kept.tolist()]
    told = [trade.transaction for trade in trades]
    shares = np.array([transaction.shares for transaction in told], dtype=np.float64)
    # Without a price, None becomes NaN.
    price = np.array([transaction.price_usd for transaction in told], dtype=np.float64)
    days = day_numbers([transaction.traded_on for transaction in told])
    officers = [any(owner.is_officer for owner in trade.filing.owners) for trade in trades]
    return InsiderTrades(
        sessions=frame.sessions,
        offsets=frame.offsets(columns),
        row=row[kept],
        position=position[kept],
        sign=np.array([entries.changes[place].sign for place in kept.tolist()], dtype=np.int8),
        owner=entries.owners[kept],
        is_purchase=np.array([of.code == PURCHASE for of in told], dtype=np.bool_),
        is_officer=np.array(officers, dtype=np.bool_),
        shares=shares * frame.in_first_bars(columns, days),
        notional=shares * price,
        covered_from=covered,
    )


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
