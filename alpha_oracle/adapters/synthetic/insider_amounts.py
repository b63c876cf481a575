"""How much the insiders of a generated company deal in, at which prices, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.insider_events import Dealing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.insider_events import Events
    from alpha_oracle.adapters.synthetic.insider_people import Reporter
    from alpha_oracle.adapters.synthetic.market import Market

    Shares = NDArray[np.float64]

LINES: Final = 3
"""A dealing takes at most so many lines of a filing."""

# By dealing: purchase, sale, exercise, award, gift.
_MEDIAN_USD: Final = np.array([90_000.0, 400_000.0, 500_000.0, 250_000.0, 150_000.0])
_GIVES: Final = np.array([False, True, False, False, True])
_IN_LINES: Final = np.array([True, True, False, False, False])
_CHANGE: Final = np.array([1.0, -1.0, 0.0, 1.0, -1.0])
"""Of what is held, for each share dealt in."""

_SPREAD: Final = 0.6
_LARGE: Final = 25.0
_MOST_SOLD_FRACTION: Final = 0.04
"""Of what was held at first, so that a life of sales leaves something."""

_WITHHELD_FRACTION: Final = 0.4
_TAXED_FRACTION: Final = 0.5
_UNPRICED_FRACTION: Final = 0.015
_FINE: Final = 31.0
"""Spreads out again what is left of a draw after it has decided something once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amounts:
    """Whole shares as then counted, and USD a share, one entry an event.

    `prices` are three of the session, `events x LINES`; NaN where none is told. `withheld` is what
    of an award went to the tax. `held` is what the reporter held before.
    """

    shares: Shares
    withheld: Shares
    prices: NDArray[np.float64]
    held: Shares


def amounts_of(
    market: Market, column: int, *, events: Events, reporters: Sequence[Reporter]
) -> Amounts:
    """Return the amounts of a company's dealings."""
    split = market.actions.shares[events.row, column]
    fraction = np.array([reporter.holding_fraction for reporter in reporters])
    is_large = np.array([reporter.is_large for reporter in reporters])[events.reporter]
    first = fraction * market.companies.character.shares[column]
    low, high = (values[events.row, column] for values in (market.bars.low, market.bars.high))
    part = (events.price[:, None] + np.arange(LINES) / LINES) % 1.0
    prices = np.round(low[:, None] + (high - low)[:, None] * part, 2)
    usd = (
        _MEDIAN_USD[events.dealing]
        * (events.size / (1.0 - events.size)) ** _SPREAD
        * np.where(is_large, _LARGE, 1.0)
    )
    # Of a session without a bar the last price is not looked for: the least is dealt in.
    wanted = np.nan_to_num(np.rint(usd / prices[:, 0]))
    most = np.floor(_MOST_SOLD_FRACTION * first[events.reporter] * split)
    shares = np.maximum(np.where(_GIVES[events.dealing], np.minimum(wanted, most), wanted), 1.0)
    taxed = (events.dealing == Dealing.AWARD) & (events.detail < _TAXED_FRACTION)
    withheld = np.where(taxed, np.floor(_WITHHELD_FRACTION * shares), 0.0)
    untold = _IN_LINES[events.dealing] & (events.detail * _FINE % 1.0 < _UNPRICED_FRACTION)
    return Amounts(
        shares=shares,
        withheld=withheld,
        prices=np.where(untold[:, None], np.nan, prices),
        held=_held(events, shares=shares, withheld=withheld, split=split, first=first),
    )


def _held(
    events: Events, *, shares: Shares, withheld: Shares, split: Shares, first: Shares
) -> Shares:
    # Counted as before any split, which no later split changes.
    change = (_CHANGE[events.dealing] * shares - withheld) / split
    held = np.empty_like(shares)
    for reporter, begun in enumerate(first.tolist()):
        own = events.reporter == reporter
        held[own] = begun + np.cumsum(change[own]) - change[own]
    return np.rint(held * split)
