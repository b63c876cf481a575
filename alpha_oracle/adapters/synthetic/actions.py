"""Splits and dividends: what makes a price as traded differ from what a share is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.returns import falls_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies

_BOARD_SESSIONS: Final = 21
_BOARD_AFTER_DIVIDEND_SESSIONS: Final = 7
_REVERSE_BELOW_USD: Final = 4.0
_REVERSE: Final = 0.1
_FORWARD: Final = ((150.0, 2.0), (240.0, 3.0), (350.0, 4.0), (450.0, 5.0), (np.inf, 10.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actions:
    """Corporate actions by ex-date, `sessions x companies`.

    `split` is new shares for one old (1 where none), `shares` its running product; `dividend` is
    cash a share, USD as traded (0 where none).
    """

    split: NDArray[np.float64]
    shares: NDArray[np.float64]
    dividend: NDArray[np.float64]


def dividend_fractions(companies: Companies, *, sessions: int) -> NDArray[np.float64]:
    """Return the part of the last close paid out at each ex-date, 0 elsewhere."""
    character = companies.character
    pays = falls_on(character.dividend_phase, sessions=sessions)
    pays &= np.arange(sessions)[:, None] > companies.listed
    return np.where(pays, character.quarterly_yield, 0.0)


def decide_actions(
    companies: Companies, *, worth: NDArray[np.float64], paid: NDArray[np.float64]
) -> Actions:
    """Return the actions that follow from what an original share is worth at each close.

    A price above the company's bound is split, one below `_REVERSE_BELOW_USD` is consolidated,
    both at the next meeting of the board, on the close before it. A board never meets on a day
    the dividend goes ex.
    """
    split = np.ones_like(worth)
    shares = np.ones_like(worth)
    meets = _board_meets(companies, sessions=len(worth))
    for position in range(1, len(worth)):
        price = worth[position - 1] / shares[position - 1]
        wanted = _ratio(price, above=companies.character.split_above_usd)
        split[position] = np.where(meets[position], wanted, 1.0)
        shares[position] = shares[position - 1] * split[position]
    price = np.round(worth / shares, 2)
    dividend = np.zeros_like(worth)
    dividend[1:] = np.maximum(np.round(paid[1:] * price[:-1], 2), 0.01)
    return Actions(split=split, shares=shares, dividend=np.where(paid > 0.0, dividend, 0.0))


def _ratio(price: NDArray[np.float64], *, above: NDArray[np.float64]) -> NDArray[np.float64]:
    bounds, ratios = zip(*_FORWARD, strict=True)
    forward = np.asarray(ratios)[np.searchsorted(np.asarray(bounds), price)]
    return np.where(price > above, forward, np.where(price < _REVERSE_BELOW_USD, _REVERSE, 1.0))


def _board_meets(companies: Companies, *, sessions: int) -> NDArray[np.bool_]:
    phase = companies.character.dividend_phase + _BOARD_AFTER_DIVIDEND_SESSIONS
    position = np.arange(sessions)[:, None]
    meets = np.equal(position % _BOARD_SESSIONS, phase % _BOARD_SESSIONS)
    return meets & companies.is_listed(sessions) & (position > companies.listed)
