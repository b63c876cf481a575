"""What an account was worth at the close before its session, told by the session's own record.

The book is that of now. What the session bought, sold and paid is taken back out of it, so that a
close that comes late counts as if it had been there in the morning. A deposit stays in: it moves
the base of the day's loss.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.orders import Side
from alpha_oracle.execution.reconciliation import held_shares

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.execution.book import Book
    from alpha_oracle.execution.booking import Execution


def opening_shares(book: Book, session: Session) -> dict[Symbol, int]:
    """Return what was held into a session by symbol, in shares of it: never 0."""
    shares = held_shares(book)
    for one in _executions(book, session):
        _take_back(shares, book.orders[one.order_id].symbol, one)
    return {symbol: held for symbol, held in shares.items() if held}


def opening_equity(
    book: Book,
    session: Session,
    *,
    closes: Mapping[Symbol, Decimal],
    applied: Iterable[CorporateAction],
) -> Decimal | None:
    """Return the equity (USD) at the close before a session; None where a close is not known.

    `closes` are USD in shares of then. `applied` are the actions that went ex on the session and
    are in the book: what they paid came after the close.
    """
    held = opening_shares(book, session)
    if not held.keys() <= closes.keys():
        return None
    spent = sum((one.cash_usd for one in _executions(book, session)), Decimal(0))
    worth = _at_the_open(closes, applied)
    return book.state.cash_usd - spent + sum(held[one] * worth[one] for one in held)


def after_splits(
    closes: Mapping[Symbol, Decimal], actions: Iterable[CorporateAction]
) -> dict[Symbol, Decimal]:
    """Return closes (USD) in shares of after the splits among actions."""
    prices = dict(closes)
    for one in actions:
        if one.kind is ActionKind.SPLIT and one.symbol in prices:
            prices[one.symbol] /= one.value
    return prices


def _at_the_open(
    closes: Mapping[Symbol, Decimal], actions: Iterable[CorporateAction]
) -> dict[Symbol, Decimal]:
    due, prices = tuple(actions), dict(closes)
    for one in due:
        if one.kind is ActionKind.DIVIDEND and one.symbol in prices:
            prices[one.symbol] -= one.value
    return after_splits(prices, due)


def _executions(book: Book, session: Session) -> list[Execution]:
    return [one for one in book.executions.values() if one.session >= session]


def _take_back(shares: Counter[Symbol], symbol: Symbol, execution: Execution) -> None:
    quantity = execution.fill.quantity
    shares[symbol] -= quantity if execution.side is Side.BUY else -quantity
