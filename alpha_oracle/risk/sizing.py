"""How many shares an entry buys: half Kelly, the position cap, whole shares, the cash that is free.

Plain scalar functions. Live trading calls them with `Decimal`; research compiles this source with
numba and calls it with floats, so constants are integers and nothing here knows either type.
"""

from decimal import Decimal
from typing import TypeVar

from alpha_oracle.risk.commissions import Commission

Number = TypeVar("Number", Decimal, float)
"""Exact money live, float64 in a simulation; never mixed in one call."""


def half_kelly(win_rate: Number, avg_win_loss_ratio: Number) -> Number:
    """Return the fraction of equity to put at stake; 0 or less means no order.

    `win_rate` is 0 to 1, the ratio is average win over average loss: infinite without a loser,
    which leaves half the win rate. Without a winner the answer is 0.
    """
    if win_rate <= 0 or avg_win_loss_ratio <= 0:
        return win_rate * 0
    return (win_rate - (1 - win_rate) / avg_win_loss_ratio) / 2


def target_notional(equity: Number, kelly_fraction: Number, max_position_pct: Number) -> Number:
    """Return what a position may be worth in USD: the Kelly fraction, at most the cap."""
    if equity <= 0 or kelly_fraction <= 0:
        return equity * 0
    return equity * min(kelly_fraction, max_position_pct / 100)


def spendable_cash(cash: Number, equity: Number, min_cash_pct: Number) -> Number:
    """Return the USD that may be spent while `min_cash_pct` percent of equity stay in cash."""
    return max(cash - equity * min_cash_pct / 100, cash * 0)


def whole_shares(notional: Number, price: Number) -> int:
    """Return how many whole shares a notional pays for, rounded down.

    A quotient within a millionth of a millionth of a whole number is that number: 0.3 / 0.1 in
    floats is a hair under 3, and both arithmetics must buy the same.
    """
    if notional <= 0 or price <= 0:
        return 0
    shares = notional / price
    return int(shares + shares / 10**12)


def affordable_shares(spendable: Number, price: Number, commission: Commission[Number]) -> int:
    """Return how many whole shares `spendable` USD pay for, commission included."""
    each = price + commission.fees_per_share
    return max(
        min(
            whole_shares(spendable - commission.minimum, each),
            whole_shares(spendable, each + commission.per_share),
        ),
        whole_shares(spendable, each + price * commission.max_pct / 100),
    )
