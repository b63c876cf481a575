"""An account's book as it is on record."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.trading_statements import (
    APPROVAL_COLUMNS,
    LOT_COLUMNS,
    ORDER_COLUMNS,
    STATE_COLUMNS,
)
from alpha_oracle.domain.market import ActionKind, Symbol
from alpha_oracle.domain.trading_records import (
    BookRecord,
    Doubt,
    DoubtKind,
    Mismatch,
    Reconciliation,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection, Row

    from alpha_oracle.domain.margin import MarginDeficit
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order, OrderEvent
    from alpha_oracle.domain.portfolio import AccountState, ActionKey, Lot
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import Approval

# As the partial index says it.
OPEN: Final = "status NOT IN ('CANCELLED', 'FILLED', 'REJECTED', 'EXPIRED')"
APPROVALS: Final = ", ".join(f"approvals.{name}" for name in APPROVAL_COLUMNS)
SIGNALS: Final = (
    "inbox.signal_id, session, strategy, symbol, direction, strength, decided_at, expires_at,"
    " min_hold_days, max_hold_days, reference_price, win_rate, avg_win_loss_ratio"
)
UNANSWERED: Final = """
NOT EXISTS (
    SELECT FROM signal_outcomes AS outcome
    WHERE outcome.account = inbox.account AND outcome.signal_id = inbox.signal_id
)
"""

_ORDERS: Final = f"""
SELECT {", ".join(ORDER_COLUMNS)} FROM orders
WHERE account = :account AND (
    session >= :since OR {OPEN}
    OR parent_id IN (SELECT order_id FROM orders WHERE account = :account AND {OPEN})
)
ORDER BY number
"""
_EVENTS: Final = """
SELECT event.order_id, event_id, status, event.at, reason, refused_by, broker_order_id,
       event.execution_id, fill_quantity, fill_price, filled_at,
       coalesce(fills.commission, event.commission) AS commission, bid, ask
FROM order_events AS event
LEFT JOIN fills ON fills.execution_id = event.execution_id
    AND fills.account = (SELECT account FROM orders WHERE orders.order_id = event.order_id)
WHERE event.order_id = ANY(:order_ids)
ORDER BY event.number
"""
_WITH_PARENT: Final = f"""
SELECT {", ".join(ORDER_COLUMNS)} FROM orders
WHERE account = :account AND order_id IN (
    :order_id, (SELECT parent_id FROM orders WHERE order_id = :order_id)
)
ORDER BY number
"""
_LOTS: Final = f"""
SELECT {", ".join(LOT_COLUMNS)} FROM lots
WHERE account = :account AND (quantity <> 0 OR last_traded >= :since)
ORDER BY strategy, symbol
"""
_STATE: Final = f"SELECT {', '.join(STATE_COLUMNS)} FROM trading_accounts WHERE account = :account"
_WAITING: Final = f"""
SELECT {SIGNALS} FROM signal_inbox AS inbox
WHERE account = :account AND {UNANSWERED} ORDER BY number
"""
_APPROVALS: Final = f"""
SELECT {APPROVALS} FROM approvals JOIN orders USING (order_id)
WHERE orders.account = :account AND orders.status = 'AWAITING_APPROVAL'
ORDER BY requested_at, order_id
"""
_OPEN_APPROVALS: Final = f"""
SELECT {APPROVALS} FROM approvals JOIN orders USING (order_id)
WHERE orders.account = :account AND orders.{OPEN}
ORDER BY requested_at, order_id
"""
_APPLIED: Final = """
SELECT symbol, ex_date, kind FROM applied_actions WHERE account = :account AND ex_date >= :since
"""
_ACCEPTED: Final = "SELECT kind, name FROM accepted_doubts WHERE account = :account"
_DEFICITS: Final = """
SELECT session, usd, equity_usd, level_usd, met_on FROM margin_deficits
WHERE account = :account ORDER BY session
"""
_RECONCILIATION: Final = """
SELECT number, account, at, occasion, drift_pct, cash_difference_usd, foreign_orders, strangers
FROM reconciliations
"""
_MISMATCHES: Final = """
SELECT reconciliation, symbol, book_quantity, broker_quantity, price FROM reconciliation_mismatches
WHERE reconciliation = ANY(:numbers) ORDER BY symbol
"""


def book(connection: Connection, account: str, *, since: Session) -> BookRecord:
    """Return an account's book, with all orders of sessions from `since` on."""
    return BookRecord(
        state=state(connection, account),
        lots=lots(connection, account, since=since),
        orders=_orders(connection, account, since=since),
        waiting=waiting(connection, account),
        approvals=_open_approvals(connection, account),
        accepted=_accepted(connection, account),
        deficits=_deficits(connection, account),
        applied=_applied(connection, account, since=since),
    )


