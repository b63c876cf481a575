"""What a broker charges for an order, as schedules.

Plain scalar functions. Live trading calls them with `Decimal`; research compiles this source with
numba and calls it with floats, so constants are integers and nothing here knows either type.
"""

from decimal import Decimal
from typing import Final, Generic, NamedTuple, TypeVar

Number = TypeVar("Number", Decimal, float)
"""Exact money live, float64 in a simulation; never mixed in one call."""


class Commission(NamedTuple, Generic[Number]):
    """A schedule: USD a share with a minimum an order, at most a part of its notional.

    `fees_per_share` come on top of that (exchange and clearing, where the schedule passes them
    on), `sale_fee_bps` of the notional on top of a sale (section 31 of the Exchange Act).
    """

    per_share: Number
    minimum: Number
    max_pct: Number
    fees_per_share: Number
    sale_fee_bps: Number


FREE: Final = Commission(0.0, 0.0, 100.0, 0.0, 0.0)

IBKR_FIXED: Final = Commission(0.005, 1.0, 1.0, 0.0, 0.278)
"""Interactive Brokers, US stocks, fixed: 0.005 USD a share, at least 1 USD, at most 1 % of the
order. A sale pays the section 31 fee beside it: 27.80 USD a million, the highest of recent years.
"""

IBKR_TIERED: Final = Commission(0.0035, 0.35, 1.0, 0.0032, 0.278)
"""Interactive Brokers, US stocks, tiered, up to 300,000 shares a month: 0.0035 USD a share, at
least 0.35 USD, at most 1 % of the order; an exchange's 0.0030 USD a share for taking liquidity and
0.0002 of clearing come on top, and the section 31 fee of a sale.
"""

SCHEDULES: Final = {"ibkr_fixed": IBKR_FIXED, "ibkr_tiered": IBKR_TIERED, "free": FREE}


def order_commission(quantity: int, price: Number, commission: Commission[Number]) -> Number:
    """Return what an order costs in USD. A sale's quantity is negative.

    Where the minimum is above the maximum, the maximum is charged (the broker's own rule), so that
    a sale always brings something.
    """
    shares = abs(quantity)
    notional = shares * price
    charged = min(
        max(shares * commission.per_share, commission.minimum), notional * commission.max_pct / 100
    )
    charged += shares * commission.fees_per_share
    if quantity < 0:
        charged += notional * commission.sale_fee_bps / 10000
        return min(charged, notional)
    return charged


def cost(quantity: int, price: Number, commission: Commission[Number]) -> Number:
    """Return what a purchase takes from cash in USD, commission included."""
    return quantity * price + order_commission(quantity, price, commission)
