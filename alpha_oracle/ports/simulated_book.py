"""Where the simulated broker keeps its book: durable, apart from ours, shared by processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.simulated import (
        Book,
        BookChange,
        BookGlance,
        BookOrder,
        BookStatement,
    )


class SimulatedBook(Protocol):
    """The book of one account. Every method raises `StoreUnavailable` where it is out of reach."""

    def open(self, *, cash: Decimal, at: datetime) -> None:
        """Open the account with so much cash (USD); one that is open stays as it is."""
        ...

    def receive(self, order: BookOrder) -> bool:
        """Keep an order, durably before this returns; False: one of that id is there already."""
        ...

    def ask_cancel(self, order_id: str, *, at: datetime) -> bool:
        """Note that an order is to end; False: there is none. The first time asked stands."""
        ...

    def glance(self, *, after: int | None) -> BookGlance:
        """Return what works, and the events after a number, oldest first; None: no event."""
        ...

    def change(self, decide: Callable[[Book], BookChange], *, since: Session) -> BookChange:
        """Let `decide` change the book while nobody else does; return what it changed.

        It sees the executions and corporate actions since a session, and may be called once only.
        """
        ...

    def statement(self, *, since: Session) -> BookStatement:
        """Return the account at one instant, with orders and executions since a session."""
        ...
