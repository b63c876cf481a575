"""What an execution does to an account: decided first, committed, and only then in the book.

All of it is sums, so that the same executions in any order come to the same lots and cash. What
should not have happened is booked all the same, as it did happen, and named as a breach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import OrderStatus, Side, advance, fill_event
from alpha_oracle.domain.portfolio import Lot, LotKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import BestPrices, Fill, Order, OrderEvent


class BreachKind(StrEnum):
    """What a broker executed that nobody should have been able to order."""

    OVERFILL = "overfill"
    SOLD_MORE_THAN_HELD = "sold_more_than_held"
    FILL_OF_NO_WORKING_ORDER = "fill_of_no_working_order"
    CONTRADICTION = "contradicting_execution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A breach of integrity: critical, whatever its size."""

    kind: BreachKind
    order_id: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A fill and the order it belongs to."""

    order_id: str
    side: Side
    session: Session
    fill: Fill

    @property
    def cash_usd(self) -> Decimal:
        """What it adds to cash, commission taken off as far as it is known."""
        notional = self.fill.price * self.fill.quantity
        signed = -notional if self.side is Side.BUY else notional
        return signed - (self.fill.commission or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChange:
    """What is to be committed, and then applied to the book.

    `orders` are the orders after `events` (order id and event, in order): the one executed, and
    the TWAP it is a slice of. `lot` is the lot after it; `execution` the one that counts from now
    on, None where an earlier telling still does.
    """

    orders: tuple[Order, ...] = ()
    events: tuple[tuple[str, OrderEvent], ...] = ()
    lot: Lot | None = None
    cash_usd: Decimal = Decimal(0)
    execution: Execution | None = None
    breaches: tuple[Breach, ...] = ()


def booking_of(
    fill: Fill,
    order: Order,
    *,
    parent: Order | None,
    known: Execution | None,
    lot: Lot | None,
    market: BestPrices | None = None,
) -> BookChange:
    """Return what a fill of an order changes.

    `known` is the execution of the same stem that counts so far: a later revision takes its place,
    an earlier one is put on the orders' record only, and the same once more brings at most its
    commission. `lot` is the strategy's own, before it.
    """
    told = Execution(order_id=order.order_id, side=order.side, session=order.session, fill=fill)
    if known is not None and _contradicts(told, known):
        detail = f"{known.fill} was told again as {fill} of {order.order_id}"
        return BookChange(breaches=(_breach(BreachKind.CONTRADICTION, order, detail),))
    orders = tuple(one for one in (order, parent) if one is not None)
    events = [(one, fill_event(one, fill, market)) for one in orders if not _has(one, fill)]
    after = tuple(advance(one, event) for one, event in events)
    change = BookChange(orders=after, events=tuple((one.order_id, event) for one, event in events))
    if known is not None and not counts_instead(fill, known.fill):
        return change
    booked = _booked(lot, order, told, known)
    return replace(
        change,
        lot=None if _is_of_a_lot_gone(lot, told, known) else booked,
        cash_usd=told.cash_usd - (Decimal(0) if known is None else known.cash_usd),
        execution=told,
        breaches=tuple(_breaches(order, after, booked)),
    )


def _is_of_a_lot_gone(lot: Lot | None, told: Execution, known: Execution | None) -> bool:
    # A lot sold out long ago is forgotten: what is still told of its money is no later lot's.
    if known is None or told.fill.quantity != known.fill.quantity:
        return False
    return lot is None or lot.opened > told.session


def _contradicts(told: Execution, known: Execution) -> bool:
    is_same = told.fill.execution_id == known.fill.execution_id
    return told.order_id != known.order_id or (
        is_same and (told.fill.quantity, told.fill.price) != (known.fill.quantity, known.fill.price)
    )


def counts_instead(fill: Fill, known: Fill) -> bool:
    """Whether a telling of an execution takes the place of the one that counts so far."""
    if fill.execution_id == known.execution_id:
        return fill.commission not in {None, known.commission}
    return fill.revision > known.revision


def _has(order: Order, fill: Fill) -> bool:
    return order.has_seen(fill_event(order, fill))


def _booked(lot: Lot | None, order: Order, told: Execution, known: Execution | None) -> Lot:
    before = lot or _empty_lot(order)
    plus, minus = _sums(told), _sums(known)
    return replace(
        before,
        quantity=before.quantity + plus.quantity - minus.quantity,
        opened=min(before.opened, order.session),
        last_traded=max(before.last_traded, order.session),
        bought=before.bought + plus.bought - minus.bought,
        paid_usd=before.paid_usd + plus.paid_usd - minus.paid_usd,
        received_usd=before.received_usd + plus.received_usd - minus.received_usd,
        hold=before.hold or order.hold,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    quantity: int = 0
    bought: int = 0
    paid_usd: Decimal = Decimal(0)
    received_usd: Decimal = Decimal(0)


def _sums(execution: Execution | None) -> _Sums:
    if execution is None:
        return _Sums()
    shares = execution.fill.quantity
    if execution.side is Side.SELL:
        return _Sums(quantity=-shares, received_usd=execution.cash_usd)
    return _Sums(quantity=shares, bought=shares, paid_usd=-execution.cash_usd)


def _empty_lot(order: Order) -> Lot:
    return Lot(
        account=order.account,
        strategy=order.strategy,
        symbol=order.symbol,
        quantity=0,
        opened=order.session,
        last_traded=order.session,
        bought=Decimal(0),
        paid_usd=Decimal(0),
        received_usd=Decimal(0),
    )


_NEVER_SENT = frozenset({OrderStatus.AWAITING_APPROVAL, OrderStatus.REJECTED})


def _breaches(order: Order, after: tuple[Order, ...], lot: Lot) -> list[Breach]:
    found = []
    # What only brings a commission changes no order, and breaches nothing anew.
    if after and order.status in _NEVER_SENT:
        detail = f"{order.symbol} was executed while {order.status}"
        found.append(_breach(BreachKind.FILL_OF_NO_WORKING_ORDER, order, detail))
    for one in after:
        if one.filled_quantity > one.quantity:
            detail = f"{one.filled_quantity} shares of {one.quantity} {one.symbol} were executed"
            found.append(_breach(BreachKind.OVERFILL, one, detail))
    if after and order.side is Side.SELL and lot.quantity < 0:
        detail = f"{lot.strategy} holds {lot.quantity} shares of {lot.symbol}"
        found.append(_breach(BreachKind.SOLD_MORE_THAN_HELD, order, detail))
    return found


def _breach(kind: BreachKind, order: Order, detail: str) -> Breach:
    return Breach(kind=kind, order_id=order.order_id, detail=detail)


def key_of(order: Order) -> LotKey:
    """Return the lot an order buys into or sells from."""
    return LotKey(order.strategy, order.symbol)


def executions_of(orders: Mapping[str, Order]) -> dict[str, Execution]:
    """Return the executions that count, by stem, of orders as they stand on record.

    A TWAP's are those of its slices: its own record holds them a second time.
    """
    parents = {order.parent_id for order in orders.values()}
    return {
        fill.stem: Execution(
            order_id=order.order_id, side=order.side, session=order.session, fill=fill
        )
        for order in orders.values()
        if order.order_id not in parents
        for fill in order.fills
    }
