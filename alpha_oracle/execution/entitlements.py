"""What corporate actions do to the lots of an account, as an account gets it.

A broker rounds a split once, on the position. The lots of its strategies come to the same shares:
those the fractions add up to go to the lots with the largest ones, which pay for what they lacked.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import cycle, islice
from typing import TYPE_CHECKING

from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.portfolio import adjust_lot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.simulated import AppliedAction


def entitle(
    lots: Sequence[Lot],
    actions: Collection[CorporateAction],
    *,
    prices: Mapping[Symbol, Decimal],
    told: Collection[AppliedAction] = (),
) -> tuple[list[Lot], Decimal]:
    """Return all lots after actions gone ex, and the USD that come into cash.

    `prices` are USD a share after them. `told` is what a broker says they did: its shares and
    cash stand, where it had the same shares before; else the same rule is reckoned with.
    """
    after, cash = {lot.key: lot for lot in lots}, Decimal(0)
    for symbol in sorted({action.symbol for action in actions}):
        price = prices.get(symbol, Decimal(0))
        for session in sorted({one.ex_date for one in actions if one.symbol == symbol}):
            due = [one for one in actions if (one.symbol, one.ex_date) == (symbol, session)]
            held = [lot for lot in after.values() if lot.symbol == symbol]
            adjusted, paid = _on_morning(held, due, price, _said(told, symbol, session))
            after |= {lot.key: lot for lot in adjusted}
            cash += paid
    return list(after.values()), cash


def _split_ratio(actions: Collection[CorporateAction]) -> Decimal:
    ratio = Decimal(1)
    for action in actions:
        if action.kind is ActionKind.SPLIT:
            ratio *= action.value
    return ratio


def _said(told: Collection[AppliedAction], symbol: Symbol, session: Session) -> list[AppliedAction]:
    return [one for one in told if (one.action.symbol, one.action.ex_date) == (symbol, session)]


def _on_morning(
    lots: Sequence[Lot],
    due: Collection[CorporateAction],
    price: Decimal,
    said: Sequence[AppliedAction],
) -> tuple[list[Lot], Decimal]:
    held = sum(lot.quantity for lot in lots)
    if not held:
        return [adjust_lot(lot, due, price=price).lot for lot in lots], Decimal(0)
    whole = adjust_lot(replace(lots[0], quantity=held), due, price=price)
    shares, cash = whole.lot.quantity, whole.cash_usd
    if len(said) == len(due) and all(one.shares_before == held for one in said):
        shares = next((one.shares_after for one in said if _is_split(one)), held)
        cash = sum((one.cash_usd for one in said), Decimal(0))
    return _shared(lots, due, price, shares=shares, cash=cash), cash


def _is_split(applied: AppliedAction) -> bool:
    return applied.action.kind is ActionKind.SPLIT


def _shared(
    lots: Sequence[Lot],
    due: Collection[CorporateAction],
    price: Decimal,
    *,
    shares: int,
    cash: Decimal,
) -> list[Lot]:
    ratio = _split_ratio(due)
    adjusted = [adjust_lot(lot, due, price=price) for lot in lots]
    after = [one.lot for one in adjusted]
    left = shares - sum(lot.quantity for lot in after)
    # The largest fraction first; of equal ones the lot held longest.
    order = sorted(
        (number for number, lot in enumerate(lots) if lot.quantity),
        key=lambda number: (
            after[number].quantity - lots[number].quantity * ratio,
            lots[number].opened,
            lots[number].strategy,
        ),
    )
    for number in islice(cycle(order), left):
        lot = after[number]
        after[number] = replace(
            lot, quantity=lot.quantity + 1, received_usd=lot.received_usd - price
        )
    # What is left of the cash is rounding, or another price of the broker's for the fraction.
    rest = cash - sum((one.cash_usd for one in adjusted), Decimal(0)) + left * price
    first = order[0]
    after[first] = replace(after[first], received_usd=after[first].received_usd + rest)
    return after
