"""The market an execution was done in, as far as anybody saw it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import BestPrices
from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.orders import Fill
    from alpha_oracle.ports.quotes import QuoteBoard

HEARD_IN_TIME: Final = timedelta(seconds=5)
"""How old an execution may be for the market of now to be the one it was done in."""

LASTS_SECONDS: Final = 60.0
"""How far the quote that is taken for an execution's market may lie from it."""


def market_of(fill: Fill, symbol: Symbol, board: QuoteBoard, *, now: datetime) -> BestPrices | None:
    """Return the best prices at an execution that is heard now; None where nobody saw them."""
    if now - fill.at > HEARD_IN_TIME:
        return None
    try:
        quote = board.quotes({symbol}).get(symbol)
    except StoreUnavailable:
        return None
    if quote is None or not quote.is_fresh(fill.at, within_seconds=LASTS_SECONDS):
        return None
    if quote.bid is None or quote.ask is None:
        return None
    return BestPrices(bid=quote.bid, ask=quote.ask)
