"""The session loop of a list of orders: the ledger and marks of the simulator, without its limits.

Decided at a session's close, an order fills at the next open: sales first, then purchases, each as
listed. The scalar functions of the simulator run as they are: a list is replayed once, and to
compile them would take longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.research.simulation.kernel import mark_at_close, purchase_of, sale_of
from alpha_oracle.research.simulation.ledger import apply_actions, close_lot, open_lot, record_fill
from alpha_oracle.research.simulation.records import STRATEGY_EXIT

if TYPE_CHECKING:
    from alpha_oracle.research.simulation.records import (
        Book,
        Fill,
        Market,
        Record,
        Records,
        Terms,
        Wishes,
    )

FILLED: Final = 0
LAST_SESSION: Final = 1
NO_TRADE: Final = 2
STILL_WAITING: Final = 3
NOT_HELD: Final = 4
CASH: Final = 5

EXACT_TO: Final = 10**12
"""A cost a millionth of a millionth above the cash is the cash: sums of floats are no closer."""

ORDER: Final = np.dtype(
    [
        ("session", np.int64),
        ("symbol", np.int64),
        ("quantity", np.int64),
        ("outcome", np.int64),
        ("needed", np.float64),
        ("there", np.float64),
    ]
)
"""A refused order carries what it `needed` and what was `there`: shares, or USD."""


def replay_sessions(
    market: Market, nothing: Wishes, orders: Records, *, terms: Terms, book: Book
) -> None:
    """Fill `book` with the sessions from `terms.first` and tell each order's outcome.

    `orders` are by session, sales before purchases, each as listed; a sale's quantity is negative.
    `nothing` are the wishes of no strategy: lots are closed by orders alone.
    """
    waiting: list[Record] = []
    bounds = np.searchsorted(orders["session"], np.arange(len(market.close) + 1))
    has_actions = np.any((market.split != 1.0) | (market.dividend != 0.0), axis=1)
    mark_at_close(market, nothing, terms.first, terms, book)
    for session in range(terms.first + 1, terms.first + len(book.days)):
        due = orders[bounds[session - 1] : bounds[session]]
        sales = int((due["quantity"] < 0).sum())
        if has_actions[session]:
            apply_actions(market, session, book)
        # The oldest are tried first.
        waiting.extend(due[:sales])
        for order in waiting:
            sell_listed(market, order, session, terms, book)
        waiting = [order for order in waiting if order["outcome"] == STILL_WAITING]
        for order in due[sales:]:
            buy_listed(market, order, session, terms, book)
        mark_at_close(market, nothing, session, terms, book)


def sell_listed(market: Market, order: Record, session: int, terms: Terms, book: Book) -> None:
    """Sell at the open, out of what is held; a symbol that does not trade waits."""
    symbol, quantity = order["symbol"], -order["quantity"]
    held = lot_of(symbol, book)
    shares = 0 if held < 0 else book.lots[held]["quantity"]
    if shares < quantity:
        order["outcome"] = NOT_HELD
        order["needed"] = quantity
        order["there"] = shares
    elif not market.open[session, symbol] > 0.0:
        order["outcome"] = STILL_WAITING
    else:
        order["outcome"] = FILLED
        fill = sale_of(market, session, symbol, quantity, terms)
        day = book.days[session - terms.first]
        record_fill(book, fill, day, market.open[session, symbol])
        sell_from_lot(book, held, fill)


def buy_listed(market: Market, order: Record, session: int, terms: Terms, book: Book) -> None:
    """Buy at the open what the cash pays for in full."""
    symbol, quantity = order["symbol"], order["quantity"]
    opened = market.open[session, symbol]
    if not opened > 0.0:
        order["outcome"] = NO_TRADE
        return
    fill = purchase_of(market, session, symbol, quantity, terms)
    cost = quantity * fill.price + fill.commission
    if not cost - cost / EXACT_TO <= book.cash[0]:
        order["outcome"] = CASH
        order["needed"] = cost
        order["there"] = book.cash[0]
        return
    order["outcome"] = FILLED
    record_fill(book, fill, book.days[session - terms.first], opened)
    held = lot_of(symbol, book)
    if held < 0:
        open_lot(book, fill, opened)
    else:
        add_to_lot(book, held, fill, opened)


def lot_of(symbol: int, book: Book) -> int:
    """Return the place of a symbol's lot; -1 where nothing of it is held."""
    places = np.flatnonzero(book.lots["symbol"][: book.counts[0]] == symbol)
    return int(places[0]) if len(places) else -1


def add_to_lot(book: Book, held: int, fill: Fill, mark: float) -> None:
    """Pay for more of what is held."""
    paid = fill.quantity * fill.price + fill.commission
    book.cash[0] = max(book.cash[0] - paid, 0.0)
    lot = book.lots[held]
    lot["quantity"] += fill.quantity
    lot["bought"] += fill.quantity
    lot["paid"] += paid
    lot["mark"] = mark
    lot["last_bar"] = fill.session


def sell_from_lot(book: Book, held: int, fill: Fill) -> None:
    """Take the proceeds of a sale, of a part of the lot or all of it."""
    proceeds = -fill.quantity * fill.price - fill.commission
    lot = book.lots[held]
    if lot["quantity"] + fill.quantity == 0:
        close_lot(book, held, fill.session, proceeds, STRATEGY_EXIT)
        return
    lot["quantity"] += fill.quantity
    lot["received"] += proceeds
    book.cash[0] += proceeds
