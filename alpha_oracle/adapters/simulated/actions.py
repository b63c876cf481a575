"""What splits and dividends do to an account at the simulated broker. Pure.

Entitled are the shares held into the ex-date: those of now without what was bought or sold since,
be nothing left of them by now.
As in the research simulator, a dividend is an amount a share before a split of the same morning,
a split leaves whole shares, and their fraction is paid in cash.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.portfolio import AppliedAction, key_of
from alpha_oracle.domain.simulated import BookChange, BookPosition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.simulated import Book, BookExecution

ROUNDING: Final = Decimal("0.000001")
"""A ratio like 1/3 arrives rounded: 300 shares of it are 100 shares, not 99 and a fraction."""

MILLIONTH: Final = Decimal("0.000001")


def apply_actions(
    book: Book,
    actions: Iterable[CorporateAction],
    *,
    prices: Mapping[Symbol, Decimal],
    now: datetime,
) -> BookChange:
    """Return what the actions that have gone ex, from midnight New York on, do, each once.

    A fraction of a share is paid at the symbol's price (USD), else at its mark after the split.
    """
    cash, held = book.cash, dict(book.positions)
    today = now.astimezone(calendar.NEW_YORK).date()
    applied: list[AppliedAction] = []
    for action in sorted(actions, key=_order):
        if key_of(action) in book.applied or action.ex_date > today:
            continue
        since = _since(book, action)
        net = sum(execution.signed_quantity for execution in since)
        position = held.get(action.symbol) or _sold_out(since)
        entitled = position.quantity - net
        if entitled <= 0:
            continue
        if action.kind is ActionKind.DIVIDEND:
            done = _dividend(action, entitled, at=now)
        else:
            price = prices.get(action.symbol, position.mark / action.value)
            done = _split(action, entitled, price=price, at=now)
            held[action.symbol] = BookPosition(
                quantity=done.shares_after + net, mark=position.mark / action.value
            )
        cash += done.cash_usd
        applied.append(done)
    moved = {
        symbol: position
        for symbol, position in held.items()
        if position != book.positions.get(symbol)
    }
    return BookChange(cash=cash, positions=moved, actions=tuple(applied))


def _order(action: CorporateAction) -> tuple[Session, Symbol, bool]:
    return action.ex_date, action.symbol, action.kind is ActionKind.SPLIT


def _since(book: Book, action: CorporateAction) -> list[BookExecution]:
    return [
        execution
        for execution in book.executions
        if execution.symbol == action.symbol and execution.session >= action.ex_date
    ]


def _sold_out(since: Sequence[BookExecution]) -> BookPosition:
    return BookPosition(quantity=0, mark=since[-1].price if since else Decimal(0))


def _dividend(action: CorporateAction, entitled: int, *, at: datetime) -> AppliedAction:
    return AppliedAction(
        action=action,
        shares_before=entitled,
        shares_after=entitled,
        cash_usd=(entitled * action.value).quantize(MILLIONTH),
        at=at,
    )


def _split(
    action: CorporateAction, entitled: int, *, price: Decimal, at: datetime
) -> AppliedAction:
    shares = entitled * action.value
    whole = int(shares + ROUNDING)
    fraction = max(shares - whole, Decimal(0))
    return AppliedAction(
        action=action,
        shares_before=entitled,
        shares_after=whole,
        cash_usd=(fraction * price).quantize(MILLIONTH),
        at=at,
    )