def state(connection: Connection, account: str) -> AccountState | None:
    """Return an account's money; None for one nobody has traded."""
    row = connection.execute(text(_STATE), {"account": account}).one_or_none()
    return None if row is None else rows.to_state(row)


def lots(connection: Connection, account: str, *, since: Session) -> tuple[Lot, ...]:
    """Return the lots that hold something, and those traded from `since` on."""
    found = connection.execute(text(_LOTS), {"account": account, "since": since})
    return tuple(rows.to_lot(row) for row in found)


def waiting(connection: Connection, account: str) -> tuple[ReceivedSignal, ...]:
    """Return the signals nothing has become of yet, in the order they came."""
    found = connection.execute(text(_WAITING), {"account": account})
    return tuple(rows.to_signal(row) for row in found)


def awaited(connection: Connection, account: str) -> tuple[Approval, ...]:
    """Return the approvals of orders that wait for one, decided or not."""
    found = connection.execute(text(_APPROVALS), {"account": account})
    return tuple(rows.to_approval(row) for row in found)


def _open_approvals(connection: Connection, account: str) -> tuple[Approval, ...]:
    found = connection.execute(text(_OPEN_APPROVALS), {"account": account})
    return tuple(rows.to_approval(row) for row in found)


def recalled(connection: Connection, account: str, order_id: str) -> tuple[Order, ...]:
    """Return an order as it is on record, before it the TWAP it is a slice of, if any."""
    values = {"account": account, "order_id": storable(order_id)}
    return with_histories(connection, connection.execute(text(_WITH_PARENT), values))


def _applied(connection: Connection, account: str, *, since: Session) -> frozenset[ActionKey]:
    found = connection.execute(text(_APPLIED), {"account": account, "since": since})
    return frozenset((Symbol(row.symbol), row.ex_date, ActionKind(row.kind)) for row in found)


def _accepted(connection: Connection, account: str) -> frozenset[Doubt]:
    found = connection.execute(text(_ACCEPTED), {"account": account})
    return frozenset(Doubt(kind=DoubtKind(row.kind), name=row.name) for row in found)


def _deficits(connection: Connection, account: str) -> tuple[MarginDeficit, ...]:
    found = connection.execute(text(_DEFICITS), {"account": account})
    return tuple(rows.to_deficit(row) for row in found)


def with_histories(connection: Connection, found: Iterable[Row[Any]]) -> tuple[Order, ...]:
    """Return orders of rows, in their order, each with all that happened to it."""
    found = list(found)
    events = _events(connection, [row.order_id for row in found])
    return tuple(rows.to_order(row, events[row.order_id]) for row in found)


def reconciliations(
    connection: Connection, condition: str, values: dict[str, object]
) -> tuple[Reconciliation, ...]:
    """Return the reconciliations that a condition (with its order and limit) selects."""
    found = connection.execute(text(f"{_RECONCILIATION} {condition}"), values).all()
    mismatches = defaultdict[int, list[Mismatch]](list)
    for row in connection.execute(text(_MISMATCHES), {"numbers": [row.number for row in found]}):
        mismatches[row.reconciliation].append(
            Mismatch(
                symbol=row.symbol,
                book=row.book_quantity,
                broker=row.broker_quantity,
                price=row.price,
            )
        )
    return tuple(_to_reconciliation(row, mismatches[row.number]) for row in found)


def _to_reconciliation(row: Row[Any], mismatches: list[Mismatch]) -> Reconciliation:
    return Reconciliation(
        account=row.account,
        at=row.at,
        occasion=row.occasion,
        mismatches=tuple(mismatches),
        drift_pct=row.drift_pct,
        cash_difference_usd=row.cash_difference_usd,
        foreign_orders=tuple(row.foreign_orders),
        strangers=tuple(row.strangers),
    )


def _orders(connection: Connection, account: str, *, since: Session) -> tuple[Order, ...]:
    found = connection.execute(text(_ORDERS), {"account": account, "since": since})
    return with_histories(connection, found)


def _events(
    connection: Connection, order_ids: Collection[str]
) -> defaultdict[str, list[OrderEvent]]:
    histories = defaultdict[str, list["OrderEvent"]](list)
    for row in connection.execute(text(_EVENTS), {"order_ids": list(order_ids)}):
        histories[row.order_id].append(rows.to_event(row))
    return histories
