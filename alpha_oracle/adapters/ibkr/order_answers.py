"""Everything a gateway knows of an account, collected until each part has said that it is whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.order_told import UNSET, exact, new_york_day
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


UNNUMBERED: Final = frozenset({Part.POSITIONS, Part.OPEN, Part.COMPLETED})
"""Their ends do not say which question they end."""


@dataclass(slots=True)
class Answers:
    """The answers to one question for everything."""

    executions_id: int
    account_id: int
    asked_at: datetime
    """When it was asked: what happened later may be missing."""
    holdings: dict[tuple[str, int], HoldingTold] = field(default_factory=dict)
    """By account and contract: each is told anew whenever it changes."""
    orders: dict[str, OrderTold] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    completed: dict[str, OrderTold] = field(default_factory=dict)
    executions: dict[str, ExecutionTold] = field(default_factory=dict)
    figures: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By account and name, the value and its currency."""
    missing: set[Part] = field(default_factory=lambda: set(Part))
    broken: str = ""
    is_disturbed: bool = False
    """Whether something changed while the answers came: they may not be of one moment."""
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self, account: str, con_id: int, one: HoldingTold) -> None:
        """Take what is held of a contract; the last telling counts."""
        known = self.holdings.get((account, con_id))
        is_late = known is not None or Part.POSITIONS not in self.missing
        if is_late and known != one:
            self.is_disturbed = True
        self.holdings[account, con_id] = one

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

    def snapshot(self, told: Answers) -> BrokerSnapshot:
        """Return what the answers say.

        Raises:
            BrokerAway: they are not complete, or contradict themselves: nothing is known.
        """
        executed = _executed(told.executions.values())
        orders = {**told.orders, **told.completed}
        mine = [one for one in orders.values() if one.account == self.account]
        for order in filter(self._is_ours, mine):
            self._refuse_short(told, order, executed.get(order.key, 0))
        return BrokerSnapshot(
            at=told.asked_at,
            account=self._figures(told),
            positions=self._positions(told),
            orders=tuple(
                self._order(one, executed.get(one.key, 0)) for one in sorted(mine, key=_age)
            ),
            executions=tuple(
                self._execution(one)
                for one in sorted(told.executions.values(), key=lambda one: one.fill.at)
                if one.account == self.account
            ),
        )

    def _refuse_short(self, told: Answers, order: OrderTold, executed: int) -> None:
        counted = order.filled or told.filled.get(order.key, 0)
        today = new_york_day(told.asked_at)
        is_todays = order.completed_at is None or new_york_day(order.completed_at) == today
        if is_todays and counted > executed:
            raise BrokerAway(
                f"IBKR counts {counted} shares executed of the order {order.key} and tells "
                f"executions of {executed}; nothing is believed until it tells all of them"
            )

    def _order(self, told: OrderTold, executed: int) -> BrokerOrder:
        return BrokerOrder(
            order_id=self._reference(told),
            broker_order_id=told.key,
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
        return unnamed(told.key)

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
            if is_over and not executed:
                return OrderStatus.REJECTED
            return OrderStatus.CANCELLED if told.completed_at is not None else working
        if told.status not in CANCELLED and self._is_ours(told):
            raise BrokerAway(f"IBKR tells the status {told.status!r}, which has no meaning here")
        if is_refused and not executed:
            return OrderStatus.REJECTED
        is_asked = bool(tracked and tracked.is_cancel_asked)
        return OrderStatus.EXPIRED if _is_expired(told) and not is_asked else OrderStatus.CANCELLED

    def _execution(self, told: ExecutionTold) -> BrokerExecution:
        tracked = self.tracker.order(told.reference) or self.tracker.of_perm_id(told.perm_id)
        is_ours = tracked is not None or told.client_id == self.client_id
        reference = told.reference or (tracked.reference if tracked else unnamed(told.key))
        return BrokerExecution(
            order_id=reference if is_ours else None,
            broker_order_id=told.key,
            symbol=told.symbol,
            side=told.side,
            fill=self.tracker.with_commission(told.fill),
        )

    def _positions(self, told: Answers) -> dict[Symbol, int]:
        held: dict[Symbol, int] = {}
        for (account, _), one in told.holdings.items():
            if account == self.account and one.quantity:
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
        figure = _figure(value)
        if figure is None:
            raise BrokerAway(f"IBKR does not tell the {name} of the account")
        if currency != "USD":
            raise BrokerAway(
                f"IBKR tells the {name} of the account in {currency or 'no currency'}; only "
                "accounts whose base currency is USD are traded"
            )
        return figure

    def _day_trades(self, told: Answers) -> int | None:
        value, _ = told.figures.get((self.account, DAY_TRADES), ("", ""))
        return int(exact(value)) if value.lstrip("-").isdigit() else None


def _figure(text: str) -> Decimal | None:
    try:
        figure = Decimal(text)
    except InvalidOperation:
        return None
    return figure if figure.is_finite() and abs(figure) < UNSET else None


def _age(told: OrderTold) -> tuple[bool, int, int, int]:
    return not told.perm_id, told.perm_id, told.client_id or 0, told.number


def _executed(executions: Iterable[ExecutionTold]) -> dict[str, int]:
    latest: dict[tuple[str, str], ExecutionTold] = {}
    for one in executions:
        key = one.key, one.fill.stem
        if key not in latest or latest[key].fill.revision <= one.fill.revision:
            latest[key] = one
    executed: dict[str, int] = {}
    for (order, _), one in latest.items():
        executed[order] = executed.get(order, 0) + one.fill.quantity
    return executed


def _is_expired(told: OrderTold) -> bool:
    if told.completed_at is None:
        return False
    session = calendar.latest_session_on_or_before(new_york_day(told.completed_at))
    return told.completed_at >= calendar.session_close(session)
