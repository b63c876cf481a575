"""What people read of trading: pages of what is on record, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.orders import Order, OrderStatus
    from alpha_oracle.domain.portfolio import AccountState, Lot
    from alpha_oracle.domain.trading_pages import (
        Cursor,
        InboxEntry,
        MalformedRecord,
        OrderFile,
        Page,
        SignalFile,
        TradedFill,
    )
    from alpha_oracle.domain.trading_records import (
        Approval,
        ApprovalStatus,
        DayTradeDecision,
        OrderQuality,
        Reconciliation,
        SignalOutcomeKind,
    )


class TradingRecords(Protocol):
    """The record of trading. Each page goes on after the cursor of the one before."""

    def accounts(self) -> list[str]:
        """Return the accounts that were traded, by name."""
        ...

    def state(self, account: str) -> AccountState | None:
        """Return an account's money; None for one nobody has traded."""
        ...

    def positions(self, account: str) -> list[Lot]:
        """Return the lots that hold something, by symbol, then strategy."""
        ...

    def orders(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        status: OrderStatus | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[Order]:
        """Return orders with their histories, by when they were created."""
        ...

    def order(self, order_id: str) -> OrderFile | None:
        """Return an order with all that was checked, asked and measured; None: there is none."""
        ...

    def inbox(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        outcome: SignalOutcomeKind | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[InboxEntry]:
        """Return signals that came in, by when they did, with what became of each."""
        ...

    def signal(self, account: str, signal_id: str) -> SignalFile | None:
        """Return a signal with what became of it; None: it never came in."""
        ...

    def fills(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[TradedFill]:
        """Return executions, each correction beside what it corrects."""
        ...

    def approvals(
        self,
        *,
        account: str | None = None,
        status: ApprovalStatus | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[Approval]:
        """Return orders that waited for a human, by when they began to."""
        ...

    def day_trade_decisions(
        self, *, account: str | None = None, after: Cursor | None = None, limit: int
    ) -> Page[DayTradeDecision]:
        """Return what the day-trade guard said."""
        ...

    def qualities(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[OrderQuality]:
        """Return how well orders were executed."""
        ...

    def reconciliations(
        self, *, account: str | None = None, after: Cursor | None = None, limit: int
    ) -> Page[Reconciliation]:
        """Return what reconciliations found."""
        ...

    def malformed_signals(
        self, *, after: Cursor | None = None, limit: int
    ) -> Page[MalformedRecord]:
        """Return what came in and was no signal, by when it last did."""
        ...
