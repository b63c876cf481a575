"""Why an order of a list was not filled, told with what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.research.simulation import replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.listed_orders import ListedOrder
    from alpha_oracle.domain.market import Session
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulation.records import Record


def misplaced(orders: Sequence[ListedOrder], panel: MarketPanel) -> dict[int, str]:
    """Return why orders have no place on a market, by their place in the list."""
    has_bars = np.any(np.isfinite(panel.traded_close), axis=1)
    days = {day.item() for day in panel.sessions[has_bars]}
    symbols = frozenset(panel.symbols)
    reasons: dict[int, str] = {}
    for place, order in enumerate(orders):
        if order.session not in days:
            reasons[place] = _no_bars(order.session, panel)
        elif order.symbol not in symbols:
            reasons[place] = f"no bar of {order.symbol} is stored"
    return reasons


def _no_bars(session: Session, panel: MarketPanel) -> str:
    reached = calendar.first_session() <= session <= calendar.last_session()
    if not (reached and calendar.is_session(session)):
        return f"{session} is no session of the exchange"
    first, last = panel.sessions[0], panel.sessions[-1]
    return f"no bars are stored of {session}; those stored reach from {first} to {last}"


def refusal_reason(order: Record, panel: MarketPanel) -> str:
    """Return why an order that had its place was not filled."""
    decided = panel.sessions[order["session"]]
    symbol = panel.symbols[order["symbol"]]
    match order["outcome"]:
        case replay.LAST_SESSION:
            return f"no session is stored after {decided}"
        case replay.NO_TRADE:
            following = panel.sessions[order["session"] + 1]
            return f"{symbol} did not trade on the next session, {following}"
        case replay.STILL_WAITING:
            return f"{symbol} did not trade again up to {panel.sessions[-1]}, the last one stored"
        case replay.NOT_HELD:
            return f"sells {order['needed']:,.0f} of {order['there']:,.0f} shares held"
        case replay.CASH:
            return f"costs {order['needed']:,.2f} USD of {order['there']:,.2f} USD in cash"
    raise AssertionError(order["outcome"])
