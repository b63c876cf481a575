"""The session loop of the simulator: plain scalar code over arrays, compiled by `simulator`.

A session, in the order of work: corporate actions of the open, exits, entries, marks at the close.
Decisions of a close trade at the next open; money is float64 USD.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

from alpha_oracle.research.simulation.ledger import (
    apply_actions,
    close_lot,
    equity_at_open,
    open_lot,
    record_fill,
)
from alpha_oracle.research.simulation.records import (
    CASH,
    DAILY_LOSS,
    DELISTED,
    DRAWDOWN,
    MAX_HOLD_EXIT,
    NO_BAR,
    NO_EDGE,
    NOT_REFUSED,
    PENNY_STOCK,
    SECTOR,
    SLOTS,
    STRATEGY_EXIT,
    TOO_SMALL,
    TRADES_A_DAY,
    UNKNOWN_ADV,
    Fill,
)
from alpha_oracle.risk.commissions import order_commission
from alpha_oracle.risk.limits import decline_pct, is_below, is_price_allowed, room_usd
from alpha_oracle.risk.sizing import (
    affordable_shares,
    spendable_cash,
    target_notional,
    whole_shares,
)

if TYPE_CHECKING:
    from alpha_oracle.research.simulation.records import Book, Market, Terms, Wishes

SESSIONS_TO_DELISTING: Final = 10
"""Sessions without a bar after which a symbol counts as gone.

