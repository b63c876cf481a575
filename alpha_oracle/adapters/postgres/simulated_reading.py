"""Rows of the simulated broker's book, read into its nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.orders import Fill, OrderStatus, Side
from alpha_oracle.domain.portfolio import AppliedAction
from alpha_oracle.domain.simulated import (
    BookExecution,
    BookGlance,
    BookOrder,
    BookPosition,
    broker_order_id,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, RowMapping

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.portfolio import ActionKey

_WORKING: Final = "status IN ('PENDING', 'SUBMITTED', 'PARTIALLY_FILLED')"

_COLUMNS: Final = """order_id, symbol, side, quantity, limit_price, session, received_at,
    cancel_asked_at, status, filled_quantity, notional_usd, commission_usd, executions, reason"""

_ORDERS: Final = f"""
SELECT {_COLUMNS} FROM simulated_orders WHERE account = :account AND {{which}} ORDER BY number
"""

# One round trip: whoever waits for something to happen asks this again and again.
_GLANCE: Final = f"""
SELECT told.newest, told.has_untold, working.*
FROM (
    SELECT coalesce(
        (SELECT max(number) FROM simulated_events WHERE account = :account), 0
    ) AS newest,
    EXISTS (
        SELECT FROM simulated_executions WHERE account = :account AND NOT is_commission_told
    ) AS has_untold
) AS told
LEFT JOIN (
    SELECT {_COLUMNS}, number FROM simulated_orders WHERE account = :account AND {_WORKING}
) AS working ON true
ORDER BY working.number
"""

_EXECUTIONS: Final = """
SELECT execution_id, order_id, symbol, side, quantity, price, commission, executed_at AS at,
       session, is_commission_told
FROM simulated_executions
WHERE account = :account AND (session >= :since OR NOT is_commission_told)
ORDER BY number
"""

_EVENTS: Final = """
SELECT event.number, event.kind, event.happened_at, event.order_id, event.is_commission_told,
       event.reason, execution.execution_id, execution.quantity, execution.price,
       execution.commission, execution.executed_at
FROM simulated_events AS event
LEFT JOIN simulated_executions AS execution USING (account, execution_id)
WHERE account = :account AND event.number > :after ORDER BY event.number
"""


def glance(connection: Connection, account: str, *, after: int | None) -> BookGlance:
    """Return what works, and the events after a number, oldest first; None: no event."""
    rows = connection.execute(text(_GLANCE), {"account": account}).mappings().all()
    newest: int = rows[0]["newest"]
    told: tuple[BrokerEvent, ...] = ()
    if after is not None and newest > after:
        newest, told = events(connection, account, after=after)
    return BookGlance(
        events=told,
        newest=newest,
        orders=tuple(_order(row) for row in rows if row["order_id"] is not None),
        has_untold=rows[0]["has_untold"],
    )


def events(
    connection: Connection, account: str, *, after: int
) -> tuple[int, tuple[BrokerEvent, ...]]:
    """Return the newest number, and the events after one."""
    rows = connection.execute(text(_EVENTS), {"account": account, "after": after}).all()
    return (rows[-1].number if rows else after), tuple(map(_event, rows))


def working_orders(connection: Connection, account: str) -> tuple[BookOrder, ...]:
    """Return the orders that work, by arrival."""
    return _orders(connection, _WORKING, account=account)


def orders(connection: Connection, account: str, *, since: Session) -> tuple[BookOrder, ...]:
    """Return the orders of a session and later, and what works, by arrival."""
    return _orders(connection, f"(session >= :since OR {_WORKING})", account=account, since=since)


def executions(
    connection: Connection, account: str, *, since: Session
) -> tuple[BookExecution, ...]:
    """Return the executions of a session and later, and those whose commission is not told."""
    rows = connection.execute(text(_EXECUTIONS), {"account": account, "since": since})
    return tuple(
        BookExecution(**{**row, "symbol": Symbol(row["symbol"]), "side": Side(row["side"])})
        for row in rows.mappings()
    )


def positions(connection: Connection, account: str) -> dict[Symbol, BookPosition]:
    """Return what is held, by symbol."""
    rows = connection.execute(
        text(
            "SELECT symbol, quantity, mark FROM simulated_positions"
            " WHERE account = :account ORDER BY symbol"
        ),
        {"account": account},
    )
    return {Symbol(row.symbol): BookPosition(quantity=row.quantity, mark=row.mark) for row in rows}


def applied_actions(
    connection: Connection, account: str, *, since: Session
) -> dict[ActionKey, AppliedAction]:
    """Return what corporate actions did, from an ex-date on; known since they were applied."""
    rows = connection.execute(
        text(
            "SELECT symbol, ex_date, kind, value, shares_before, shares_after, cash_usd, applied_at"
            " FROM simulated_actions WHERE account = :account AND ex_date >= :since"
        ),
        {"account": account, "since": since},
    )
    return {one.key: one for one in map(_applied, rows)}


def _applied(row: Row[Any]) -> AppliedAction:
    return AppliedAction(
        action=CorporateAction(
            symbol=Symbol(row.symbol),
            ex_date=row.ex_date,
            kind=ActionKind(row.kind),
            value=row.value,
            known_at=row.applied_at,
        ),
        shares_before=row.shares_before,
        shares_after=row.shares_after,
        cash_usd=row.cash_usd,
        at=row.applied_at,
    )


def _orders(connection: Connection, which: str, **values: object) -> tuple[BookOrder, ...]:
    rows = connection.execute(text(_ORDERS.format(which=which)), values)
    return tuple(_order(row) for row in rows.mappings())


def _order(row: RowMapping) -> BookOrder:
    return BookOrder(
        order_id=row["order_id"],
        symbol=Symbol(row["symbol"]),
        side=Side(row["side"]),
        quantity=row["quantity"],
        limit_price=row["limit_price"],
        session=row["session"],
        received_at=row["received_at"],
        cancel_asked_at=row["cancel_asked_at"],
        status=OrderStatus(row["status"]),
        filled_quantity=row["filled_quantity"],
        notional_usd=row["notional_usd"],
        commission_usd=row["commission_usd"],
        executions=row["executions"],
        reason=row["reason"],
    )


def _event(row: Row[Any]) -> BrokerEvent:
    return BrokerEvent(
        kind=BrokerEventKind(row.kind),
        at=row.happened_at,
        order_id=row.order_id,
        broker_order_id=broker_order_id(row.order_id),
        fill=None if row.execution_id is None else _fill(row),
        reason=row.reason,
    )


def _fill(row: Row[Any]) -> Fill:
    return Fill(
        execution_id=row.execution_id,
        quantity=row.quantity,
        price=row.price,
        at=row.executed_at,
        commission=row.commission if row.is_commission_told else None,
    )
