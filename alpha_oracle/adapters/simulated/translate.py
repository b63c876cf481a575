"""The simulated broker's book in the words of the port, and our orders in those of the book."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.broker import BrokerAccount, BrokerExecution, BrokerOrder
from alpha_oracle.domain.simulated import BookOrder, broker_order_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.simulated import BookExecution, BookStatement

MAINTENANCE_PCT: Final = 25
UNLIMITED_DAY_TRADES: Final = -1


def from_order(order: Order, *, at: datetime) -> BookOrder:
    """Return an order of ours as the broker receives it."""
    return BookOrder(
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        session=order.session,
        received_at=at,
    )


def to_account(
    statement: BookStatement, *, account: str, prices: Mapping[Symbol, Decimal]
) -> BrokerAccount:
    """Return the account's figures; a share without a price counts at its mark.

    A quarter of what is held is maintenance margin.
    """
    worth = sum(
        (
            position.quantity * prices.get(symbol, position.mark)
            for symbol, position in statement.positions.items()
        ),
        Decimal(0),
    )
    return BrokerAccount(
        account=account,
        cash=statement.cash,
        equity=statement.cash + worth,
        maintenance_margin=worth * MAINTENANCE_PCT / 100,
        day_trades_remaining=UNLIMITED_DAY_TRADES,
    )


def to_order(order: BookOrder) -> BrokerOrder:
    """Return an order as the broker has it."""
    return BrokerOrder(
        order_id=order.order_id,
        broker_order_id=broker_order_id(order.order_id),
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        status=order.status,
        is_ours=True,
    )


def to_execution(execution: BookExecution) -> BrokerExecution:
    """Return an execution as the broker has it; its commission once it was told."""
    return BrokerExecution(
        order_id=execution.order_id,
        broker_order_id=broker_order_id(execution.order_id),
        symbol=execution.symbol,
        side=execution.side,
        fill=execution.as_fill(is_commission_told=execution.is_commission_told),
    )
