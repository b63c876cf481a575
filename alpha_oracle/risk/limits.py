"""The limits of positions and of the portfolio.

Plain scalar functions. Live checks call them with `Decimal`; research compiles this source with
numba and calls it with floats, so constants are integers and nothing here knows either type. What
a position may be worth is bounded inclusively, as sizing aims at the bound itself; a loss exactly
on its bound halts.
"""

from decimal import Decimal
from typing import TypeVar

Number = TypeVar("Number", Decimal, float)
"""Exact money live, float64 in a simulation; never mixed in one call."""


def room_usd(equity: Number, exposure: Number, max_pct: Number) -> Number:
    """Return the USD that may be added to an exposure of at most `max_pct` percent of equity.

    The exposure is a position's or a sector's: what is held and what working orders may add.
    """
    return max(equity * max_pct / 100 - exposure, equity * 0)


def is_price_allowed(price: Number, min_price: Number) -> bool:
    """Whether a share is no penny stock: a price as traded of `min_price` USD or more."""
    return price >= min_price


def decline_pct(equity: Number, base: Number) -> Number:
    """Return how far equity lies below a base, in percent of the base; 0 at or above it.

    The base is the peak for the drawdown, the previous session's closing equity for the day's loss.
    """
    if base <= 0 or equity >= base:
        return equity * 0
    return (base - equity) / base * 100


def is_below(measured: Number, bound: Number) -> bool:
    """Whether a decline lies below its bound; exactly on it does not.

    A decline within a millionth of a millionth of its bound is on it: 0.29 * 100 in floats is a
    hair under 29, and both arithmetics must halt.
    """
    return measured + measured / 10**12 < bound
