"""The session loop of the simulator: plain scalar code over arrays, compiled by `simulator`.

A session, in the order of work: corporate actions of the open, exits, entries, marks at the close.
Decisions of a close trade at the next open; money is float64 USD.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from alpha_oracle.risk.sizing import (
    affordable_shares,
    order_commission,
    spendable_cash,
    target_notional,
    whole_shares,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Record: TypeAlias = np.void
    Records: TypeAlias = NDArray[np.void]
    Floats: TypeAlias = NDArray[np.float64]

SESSIONS_TO_DELISTING: Final = 10
"""Sessions without a bar after which a symbol counts as gone.

Its lot is then closed at the last traded close. Looking whether a bar ever comes again would tell
the past what only the future knows.
"""

SPLIT_ROUNDING: Final = 1e-6
"""A ratio like 1/3 arrives rounded: 300 shares of it are 100 shares, not 99 and a fraction."""

FOREVER: Final = 2**62

STRATEGY_EXIT: Final = 0
MAX_HOLD_EXIT: Final = 1
DELISTED: Final = 2
CASHED_OUT: Final = 3

LOT: Final = np.dtype(
    [
        ("symbol", np.int64),
        ("quantity", np.int64),
        ("entry", np.int64),
        ("bought", np.int64),
        ("paid", np.float64),
        ("received", np.float64),
        ("mark", np.float64),
        ("last_bar", np.int64),
        ("exit_wanted", np.bool_),
    ]
)
FILL: Final = np.dtype(
    [
        ("session", np.int64),
        ("symbol", np.int64),
        ("quantity", np.int64),
        ("price", np.float64),
        ("commission", np.float64),
    ]
)
TRADE: Final = np.dtype(
    [
        ("symbol", np.int64),
        ("entry", np.int64),
        ("exit", np.int64),
        ("quantity", np.int64),
        ("paid", np.float64),
        ("pnl", np.float64),
        ("reason", np.int64),
    ]
)
DAY: Final = np.dtype(
    [
        ("equity", np.float64),
        ("cash", np.float64),
        ("traded", np.float64),
        ("costs", np.float64),
    ]
)


class Market(NamedTuple):
    """As traded, `sessions x symbols`; `order` are the columns by ascending symbol."""

    open: Floats
    close: Floats
    split: Floats
    dividend: Floats
    order: NDArray[np.int64]


class Terms(NamedTuple):
    """What a run trades by; percents are points, slippage is a fraction of the price."""

    first: int
    kelly_fraction: float
    max_position_pct: float
    min_cash_pct: float
    max_positions: int
    commission_per_share: float
    min_commission: float
    slippage_fraction: float
    min_hold: int
    max_hold: int


class Fill(NamedTuple):
    """One execution; a sale's quantity is negative."""

    session: int
    symbol: int
    quantity: int
    price: float
    commission: float


class Wishes(NamedTuple):
    """A strategy's decisions, `sessions x symbols`: entry strengths (NaN: none) and exits."""

    entry: Floats
    exit: NDArray[np.bool_]


class Book(NamedTuple):
    """State and record of a run.

    `cash` has one element; `counts` are the lots held, the fills and the trades so far; `taken` is
    the last session on which a symbol was held, or `FOREVER` while it is.
    """

    cash: Floats
    counts: NDArray[np.int64]
    taken: NDArray[np.int64]
    lots: Records
    fills: Records
    trades: Records
    days: Records


def run_sessions(market: Market, wishes: Wishes, terms: Terms, book: Book) -> None:
    """Fill `book` with the sessions from `terms.first`, whose close is the first to decide."""
    mark_at_close(market, wishes, terms.first, terms, book)
    for session in range(terms.first + 1, terms.first + len(book.days)):
        apply_actions(market, session, book)
        close_due(market, session, terms, book)
        if book.counts[0] < terms.max_positions:
            symbols = wished_for(market, wishes, session, book)
            enter(market, symbols, session, terms, book)
        mark_at_close(market, wishes, session, terms, book)


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


