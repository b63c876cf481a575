"""One pass over an account: what is left while orders are worked one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.simulated import (
    BookChange,
    BookExecution,
    BookPosition,
    broker_order_id,
)

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.orders import Fill, Side
    from alpha_oracle.domain.simulated import Book, BookOrder

STATUS: Final = {
    BrokerEventKind.ACCEPTED: OrderStatus.SUBMITTED,
    BrokerEventKind.CANCELLED: OrderStatus.CANCELLED,
    BrokerEventKind.REJECTED: OrderStatus.REJECTED,
    BrokerEventKind.EXPIRED: OrderStatus.EXPIRED,
}
"""Where an order stands once it is told so."""


class Desk:
    """A book in work: what has changed is seen by what comes after."""

    def __init__(self, book: Book, *, now: datetime) -> None:
        self.now = now
        self.session = calendar.latest_opened_session(now)
        self.cash = book.cash
        self._held = dict(book.positions)
        self._orders = {order.order_id: order for order in book.orders}
        self._before = dict(self._orders)
        self._moved: set[Symbol] = set()
        self._traded: Counter[Symbol] = Counter()
        self._executions: list[BookExecution] = []
        self._told: list[str] = []
        self._events: list[BrokerEvent] = []
        for execution in book.executions:
            if execution.session == self.session:
                self._traded[execution.symbol] += execution.quantity

    def held(self, symbol: Symbol) -> int:
        """Shares held."""
        position = self._held.get(symbol)
        return position.quantity if position else 0

    def traded(self, symbol: Symbol) -> int:
        """Shares of a symbol executed on the session, bought and sold."""
        return self._traded[symbol]

    def accepted(self, side: Side) -> list[BookOrder]:
        """The orders of a side that work, without those not accepted yet."""
        return [
            order
            for order in self._orders.values()
            if order.side is side
            and order.status in {OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED}
        ]

    def tell(
        self, order: BookOrder, kind: BrokerEventKind, *, at: datetime, reason: str = ""
    ) -> BookOrder:
        """Let an order be accepted, or end, and say so; return it."""
        order = replace(order, status=STATUS[kind], reason=reason)
        self._orders[order.order_id] = order
        self._event(kind, order.order_id, at=at, reason=reason)
        return order

    def execute(
        self,
        order: BookOrder,
        quantity: int,
        *,
        price: Decimal,
        commission: Decimal,
        is_commission_told: bool,
    ) -> None:
        """Execute so much of an order; cash and shares change hands at once."""
        execution = BookExecution(
            # As a broker's ids are: what follows the last point numbers corrections.
            execution_id=f"{order.order_id}.{order.executions + 1}.01",
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            commission=commission,
            at=self.now,
            session=self.session,
            is_commission_told=is_commission_told,
        )
        self._orders[order.order_id] = _executed(order, execution)
        self._settle(execution)
        self._executions.append(execution)
        self._tell_fill(BrokerEventKind.FILLED, execution, is_told=is_commission_told)

    def tell_commission(self, execution: BookExecution, *, at: datetime) -> None:
        """Say what an execution cost."""
        self._told.append(execution.execution_id)
        self._tell_fill(BrokerEventKind.COMMISSION, execution, is_told=True, at=at)

    def change(self) -> BookChange:
        """Return all that has changed."""
        return BookChange(
            cash=self.cash,
            positions={symbol: self._held[symbol] for symbol in sorted(self._moved)},
            orders=tuple(
                order for key, order in self._orders.items() if order != self._before[key]
            ),
            executions=tuple(self._executions),
            told=tuple(self._told),
            events=tuple(self._events),
        )

    def _settle(self, execution: BookExecution) -> None:
        self.cash -= execution.signed_quantity * execution.price + execution.commission
        left = self.held(execution.symbol) + execution.signed_quantity
        self._held[execution.symbol] = BookPosition(quantity=left, mark=execution.price)
        self._moved.add(execution.symbol)
        self._traded[execution.symbol] += execution.quantity

    def _tell_fill(
        self,
        kind: BrokerEventKind,
        execution: BookExecution,
        *,
        is_told: bool,
        at: datetime | None = None,
    ) -> None:
        fill = execution.as_fill(is_commission_told=is_told)
        self._event(kind, execution.order_id, at=at or execution.at, fill=fill)

    def _event(
        self,
        kind: BrokerEventKind,
        order_id: str,
        *,
        at: datetime,
        fill: Fill | None = None,
        reason: str = "",
    ) -> None:
        self._events.append(
            BrokerEvent(
                kind=kind,
                at=at,
                order_id=order_id,
                broker_order_id=broker_order_id(order_id),
                fill=fill,
                reason=reason,
            )
        )


def _executed(order: BookOrder, execution: BookExecution) -> BookOrder:
    is_whole = order.open_quantity == execution.quantity
    return replace(
        order,
        status=OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED,
        filled_quantity=order.filled_quantity + execution.quantity,
        notional_usd=order.notional_usd + execution.quantity * execution.price,
        commission_usd=order.commission_usd + execution.commission,
        executions=order.executions + 1,
    )