Its lot is then closed at the last traded close. Looking whether a bar ever comes again would tell
the past what only the future knows.
"""


def run_sessions(market: Market, wishes: Wishes, terms: Terms, book: Book) -> None:
    """Fill `book` with the sessions from `terms.first`, whose close is the first to decide."""
    mark_at_close(market, wishes, terms.first, terms, book)
    for session in range(terms.first + 1, terms.first + len(book.days)):
        if market.has_actions[session]:
            apply_actions(market, session, book)
        close_due(market, session, terms, book)
        if wishes.offsets[session] > wishes.offsets[session - 1]:
            enter(market, wishes, session, terms, book)
        mark_at_close(market, wishes, session, terms, book)


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
        fill = sale_of(market, session, lot["symbol"], lot["quantity"], terms)
        record_fill(book, fill, book.days[session - terms.first], opened)
        reason = MAX_HOLD_EXIT if is_over else STRATEGY_EXIT
        close_lot(book, held, session, -fill.quantity * fill.price - fill.commission, reason)


def sale_of(market: Market, session: int, symbol: int, quantity: int, terms: Terms) -> Fill:
    """Return the sale of `quantity` shares at the open."""
    slippage = slippage_of(market, session, symbol, quantity, terms)
    # What nobody knows the volume of is sold all the same: an exit reduces risk.
    given = slippage if slippage > 0.0 else terms.slippage_fraction
    price = market.open[session, symbol] * max(1.0 - given, 0.0)
    commission = order_commission(-quantity, price, terms.commission)
    return Fill(session, symbol, -quantity, price, commission)


def purchase_of(market: Market, session: int, symbol: int, quantity: int, terms: Terms) -> Fill:
    """Return the purchase of `quantity` shares at the open."""
    slippage = slippage_of(market, session, symbol, quantity, terms)
    price = market.open[session, symbol] * (1.0 + slippage)
    return Fill(
        session, symbol, quantity, price, order_commission(quantity, price, terms.commission)
    )


def slippage_of(market: Market, session: int, symbol: int, quantity: int, terms: Terms) -> float:
    """Return what an order of `quantity` shares gives away, as a fraction; NaN where unknown."""
    if market.impact.size == 0:
        return terms.slippage_fraction
    # The volume is counted in shares as they were before a split of this open.
    shares = quantity / market.split[session, symbol]
    return terms.slippage_fraction + float(market.impact[session - 1, symbol]) * sqrt(shares)


def enter(market: Market, wishes: Wishes, session: int, terms: Terms, book: Book) -> None:
    """Buy what the last close wished for, sized at the open, until limits or cash say no.

    What was held at that close is not bought again at the open that sells it.
    """
    book.equity[0] = equity_at_open(market, session, book)
    halted_by = halt(session, terms, book)
    is_summed = False
    for place in range(wishes.offsets[session - 1], wishes.offsets[session]):
        symbol = wishes.symbols[place]
        if book.taken[symbol] >= session:
            continue
        refusal = halted_by
        if refusal == NOT_REFUSED:
            refusal = refused_by(market, symbol, session, terms, book)
        if refusal == NOT_REFUSED:
            if not is_summed:
                sum_sectors(market, session, book)
                is_summed = True
            refusal = buy(market, symbol, session, terms, book)
        if refusal != NOT_REFUSED:
            book.refused[refusal] += 1


def halt(session: int, terms: Terms, book: Book) -> int:
    """Return which loss halts the session's entries, if any: the drawdown, or the day's."""
    equity = book.equity[0]
    day = book.days[session - terms.first]
    before = book.days[session - terms.first - 1]["equity"]
    if not is_below(decline_pct(equity, book.peak[0]), terms.max_drawdown_pct):
        day["halted_by"] = DRAWDOWN
    elif not is_below(decline_pct(equity, before), terms.max_daily_loss_pct):
        day["halted_by"] = DAILY_LOSS
    return int(day["halted_by"])


def sum_sectors(market: Market, session: int, book: Book) -> None:
    """Sum what is held in each sector, at the open."""
    book.sector_usd[:] = 0.0
    if market.sector.size == 0:
        return
    for held in range(book.counts[0]):
        lot = book.lots[held]
        opened = market.open[session, lot["symbol"]]
        price = opened if opened > 0.0 else lot["mark"]
        book.sector_usd[market.sector[session - 1, lot["symbol"]]] += lot["quantity"] * price


def refused_by(market: Market, symbol: int, session: int, terms: Terms, book: Book) -> int:
    """Return what refuses an entry whatever its size.

    What every wish of the session meets alike comes first, before its own price is looked up.
    """
    refusal = NOT_REFUSED
    if not terms.kelly_fraction > 0.0:
        refusal = NO_EDGE
    elif book.counts[0] >= terms.max_positions:
        refusal = SLOTS
    elif book.days[session - terms.first]["trades"] >= terms.max_trades_per_day:
        refusal = TRADES_A_DAY
    elif not market.open[session, symbol] > 0.0:
        refusal = NO_BAR
    elif not is_price_allowed(market.open[session, symbol], terms.min_price):
        refusal = PENNY_STOCK
    return refusal


def buy(market: Market, symbol: int, session: int, terms: Terms, book: Book) -> int:
    """Buy as much of a symbol as its limits leave and the cash pays for; return what refused it."""
    opened, equity = market.open[session, symbol], book.equity[0]
    wanted = whole_shares(
        target_notional(equity, terms.kelly_fraction, terms.max_position_pct), opened
    )
    if wanted == 0:
        return TOO_SMALL
    if market.sector.size:
        used = book.sector_usd[market.sector[session - 1, symbol]]
        wanted = min(wanted, whole_shares(room_usd(equity, used, terms.max_sector_pct), opened))
        if wanted == 0:
            return SECTOR
    slippage = slippage_of(market, session, symbol, wanted, terms)
    if not slippage >= 0.0:
        return UNKNOWN_ADV
    spendable = spendable_cash(book.cash[0], equity, terms.min_cash_pct)
    price = opened * (1.0 + slippage)
    quantity = min(wanted, affordable_shares(spendable, price, terms.commission))
    if quantity == 0:
        return CASH
    take(market, symbol, session, quantity, terms, book)
    return NOT_REFUSED


def take(  # noqa: PLR0917 - Compiled code knows no keywords.
    market: Market, symbol: int, session: int, quantity: int, terms: Terms, book: Book
) -> None:
    """Book a purchase at the open."""
    opened = market.open[session, symbol]
    fill = purchase_of(market, session, symbol, quantity, terms)
    record_fill(book, fill, book.days[session - terms.first], opened)
    open_lot(book, fill, opened)
    if market.sector.size:
        book.sector_usd[market.sector[session - 1, symbol]] += quantity * opened


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
            close_lot(book, held, session, -fill.quantity * fill.price, DELISTED)
        else:
            notional += lot["quantity"] * lot["mark"]
    day["cash"] = book.cash[0]
    day["equity"] = book.cash[0] + notional
    book.peak[0] = max(book.peak[0], day["equity"])
