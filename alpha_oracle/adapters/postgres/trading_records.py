"""What is on record of trading, in pages: for people, beside whatever the worker does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import text

from alpha_oracle.adapters.postgres import trading_reading as reading
from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.trading_pages import PageQuery, page_of
from alpha_oracle.adapters.postgres.trading_statements import (
    DAY_TRADE_COLUMNS,
    LOT_COLUMNS,
    ORDER_COLUMNS,
    QUALITY_COLUMNS,
)
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.trading_pages import (
    InboxEntry,
    MalformedRecord,
    OrderFile,
    SignalFile,
    TradedFill,
)
from alpha_oracle.domain.trading_records import MalformedSignal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.orders import Order, OrderStatus
    from alpha_oracle.domain.portfolio import AccountState, Lot
    from alpha_oracle.domain.trading_pages import Cursor, Page
    from alpha_oracle.domain.trading_records import (
        Approval,
        ApprovalStatus,
        CascadeRun,
        DayTradeDecision,
        OrderQuality,
        Reconciliation,
        SignalOutcomeKind,
    )

Found = TypeVar("Found")

_ORDER: Final = ", ".join(ORDER_COLUMNS)
_CASCADE: Final = "stage, at, action, verdicts::text AS verdicts, order_id, signal_id"
_DAY_TRADE: Final = ", ".join(
    "inputs::text AS inputs" if name == "inputs" else f"log.{name}" for name in DAY_TRADE_COLUMNS
)
_QUALITY: Final = ", ".join(f"quality.{name}" for name in QUALITY_COLUMNS)

_FAMILY: Final = f"""
SELECT {_ORDER} FROM orders WHERE order_id = :order_id OR parent_id = :order_id
ORDER BY slice_number NULLS FIRST
"""

ORDERS: Final = PageQuery(_ORDER, "orders", at="created_at", key="order_id")
INBOX: Final = PageQuery(
    f"account, {reading.SIGNALS}, received_at, kind, outcome.at AS at, reason, order_id",
    "signal_inbox AS inbox LEFT JOIN signal_outcomes AS outcome USING (account, signal_id)",
    at="received_at",
    key="account || '|' || signal_id",
    status="kind",
)
FILLS: Final = PageQuery(
    "fills.*, symbol, side, strategy, simulated",
    "fills JOIN orders USING (order_id)",
    at="fills.at",
    key="execution_id",
    account="fills.account",
)
APPROVALS: Final = PageQuery(
    reading.APPROVALS,
    "approvals JOIN orders USING (order_id)",
    at="requested_at",
    key="approvals.order_id",
    account="orders.account",
    status="approvals.status",
)
DAY_TRADES: Final = PageQuery(
    _DAY_TRADE, "pdt_audit_log AS log", at="log.at", key="to_char(log.number, 'FM0000000000000000')"
)
QUALITIES: Final = PageQuery(
    _QUALITY,
    "order_qualities AS quality JOIN orders USING (order_id)",
    at="quality.at",
    key="quality.order_id",
    account="orders.account",
    symbol="quality.symbol",
)
MALFORMED: Final = PageQuery("*", "malformed_signals", at="last_at", key="digest || source")
RECONCILIATIONS: Final = PageQuery(
    "number", "reconciliations", at="at", key="to_char(number, 'FM0000000000000000')"
)


class PostgresTradingRecords:
    """`TradingRecords` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self) -> list[str]:
        """Return the accounts that were traded, by name."""
        with self._database.at_once() as connection:
            return list(
                connection.scalars(text("SELECT account FROM trading_accounts ORDER BY account"))
            )

    def state(self, account: str) -> AccountState | None:
        """Return an account's money; None for one nobody has traded."""
        with self._database.at_once() as connection:
            return reading.state(connection, account)

    def positions(self, account: str) -> list[Lot]:
        """Return the lots that hold something, by symbol, then strategy."""
        statement = (
            f"SELECT {', '.join(LOT_COLUMNS)} FROM lots"
            " WHERE account = :account AND quantity <> 0 ORDER BY symbol, strategy"
        )
        with self._database.at_once() as connection:
            found = connection.execute(text(statement), {"account": account})
            return [rows.to_lot(row) for row in found]

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
        filters = {"account": account, "symbol": symbol, "status": status}
        with self._database.begin() as connection:
            found = ORDERS.rows(connection, filters, after=after, limit=limit)
            orders = reading.with_histories(connection, found[:limit])
        return page_of(orders, found, limit=limit)

    def order(self, order_id: str) -> OrderFile | None:
        """Return an order with all that was checked, asked and measured; None: there is none."""
        values = {"order_id": storable(order_id)}
        with self._database.begin() as connection:
            found = connection.execute(text(_FAMILY), values)
            family = reading.with_histories(connection, found)
            own = [order for order in family if order.order_id == order_id]
            return None if not own else _file(connection, own[0], family)

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
        filters = {"account": account, "symbol": symbol, "status": outcome}
        return self._page(INBOX, filters, _to_entry, after=after, limit=limit)

    def signal(self, account: str, signal_id: str) -> SignalFile | None:
        """Return a signal with what became of it; None: it never came in."""
        values = {"account": account, "signal_id": storable(signal_id)}
        whose = "WHERE account = :account AND signal_id = :signal_id"
        statement = f"SELECT {INBOX.columns} FROM {INBOX.source} {whose}"
        with self._database.begin() as connection:
            entry = _only(connection, statement, values, _to_entry)
            if entry is None:
                return None
            return SignalFile(entry=entry, cascade_runs=_cascade_runs(connection, whose, values))

    def fills(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[TradedFill]:
        """Return executions, each correction beside what it corrects."""
        filters = {"account": account, "symbol": symbol}
        return self._page(FILLS, filters, _to_traded_fill, after=after, limit=limit)

    def approvals(
        self,
        *,
        account: str | None = None,
        status: ApprovalStatus | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[Approval]:
        """Return orders that waited for a human, by when they began to."""
        filters = {"account": account, "status": status}
        return self._page(APPROVALS, filters, rows.to_approval, after=after, limit=limit)

    def day_trade_decisions(
        self, *, account: str | None = None, after: Cursor | None = None, limit: int
    ) -> Page[DayTradeDecision]:
        """Return what the day-trade guard said."""
        filters = {"account": account}
        return self._page(DAY_TRADES, filters, rows.to_day_trade_decision, after=after, limit=limit)

    def qualities(
        self,
        *,
        account: str | None = None,
        symbol: Symbol | None = None,
        after: Cursor | None = None,
        limit: int,
    ) -> Page[OrderQuality]:
        """Return how well orders were executed."""
        filters = {"account": account, "symbol": symbol}
        return self._page(QUALITIES, filters, rows.to_quality, after=after, limit=limit)

    def reconciliations(
        self, *, account: str | None = None, after: Cursor | None = None, limit: int
    ) -> Page[Reconciliation]:
        """Return what reconciliations found."""
        with self._database.begin() as connection:
            found = RECONCILIATIONS.rows(connection, {"account": account}, after=after, limit=limit)
            numbers = [row.number for row in found[:limit]]
            newest = "WHERE number = ANY(:numbers) ORDER BY at DESC, number DESC"
            told = reading.reconciliations(connection, newest, {"numbers": numbers})
        return page_of(told, found, limit=limit)

    def malformed_signals(
        self, *, after: Cursor | None = None, limit: int
    ) -> Page[MalformedRecord]:
        """Return what came in and was no signal, by when it last did."""
        return self._page(MALFORMED, {}, _to_malformed, after=after, limit=limit)

    def _page(
        self,
        query: PageQuery,
        filters: dict[str, Any],
        to_value: Callable[[Row[Any]], Found],
        *,
        after: Cursor | None,
        limit: int,
    ) -> Page[Found]:
        with self._database.at_once() as connection:
            found = query.rows(connection, filters, after=after, limit=limit)
        return page_of([to_value(row) for row in found[:limit]], found, limit=limit)


def _file(connection: Connection, order: Order, family: tuple[Order, ...]) -> OrderFile:
    values = {"order_id": order.order_id}
    whose = "WHERE order_id = :order_id"
    approval = f"SELECT {reading.APPROVALS} FROM approvals {whose}"
    quality = f"SELECT {_QUALITY} FROM order_qualities AS quality {whose}"
    decisions = f"SELECT {_DAY_TRADE} FROM pdt_audit_log AS log {whose} ORDER BY number"
    return OrderFile(
        order=order,
        slices=tuple(one for one in family if one.parent_id == order.order_id),
        cascade_runs=_cascade_runs(connection, whose, values),
        day_trade_decisions=tuple(
            rows.to_day_trade_decision(row) for row in connection.execute(text(decisions), values)
        ),
        approval=_only(connection, approval, values, rows.to_approval),
        quality=_only(connection, quality, values, rows.to_quality),
    )


def _cascade_runs(
    connection: Connection, whose: str, values: dict[str, str]
) -> tuple[CascadeRun, ...]:
    statement = f"SELECT {_CASCADE} FROM cascade_runs {whose} ORDER BY number"
    return tuple(rows.to_cascade_run(row) for row in connection.execute(text(statement), values))


def _only(
    connection: Connection,
    statement: str,
    values: dict[str, str],
    to_value: Callable[[Row[Any]], Found],
) -> Found | None:
    row = connection.execute(text(statement), values).one_or_none()
    return None if row is None else to_value(row)


def _to_entry(row: Row[Any]) -> InboxEntry:
    return InboxEntry(
        account=row.account,
        signal=rows.to_signal(row),
        received_at=row.received_at,
        outcome=None if row.kind is None else rows.to_outcome(row),
    )


def _to_traded_fill(row: Row[Any]) -> TradedFill:
    return TradedFill(
        account=row.account,
        order_id=row.order_id,
        symbol=Symbol(row.symbol),
        side=Side(row.side),
        strategy=row.strategy,
        simulated=row.simulated,
        fill=rows.to_fill(row),
    )


def _to_malformed(row: Row[Any]) -> MalformedRecord:
    return MalformedRecord(
        malformed=MalformedSignal(text=row.document, source=row.source, problem=row.problem),
        times=row.times,
        first_at=row.first_at,
        last_at=row.last_at,
    )
