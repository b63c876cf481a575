"""What corporate actions do to the lots of an account, as an account gets it.

Entitled are the shares held into the ex-date: those of now without what was traded since. A broker
rounds a split once, on the position. The lots of its strategies come to the same shares: those the
fractions add up to go to the lots with the largest ones, which pay for what they lacked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import cycle, islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from alpha_oracle.domain.market import ActionKind, Session
from alpha_oracle.domain.portfolio import AppliedAction, LotKey, adjust_lot, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import CorporateAction, Symbol
    from alpha_oracle.domain.portfolio import Lot


class Traded(NamedTuple):
    """Shares of a lot bought, and what all its trades come to: below 0 where more was sold."""

    bought: int = 0
    net: int = 0


TradedSince: TypeAlias = Callable[[LotKey, Session], Traded]
"""What a lot traded from a session on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """All lots after corporate actions, the USD that come into cash, and what each action did."""

    lots: tuple[Lot, ...]
    cash_usd: Decimal
    applied: tuple[AppliedAction, ...]


def no_trades(_lot: LotKey, _since: Session) -> Traded:
    """Tell of no trade: before the first one of a session there is none since."""
    return Traded()


def entitle(
    lots: Sequence[Lot],
    actions: Collection[CorporateAction],
    *,
    prices: Mapping[Symbol, Decimal],
    at: datetime,
    told: Collection[AppliedAction] = (),
    traded_since: TradedSince = no_trades,
) -> Entitled:
    """Return what actions gone ex did to lots; one that nobody was entitled to did nothing.

    `prices` are USD a share after them. `told` is what a broker says they did: its shares and
    cash stand, where it had the same shares before; else the same rule is reckoned with.
    """
    after, applied = {lot.key: lot for lot in lots}, []
    said = {one.key: one for one in told}
    for action in sorted(actions, key=_order):
        own = [lot for lot in after.values() if lot.symbol == action.symbol]
        traded = {lot.key: traded_since(lot.key, action.ex_date) for lot in own}
        held = [one for one in (_without(lot, traded[lot.key]) for lot in own) if one.quantity]
        price = prices.get(action.symbol, Decimal(0))
        done = _done(held, action, price, said=said.get(key_of(action)), at=at)
        shared = _shared(held, action, price, done=done)
        after |= {lot.key: _with(lot, traded[lot.key]) for lot in shared}
        applied += [done] if done.shares_before else []
    cash = sum((one.cash_usd for one in applied), Decimal(0))
    return Entitled(lots=tuple(after.values()), cash_usd=cash, applied=tuple(applied))


def was_held_into(action: CorporateAction, lots: Iterable[Lot]) -> bool:
    """Return whether any of the lots was entitled to an action, whatever was split since."""
    # A lot is the same from its first share to its last.
    return any(
        lot.opened < action.ex_date and (lot.quantity != 0 or lot.last_traded >= action.ex_date)
        for lot in lots
        if lot.symbol == action.symbol
    )


def _order(action: CorporateAction) -> tuple[Session, Symbol, bool]:
    # A dividend is an amount for each share held before a split of the same morning.
    return action.ex_date, action.symbol, action.kind is ActionKind.SPLIT


def _without(lot: Lot, traded: Traded) -> Lot:
    return replace(lot, quantity=lot.quantity - traded.net, bought=lot.bought - traded.bought)


def _with(lot: Lot, traded: Traded) -> Lot:
    return replace(lot, quantity=lot.quantity + traded.net, bought=lot.bought + traded.bought)


def _done(
    held: Sequence[Lot],
    action: CorporateAction,
    price: Decimal,
    *,
    said: AppliedAction | None,
    at: datetime,
) -> AppliedAction:
    shares = sum(lot.quantity for lot in held)
    if said is not None and said.shares_before == shares:
        return said
    if not shares:
        return AppliedAction(
            action=action, shares_before=0, shares_after=0, cash_usd=Decimal(0), at=at
        )
    whole = adjust_lot(replace(held[0], quantity=shares), (action,), price=price)
    return AppliedAction(
        action=action,
        shares_before=shares,
        shares_after=whole.lot.quantity,
        cash_usd=whole.cash_usd,
        at=at,
    )


def _shared(
    held: Sequence[Lot], action: CorporateAction, price: Decimal, *, done: AppliedAction
) -> list[Lot]:
    adjusted = [adjust_lot(lot, (action,), price=price) for lot in held]
    after = [one.lot for one in adjusted]
    left = done.shares_after - sum(lot.quantity for lot in after)
    # The largest fraction first; of equal ones the lot held longest.
    ratio = action.value if action.kind is ActionKind.SPLIT else Decimal(1)
    order = sorted(
        (number for number, lot in enumerate(held) if lot.quantity),
        key=lambda number: (
            after[number].quantity - held[number].quantity * ratio,
            held[number].opened,
            held[number].strategy,
        ),
    )
    for number in islice(cycle(order), left):
        lot = after[number]
        after[number] = replace(
            lot, quantity=lot.quantity + 1, received_usd=lot.received_usd - price
        )
    if order:
        # The rest of the cash is rounding, or another price of the broker's for the fraction.
        paid = sum((one.cash_usd for one in adjusted), Decimal(0))
        first, rest = order[0], done.cash_usd - paid + left * price
        after[first] = replace(after[first], received_usd=after[first].received_usd + rest)
    return after
