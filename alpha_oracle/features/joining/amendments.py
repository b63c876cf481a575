"""Which trades count, as the filings of a symbol became known, amendments in their place.

An amendment takes the place of its original from its own `known_at` on. Its original is the
filing of an owner in common that was filed on the day the amendment names, else that reports on
the same day. Of several amendments the newest known holds; one whose original is not there stands
where it became known itself, and later ones replace it. As in `kernels`, parameters are positional
and kernels call those of their own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alpha_oracle.features.joining.frame import days_of
from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.domain.insiders import FilingColumns

    Positions = NDArray[np.int64]


class Filings(NamedTuple):
    """Filings in the order they became known, those of symbol s from `symbols[s]` to the next.

    Days count from 1970; `reported_on` is when a filing or what it amends was filed, `replaces`
    the day an amendment names. `owners` and `trades` are where each filing's begin, and the end;
    `owner` numbers the owners. `telling` is one number for trades that joint filers could both
    tell.
    """

    symbols: Positions
    period: Positions
    reported_on: Positions
    replaces: Positions
    is_amendment: NDArray[np.bool_]
    owners: Positions
    owner: Positions
    trades: Positions
    telling: Positions


class Changes(NamedTuple):
    """Trades that count from filing `told_by` on, or (with `sign` -1) no longer do.

    `first_told` is the filing whose place the trade's filing took, or that filing itself.
    """

    trade: Positions
    sign: NDArray[np.int8]
    told_by: Positions
    first_told: Positions


class Standing(NamedTuple):
    """What stands as filings are read.

    By filing its original, by original the newest filing in its place, by trade whether it counts,
    and by telling the first filing whose trade did (-1: none).
    """

    original: Positions
    newest: Positions
    counts: NDArray[np.bool_]
    teller: Positions


def changes(filings: FilingColumns) -> Changes:
    """Return what counts and what ceases to, by symbol, as its filings became known.

    A trade that joint filers tell in filings of their own on the same day counts once, for whom
    it was known of first.
    """
    told = _laid_out(filings)
    room = 2 * len(told.telling)
    found = Changes(
        trade=np.empty(room, dtype=np.int64),
        sign=np.empty(room, dtype=np.int8),
        told_by=np.empty(room, dtype=np.int64),
        first_told=np.empty(room, dtype=np.int64),
    )
    own = slice(_read(told, _nothing_yet(told), found))
    return Changes(found.trade[own], found.sign[own], found.told_by[own], found.first_told[own])


def filing_of_trades(filings: FilingColumns) -> Positions:
    """Return the filing of each trade."""
    return np.repeat(np.arange(len(filings)), np.diff(filings.trades.offsets))


def _laid_out(filings: FilingColumns) -> Filings:
    filed_on, replaces = days_of(filings.filed_on), days_of(filings.replaces_filed_on)
    return Filings(
        symbols=np.searchsorted(filings.symbol_index, np.arange(len(filings.symbols) + 1)),
        period=days_of(filings.period_of_report),
        reported_on=np.where(np.isnat(filings.replaces_filed_on), filed_on, replaces),
        replaces=replaces,
        is_amendment=filings.is_amendment,
        owners=filings.owners.offsets,
        owner=filings.owners.number,
        trades=filings.trades.offsets,
        telling=_tellings(filings),
    )


def _nothing_yet(filings: Filings) -> Standing:
    return Standing(
        original=np.empty(len(filings.period), dtype=np.int64),
        newest=np.empty(len(filings.period), dtype=np.int64),
        counts=np.zeros(len(filings.telling), dtype=np.bool_),
        teller=np.full(len(filings.telling), -1, dtype=np.int64),
    )


def _tellings(filings: FilingColumns) -> Positions:
    """One number for trades of a symbol that were filed on one day and are the same."""
    trades = filings.trades
    filing = filing_of_trades(filings)
    what = (
        filings.symbol_index[filing],
        filings.filed_on[filing],
        trades.traded_on,
        trades.is_purchase,
        trades.shares,
        # What was not given is the same as what was not given.
        np.where(np.isnan(trades.price_usd), -np.inf, trades.price_usd),
        np.where(np.isnan(trades.shares_after), -np.inf, trades.shares_after),
    )
    order = np.lexsort(what)
    differs = np.zeros(len(filing), dtype=np.bool_)
    for values in what:
        differs[1:] |= values[order][1:] != values[order][:-1]
    telling = np.empty(len(filing), dtype=np.int64)
    telling[order] = np.cumsum(differs)
    return telling


@kernel
def _share_an_owner(filings: Filings, one: int, other: int) -> bool:
    for first in range(filings.owners[one], filings.owners[one + 1]):
        for second in range(filings.owners[other], filings.owners[other + 1]):
            if filings.owner[first] == filings.owner[second]:
                return True
    return False


@kernel
def _original(filings: Filings, first: int, filing: int, originals: Positions) -> int:
    """Return the filing whose place one takes, of those from `first` on; itself if of none."""
    best, best_fit = filing, 1
    if filings.is_amendment[filing]:
        for other in range(first, filing):
            original = originals[other]
            fits_day = filings.reported_on[original] == filings.replaces[filing]
            fit = 2 * fits_day + (filings.period[original] == filings.period[filing])
            # Of several, the one known last: an amendment follows closely on what it mends.
            better = fit > best_fit or (fit == best_fit and (best == filing or original > best))
            if better and _share_an_owner(filings, other, filing):
                best, best_fit = original, fit
    return best


@kernel
def _take_back(filings: Filings, standing: Standing, filing: int, found: Changes, at: int) -> int:
    """Write that what stood in a filing's place counts no more; return where changes end."""
    original = standing.original[filing]
    before = standing.newest[original]
    for trade in range(filings.trades[before], filings.trades[before + 1]):
        if standing.counts[trade]:
            found.trade[at], found.sign[at] = trade, -1
            found.told_by[at], found.first_told[at] = filing, original
            at += 1
    return at


@kernel
def _tell(filings: Filings, standing: Standing, filing: int, found: Changes, at: int) -> int:
    """Write which trades of a filing count; return where changes end."""
    own = range(filings.trades[filing], filings.trades[filing + 1])
    for trade in own:
        teller = standing.teller[filings.telling[trade]]
        standing.counts[trade] = teller < 0 or _share_an_owner(filings, teller, filing)
    for trade in own:
        if standing.counts[trade]:
            if standing.teller[filings.telling[trade]] < 0:
                standing.teller[filings.telling[trade]] = filing
            found.trade[at], found.sign[at] = trade, 1
            found.told_by[at], found.first_told[at] = filing, standing.original[filing]
            at += 1
    return at


@kernel
def _read(filings: Filings, standing: Standing, found: Changes) -> int:
    at = 0
    for symbol in range(len(filings.symbols) - 1):
        first = filings.symbols[symbol]
        for filing in range(first, filings.symbols[symbol + 1]):
            original = _original(filings, first, filing, standing.original)
            standing.original[filing] = original
            if original != filing:
                at = _take_back(filings, standing, filing, found, at)
            standing.newest[original] = filing
            at = _tell(filings, standing, filing, found, at)
    return at
