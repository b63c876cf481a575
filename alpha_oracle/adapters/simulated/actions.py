"""What splits and dividends do to an account at the simulated broker. Pure.

Entitled are the shares held into the ex-date: those of now without what was bought or sold since.
As in the research simulator, a dividend is an amount a share before a split of the same morning,
a split leaves whole shares, and their fraction is paid in cash.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.simulated import AppliedAction, BookChange, BookPosition, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.simulated import Book

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
        position = held.get(action.symbol)
        if key_of(action) in book.applied or action.ex_date > today or position is None:
            continue
        since = _net_since(book, action)
        entitled = position.quantity - since
        if entitled <= 0:
            continue
        if action.kind is ActionKind.DIVIDEND:
            done = _dividend(action, entitled, at=now)
        else:
            price = prices.get(action.symbol, position.mark / action.value)
            done = _split(action, entitled, price=price, at=now)
            held[action.symbol] = BookPosition(
                quantity=done.shares_after + since, mark=position.mark / action.value
            )
        cash += done.cash_usd
        applied.append(done)
    moved = {
        symbol: position for symbol, position in held.items() if position != book.positions[symbol]
    }
    return BookChange(cash=cash, positions=moved, actions=tuple(applied))


def _order(action: CorporateAction) -> tuple[Session, Symbol, bool]:
    return action.ex_date, action.symbol, action.kind is ActionKind.SPLIT


def _net_since(book: Book, action: CorporateAction) -> int:
    return sum(
        execution.signed_quantity
        for execution in book.executions
        if execution.symbol == action.symbol and execution.session >= action.ex_date
    )


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
