"""Lists of orders for tests, by the row of the session they are decided on."""

from __future__ import annotations

from alpha_oracle.domain.listed_orders import ListedOrder
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.research.replay import ReplayTerms, commission_per_share, replay_orders


def some_orders(market, *rows):
    """Orders from `(row or session, symbol, signed quantity)`; a sale is below 0."""
    return [
        ListedOrder(
            session=market.sessions[row].item() if isinstance(row, int) else row,
            symbol=Symbol(symbol),
            side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=abs(quantity),
        )
        for row, symbol, quantity in rows
    ]


def replayed(market, *rows, capital=10_000.0, commission=None, slippage_bps=0.0):
    """What becomes of orders as `some_orders` makes them; costless unless told otherwise."""
    terms = ReplayTerms(
        capital_usd=capital,
        commission=commission or commission_per_share(0.0),
        slippage_bps=slippage_bps,
    )
    return replay_orders(some_orders(market, *rows), market, terms=terms)


def told_fills(result, market):
    """Fills as `(row, symbol, signed quantity, price, commission)`, to a millionth."""
    rows = {session.item(): row for row, session in enumerate(market.sessions)}
    return [
        (
            rows[fill.session],
            fill.symbol,
            fill.quantity if fill.side is Side.BUY else -fill.quantity,
            round(fill.price, 6),
            round(fill.commission, 6),
        )
        for fill in result.fills
    ]


def told_refusals(result):
    """Refused orders as `(symbol, quantity, reason)`."""
    return [(one.order.symbol, one.order.quantity, one.reason) for one in result.refused]
