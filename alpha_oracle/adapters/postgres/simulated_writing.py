"""A change of the simulated broker's book, written within its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from alpha_oracle.domain.broker import BrokerEvent
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.portfolio import AppliedAction
    from alpha_oracle.domain.simulated import BookChange, BookExecution, BookOrder, BookPosition

_CASH: Final = "UPDATE simulated_accounts SET cash = :cash WHERE account = :account"

# When its cancel was asked for is not ours to write: that may be noted meanwhile.
_ORDER: Final = """
UPDATE simulated_orders
SET status = :status, filled_quantity = :filled_quantity, notional_usd = :notional_usd,
    commission_usd = :commission_usd, executions = :executions, reason = :reason
WHERE account = :account AND order_id = :order_id
"""

_HOLD: Final = """
INSERT INTO simulated_positions (account, symbol, quantity, mark)
VALUES (:account, :symbol, :quantity, :mark)
ON CONFLICT (account, symbol) DO UPDATE SET quantity = excluded.quantity, mark = excluded.mark
"""

_DROP: Final = "DELETE FROM simulated_positions WHERE account = :account AND symbol = :symbol"

_EXECUTION: Final = """
INSERT INTO simulated_executions (
    account, execution_id, order_id, symbol, side, quantity, price, commission, executed_at,
    session, is_commission_told
)
VALUES (
    :account, :execution_id, :order_id, :symbol, :side, :quantity, :price, :commission, :at,
    :session, :is_commission_told
)
"""

_TOLD: Final = """
UPDATE simulated_executions SET is_commission_told = true
WHERE account = :account AND execution_id = ANY(:told)
"""

_EVENT: Final = """
INSERT INTO simulated_events (
    account, kind, happened_at, order_id, execution_id, is_commission_told, reason
)
VALUES (:account, :kind, :at, :order_id, :execution_id, :is_commission_told, :reason)
"""

_ACTION: Final = """
INSERT INTO simulated_actions (
    account, symbol, ex_date, kind, value, shares_before, shares_after, cash_usd, applied_at
)
VALUES (
    :account, :symbol, :ex_date, :kind, :value, :shares_before, :shares_after, :cash_usd, :at
)
"""


def write(connection: Connection, account: str, change: BookChange) -> None:
    """Write what changed."""
    own = {"account": account}
    connection.execute(text(_CASH), {**own, "cash": change.cash})
    _each(connection, _ORDER, ({**own, **_order(one)} for one in change.orders))
    _write_positions(connection, account, change.positions)
    _each(connection, _EXECUTION, ({**own, **_execution(one)} for one in change.executions))
    if change.told:
        connection.execute(text(_TOLD), {**own, "told": list(change.told)})
    _each(connection, _EVENT, ({**own, **_event(one)} for one in change.events))
    _each(connection, _ACTION, ({**own, **_action(one)} for one in change.actions))


def _each(connection: Connection, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(text(statement), values)


def _write_positions(
    connection: Connection, account: str, positions: Mapping[Symbol, BookPosition]
) -> None:
    for symbol, position in positions.items():
        own = {"account": account, "symbol": symbol}
        held = {"quantity": position.quantity, "mark": position.mark}
        if position.quantity:
            connection.execute(text(_HOLD), {**own, **held})
        else:
            connection.execute(text(_DROP), own)


def _order(order: BookOrder) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "filled_quantity": order.filled_quantity,
        "notional_usd": order.notional_usd,
        "commission_usd": order.commission_usd,
        "executions": order.executions,
        "reason": order.reason,
    }


def _execution(execution: BookExecution) -> dict[str, object]:
    return {
        "execution_id": execution.execution_id,
        "order_id": execution.order_id,
        "symbol": execution.symbol,
        "side": execution.side.value,
        "quantity": execution.quantity,
        "price": execution.price,
        "commission": execution.commission,
        "at": execution.at,
        "session": execution.session,
        "is_commission_told": execution.is_commission_told,
    }


def _event(event: BrokerEvent) -> dict[str, object]:
    fill = event.fill
    return {
        "kind": event.kind.value,
        "at": event.at,
        "order_id": event.order_id,
        "execution_id": None if fill is None else fill.execution_id,
        "is_commission_told": fill is not None and fill.commission is not None,
        "reason": event.reason,
    }


def _action(applied: AppliedAction) -> dict[str, object]:
    return {
        "symbol": applied.action.symbol,
        "ex_date": applied.action.ex_date,
        "kind": applied.action.kind.value,
        "value": applied.action.value,
        "shares_before": applied.shares_before,
        "shares_after": applied.shares_after,
        "cash_usd": applied.cash_usd,
        "at": applied.at,
    }
