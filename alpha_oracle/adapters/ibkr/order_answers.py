"""Everything a gateway knows of an account, collected until each part has said that it is whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.order_told import exact, new_york_day
from alpha_oracle.adapters.ibkr.tracked import CANCELLED, FILLED, INACTIVE, unnamed
from alpha_oracle.domain.broker import (
    BrokerAccount,
    BrokerExecution,
    BrokerOrder,
    BrokerSnapshot,
)
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import BrokerAway

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from alpha_oracle.adapters.ibkr.order_told import ExecutionTold, HoldingTold, OrderTold
    from alpha_oracle.adapters.ibkr.order_tracking import OrderTracker
    from alpha_oracle.domain.market import Symbol

CASH: Final = "TotalCashValue"
EQUITY: Final = "NetLiquidation"
MARGIN: Final = "MaintMarginReq"
DAY_TRADES: Final = "DayTradesRemaining"
FIGURES: Final = (CASH, EQUITY, MARGIN, DAY_TRADES)
_WORKING: Final = frozenset(
    {"ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"}
)


class Part(StrEnum):
    """What everything consists of, each with an end of its own."""

    POSITIONS = "positions"
    OPEN = "open orders"
    COMPLETED = "completed orders"
    EXECUTIONS = "executions"
    ACCOUNT = "account"


@dataclass(slots=True)
class Answers:
    """The answers to one question for everything."""

    executions_id: int
    account_id: int
    holdings: list[HoldingTold] = field(default_factory=list)
    orders: dict[int, OrderTold] = field(default_factory=dict)
    filled: dict[int, int] = field(default_factory=dict)
    completed: dict[int, OrderTold] = field(default_factory=dict)
    executions: dict[str, ExecutionTold] = field(default_factory=dict)
    figures: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By account and name, the value and its currency."""
    missing: set[Part] = field(default_factory=lambda: set(Part))
    broken: str = ""
    is_disturbed: bool = False
    """Whether something was executed while the answers came: they may not be of one moment."""
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    def ended(self, part: Part) -> None:
        """Note that a part is complete."""
        self.missing.discard(part)
        if not self.missing:
            self.whole.set()

    def fail(self, why: str) -> None:
        """Note that the answers cannot be used."""
        self.broken = why
        self.whole.set()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads answers as everything about one account under one client id."""

    account: str
    client_id: int
    tracker: OrderTracker

    def snapshot(self, told: Answers, *, at: datetime) -> BrokerSnapshot:
        """Return what the answers say.

        Raises:
            BrokerAway: they are not complete, or contradict themselves: nothing is known.
        """
        executed = _executed(told.executions.values())
        orders = {**told.orders, **told.completed}
        mine = [one for one in orders.values() if one.account == self.account]
        for order in filter(self._is_ours, mine):
            self._refuse_short(told, order, executed.get(order.perm_id, 0), at=at)
        read = (self._order(one, executed.get(one.perm_id, 0)) for one in mine)
        return BrokerSnapshot(
            at=at,
            account=self._figures(told),
            positions=self._positions(told),
            orders=tuple(sorted(read, key=lambda order: int(order.broker_order_id))),
            executions=tuple(
                self._execution(one)
                for one in sorted(told.executions.values(), key=lambda one: one.fill.at)
                if one.account == self.account
            ),
        )

    def _refuse_short(
        self, told: Answers, order: OrderTold, executed: int, *, at: datetime
    ) -> None:
        counted = order.filled or told.filled.get(order.perm_id, 0)
        is_todays = order.completed_at is None or new_york_day(order.completed_at) == new_york_day(
            at
        )
        if is_todays and counted > executed:
            raise BrokerAway(
                f"IBKR counts {counted} shares executed of the order {order.perm_id} and tells "
                f"executions of {executed}; nothing is believed until it tells all of them"
            )

    def _order(self, told: OrderTold, executed: int) -> BrokerOrder:
        return BrokerOrder(
            order_id=self._reference(told),
            broker_order_id=str(told.perm_id),
            symbol=told.symbol,
            side=told.side,
            quantity=told.quantity,
            filled_quantity=executed,
            status=self._status(told, executed),
            is_ours=self._is_ours(told),
        )

    def _reference(self, told: OrderTold) -> str | None:
        if told.reference or not self._is_ours(told):
            return told.reference or None
        return unnamed(told.perm_id)

    def _is_ours(self, told: OrderTold) -> bool:
        tracked = self.tracker.order(told.reference) if told.reference else None
        if tracked is not None or told.client_id == self.client_id:
            return True
        known = self.tracker.of_perm_id(told.perm_id)
        # An order that has ended is told without its client.
        is_nobodys = told.client_id is None and not self.tracker.is_foreign(told.perm_id)
        return known is not None or (is_nobodys and bool(told.reference))

    def _status(self, told: OrderTold, executed: int) -> OrderStatus:
        working = OrderStatus.PARTIALLY_FILLED if executed else OrderStatus.SUBMITTED
        tracked = self.tracker.order(told.reference)
        is_refused = bool(tracked and tracked.refusal and not tracked.is_cancel_asked)
        if told.status in _WORKING:
            return working
        if told.status == FILLED:
            return OrderStatus.FILLED
        if told.status == INACTIVE:
            is_over = told.completed_at is not None or is_refused
            return OrderStatus.REJECTED if is_over and not executed else working
        if told.status not in CANCELLED:
            raise BrokerAway(f"IBKR tells the status {told.status!r}, which has no meaning here")
        if is_refused and not executed:
            return OrderStatus.REJECTED
        is_asked = bool(tracked and tracked.is_cancel_asked)
        return OrderStatus.EXPIRED if _is_expired(told) and not is_asked else OrderStatus.CANCELLED

    def _execution(self, told: ExecutionTold) -> BrokerExecution:
        tracked = self.tracker.order(told.reference) or self.tracker.of_perm_id(told.perm_id)
        is_ours = tracked is not None or told.client_id == self.client_id
        reference = told.reference or (tracked.reference if tracked else unnamed(told.perm_id))
        return BrokerExecution(
            order_id=reference if is_ours else None,
            broker_order_id=str(told.perm_id),
            symbol=told.symbol,
            side=told.side,
            fill=self.tracker.with_commission(told.fill),
        )

    def _positions(self, told: Answers) -> dict[Symbol, int]:
        held: dict[Symbol, int] = {}
        for one in told.holdings:
            if one.account == self.account and one.quantity:
                held[one.symbol] = held.get(one.symbol, 0) + one.quantity
        return held

    def _figures(self, told: Answers) -> BrokerAccount:
        return BrokerAccount(
            account=self.account,
            cash=self._usd(told, CASH),
            equity=self._usd(told, EQUITY),
            maintenance_margin=self._usd(told, MARGIN),
            day_trades_remaining=self._day_trades(told),
        )

    def _usd(self, told: Answers, name: str) -> Decimal:
        value, currency = told.figures.get((self.account, name), ("", ""))
        try:
            figure = Decimal(value)
        except InvalidOperation:
            raise BrokerAway(f"IBKR does not tell the {name} of the account") from None
        if currency != "USD":
            raise BrokerAway(
                f"IBKR tells the {name} of the account in {currency or 'no currency'}; only "
                "accounts whose base currency is USD are traded"
            )
        return figure

    def _day_trades(self, told: Answers) -> int | None:
        value, _ = told.figures.get((self.account, DAY_TRADES), ("", ""))
        return int(exact(value)) if value.lstrip("-").isdigit() else None


def _executed(executions: Iterable[ExecutionTold]) -> dict[int, int]:
    latest: dict[tuple[int, str], ExecutionTold] = {}
    for one in executions:
        key = one.perm_id, one.fill.stem
        if key not in latest or latest[key].fill.revision <= one.fill.revision:
            latest[key] = one
    executed: dict[int, int] = {}
    for (perm_id, _), one in latest.items():
        executed[perm_id] = executed.get(perm_id, 0) + one.fill.quantity
    return executed


def _is_expired(told: OrderTold) -> bool:
    if told.completed_at is None:
        return False
    session = calendar.latest_session_on_or_before(new_york_day(told.completed_at))
    return told.completed_at >= calendar.session_close(session)
