"""The simulated broker's book in Postgres: whoever of ours dies, it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import simulated_reading as reading
from alpha_oracle.adapters.postgres import simulated_writing as writing
from alpha_oracle.domain.simulated import Book, BookStatement

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.simulated import BookChange, BookGlance, BookOrder

_OPEN: Final = """
INSERT INTO simulated_accounts (account, cash, opened_at) VALUES (:account, :cash, :at)
ON CONFLICT (account) DO NOTHING
"""

_RECEIVE: Final = """
INSERT INTO simulated_orders (
    account, order_id, symbol, side, quantity, limit_price, session, received_at,
    status, filled_quantity, notional_usd, commission_usd, executions, reason
)
VALUES (
    :account, :order_id, :symbol, :side, :quantity, :limit_price, :session, :received_at,
    :status, 0, 0, 0, 0, ''
)
ON CONFLICT (account, order_id) DO NOTHING
"""

_ASK_CANCEL: Final = """
UPDATE simulated_orders SET cancel_asked_at = coalesce(cancel_asked_at, :at)
WHERE account = :account AND order_id = :order_id
"""

_CASH: Final = "SELECT cash FROM simulated_accounts WHERE account = :account"


class PostgresSimulatedBook:
    """`SimulatedBook` on Postgres."""

    def __init__(self, database: Database, *, account: str) -> None:
        self._database = database
        self._account = account

    def open(self, *, cash: Decimal, at: datetime) -> None:
        """Open the account with so much cash (USD); one that is open stays as it is."""
        with self._database.at_once() as connection:
            values = {"account": self._account, "cash": cash, "at": at}
            connection.execute(text(_OPEN), values)

    def receive(self, order: BookOrder) -> bool:
        """Keep an order, durably before this returns; False: one of that id is there already."""
        values = {
            "account": self._account,
            "order_id": order.order_id,
            "symbol": order.symbol,
            "side": order.side.value,
            "quantity": order.quantity,
            "limit_price": order.limit_price,
            "session": order.session,
            "received_at": order.received_at,
            "status": order.status.value,
        }
        with self._database.at_once() as connection:
            return connection.execute(text(_RECEIVE), values).rowcount == 1

    def ask_cancel(self, order_id: str, *, at: datetime) -> bool:
        """Note that an order is to end; False: there is none. The first time asked stands."""
        values = {"account": self._account, "order_id": order_id, "at": at}
        with self._database.at_once() as connection:
            return connection.execute(text(_ASK_CANCEL), values).rowcount == 1

    def glance(self, *, after: int | None) -> BookGlance:
        """Return what works, and the events after a number, oldest first; None: no event."""
        with self._database.at_once() as connection:
            return reading.glance(connection, self._account, after=after)

    def change(self, decide: Callable[[Book], BookChange], *, since: Session) -> BookChange:
        """Let `decide` change the book while nobody else does; return what it changed.

        What two processes decide comes one after the other: each locks the account first.
        """
        with self._database.begin() as connection:
            account = self._account
            cash = connection.execute(
                text(f"{_CASH} FOR UPDATE"), {"account": account}
            ).scalar_one()
            book = Book(
                cash=cash,
                positions=reading.positions(connection, account),
                orders=reading.working_orders(connection, account),
                executions=reading.executions(connection, account, since=since),
                applied=reading.applied_actions(connection, account, since=since),
            )
            change = decide(book)
            if not change.is_empty:
                writing.write(connection, account, change)
        return change

    def statement(self, *, since: Session) -> BookStatement:
        """Return the account at one instant, with orders and executions since a session."""
        with self._database.begin() as connection:
            account = self._account
            # Whoever changes the book waits until it is read.
            cash = connection.execute(text(f"{_CASH} FOR SHARE"), {"account": account}).scalar_one()
            return BookStatement(
                cash=cash,
                positions=reading.positions(connection, account),
                orders=reading.orders(connection, account, since=since),
                executions=reading.executions(connection, account, since=since),
            )