def close_due(market: Market, session: int, terms: Terms, book: Book) -> None:
    """Sell at the open what is due; a symbol without a bar waits for its next."""
    for held in range(book.counts[0] - 1, -1, -1):
        lot = book.lots[held]
        age = session - lot["entry"]
        is_over = age >= terms.max_hold
        if not (is_over or (lot["exit_wanted"] and age >= terms.min_hold)):
            continue
        opened = market.open[session, lot["symbol"]]
        if not opened > 0.0:
            continue
        price = opened * (1.0 - terms.slippage_fraction)
        notional = lot["quantity"] * price
        # A sale brings at least nothing: cash never goes below zero for a commission.
        commission = min(
            order_commission(lot["quantity"], terms.commission_per_share, terms.min_commission),
            notional,
        )
        fill = Fill(session, lot["symbol"], -lot["quantity"], price, commission)
        record_fill(book, fill, book.days[session - terms.first], opened)
        reason = MAX_HOLD_EXIT if is_over else STRATEGY_EXIT
        close_lot(book, held, session, notional - commission, reason)


def wished_for(market: Market, wishes: Wishes, session: int, book: Book) -> NDArray[np.int64]:
    """Return the symbols wished for at the last close that may be bought, strongest first.

    Equal strengths go by symbol. What was held at that close is not bought again at the open that
    sells it.
    """
    found = np.empty(len(market.order), np.int64)
    strengths = np.empty(len(market.order), np.float64)
    count = 0
    for symbol in market.order:
        strength = wishes.entry[session - 1, symbol]
        if strength > 0.0 and book.taken[symbol] < session and market.open[session, symbol] > 0.0:
            found[count] = symbol
            strengths[count] = strength
            count += 1
    # Merge sort is stable: it keeps the ascending symbols of equal strengths in place.
    return found[np.argsort(-strengths[:count], kind="mergesort")]


def enter(
    market: Market, symbols: NDArray[np.int64], session: int, terms: Terms, book: Book
) -> None:
    """Buy in the order given, sized at the open, until slots or cash are gone."""
    equity = equity_at_open(market, session, book)
    target = target_notional(equity, terms.kelly_fraction, terms.max_position_pct)
    for symbol in symbols:
        if book.counts[0] >= terms.max_positions:
            return
        opened = market.open[session, symbol]
        price = opened * (1.0 + terms.slippage_fraction)
        quantity = min(
            whole_shares(target, opened),
            affordable_shares(
                spendable_cash(book.cash[0], equity, terms.min_cash_pct),
                price,
                terms.commission_per_share,
                terms.min_commission,
            ),
        )
        if quantity > 0:
            commission = order_commission(
                quantity, terms.commission_per_share, terms.min_commission
            )
            fill = Fill(session, symbol, quantity, price, commission)
            record_fill(book, fill, book.days[session - terms.first], opened)
            open_lot(book, fill, opened)


def equity_at_open(market: Market, session: int, book: Book) -> float:
    """Return cash and lots at the open; a symbol without a bar counts at its last price."""
    equity = book.cash[0]
    for held in range(book.counts[0]):
        lot = book.lots[held]
        opened = market.open[session, lot["symbol"]]
        equity += lot["quantity"] * (opened if opened > 0.0 else lot["mark"])
    return float(equity)


def mark_at_close(market: Market, wishes: Wishes, session: int, terms: Terms, book: Book) -> None:
    """Mark the lots, note the exits wished for, settle what was delisted, record the day."""
    day = book.days[session - terms.first]
    notional = 0.0
    for held in range(book.counts[0] - 1, -1, -1):
        lot = book.lots[held]
        close = market.close[session, lot["symbol"]]
        if close > 0.0:
            lot["mark"] = close
            lot["last_bar"] = session
        if wishes.exit[session, lot["symbol"]]:
            lot["exit_wanted"] = True
        if session - lot["last_bar"] >= SESSIONS_TO_DELISTING:
            fill = Fill(session, lot["symbol"], -lot["quantity"], lot["mark"], 0.0)
            record_fill(book, fill, day, lot["mark"])
            close_lot(book, held, session, lot["quantity"] * lot["mark"], DELISTED)
        else:
            notional += lot["quantity"] * lot["mark"]
    day["cash"] = book.cash[0]
    day["equity"] = book.cash[0] + notional


def record_fill(book: Book, fill: Fill, day: Record, market_price: float) -> None:
    """Add a fill to the record, and to its day what it traded and cost against the market."""
    record = book.fills[book.counts[1]]
    record["session"] = fill.session
    record["symbol"] = fill.symbol
    record["quantity"] = fill.quantity
    record["price"] = fill.price
    record["commission"] = fill.commission
    book.counts[1] += 1
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
