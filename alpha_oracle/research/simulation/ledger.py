"""The book of a run: what corporate actions, purchases, sales and marks do to cash and lots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.research.simulation.records import CASHED_OUT, FOREVER

if TYPE_CHECKING:
    from alpha_oracle.research.simulation.records import Book, Fill, Market, Record

SPLIT_ROUNDING: Final = 1e-6
"""A ratio like 1/3 arrives rounded: 300 shares of it are 100 shares, not 99 and a fraction."""


def apply_actions(market: Market, session: int, book: Book) -> None:
    """Credit dividends and multiply quantities on their ex-date; a fraction is paid in cash.

    A dividend is an amount for each share held before a split of the same morning.
    """
    for held in range(book.counts[0] - 1, -1, -1):
        lot = book.lots[held]
        symbol = lot["symbol"]
        income = lot["quantity"] * market.dividend[session, symbol]
        ratio = market.split[session, symbol]
        if ratio != 1.0:
            shares = lot["quantity"] * ratio
            lot["quantity"] = int(shares + SPLIT_ROUNDING)
            lot["mark"] /= ratio
            opened = market.open[session, symbol]
            price = opened if opened > 0.0 else lot["mark"]
            income += max(shares - lot["quantity"], 0.0) * price
        lot["received"] += income
        book.cash[0] += income
        if lot["quantity"] == 0:
            close_lot(book, held, session, 0.0, CASHED_OUT)


def equity_at_open(market: Market, session: int, book: Book) -> float:
    """Return cash and lots at the open; a symbol without a bar counts at its last price."""
    equity = book.cash[0]
    for held in range(book.counts[0]):
        lot = book.lots[held]
        opened = market.open[session, lot["symbol"]]
        equity += lot["quantity"] * (opened if opened > 0.0 else lot["mark"])
    return float(equity)


def record_fill(book: Book, fill: Fill, day: Record, market_price: float) -> None:
    """Add a fill to the record, and to its day what it traded and cost against the market."""
    record = book.fills[book.counts[1]]
    record["session"] = fill.session
    record["symbol"] = fill.symbol
    record["quantity"] = fill.quantity
    record["price"] = fill.price
    record["commission"] = fill.commission
    book.counts[1] += 1
    day["trades"] += 1
    day["traded"] += abs(fill.quantity) * fill.price
    day["costs"] += fill.commission + fill.quantity * (fill.price - market_price)


def open_lot(book: Book, fill: Fill, mark: float) -> None:
    """Pay for a lot and hold it."""
    paid = fill.quantity * fill.price + fill.commission
    # A sum that float noise puts a hair above the cash is all of it.
    book.cash[0] = max(book.cash[0] - paid, 0.0)
    lot = book.lots[book.counts[0]]
    lot["symbol"] = fill.symbol
    lot["quantity"] = fill.quantity
    lot["entry"] = fill.session
    lot["bought"] = fill.quantity
    lot["paid"] = paid
    lot["received"] = 0.0
    lot["mark"] = mark
    lot["last_bar"] = fill.session
    lot["exit_wanted"] = False
    book.taken[fill.symbol] = FOREVER
    book.counts[0] += 1


def close_lot(book: Book, held: int, session: int, proceeds: float, reason: int) -> None:
    """Take the proceeds, record the trade, and move the newest lot into the place left."""
    lot = book.lots[held]
    book.cash[0] += proceeds
    book.taken[lot["symbol"]] = session
    trade = book.trades[book.counts[2]]
    trade["symbol"] = lot["symbol"]
    trade["entry"] = lot["entry"]
    trade["exit"] = session
    trade["quantity"] = lot["bought"]
    trade["paid"] = lot["paid"]
    trade["pnl"] = lot["received"] + proceeds - lot["paid"]
    trade["reason"] = reason
    book.counts[2] += 1
    book.counts[0] -= 1
    book.lots[held] = book.lots[book.counts[0]]
