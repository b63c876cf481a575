"""A broker that says what a test lets it say, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from alpha_oracle.domain.broker import (
    BrokerAccount,
    BrokerEvent,
    BrokerEventKind,
    BrokerExecution,
    BrokerOrder,
    BrokerSnapshot,
)
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, OrderStatus, Side
from alpha_oracle.errors import BrokerAway


@dataclass
class ScriptedBroker:
    """The account `paper`. `answer` is raised by the next command, `is_away` by every snapshot."""

    clock: object
    account: str = "paper"
    is_simulated: bool = True
    is_paper: bool = True
    is_linked: bool = True
    is_away: bool = False
    answer: Exception | None = None
    cash: Decimal = Decimal(100_000)
    maintenance_margin: Decimal = Decimal(0)
    submitted: list = field(default_factory=list)
    cancelled: list = field(default_factory=list)
    told: list = field(default_factory=list)
    positions: dict = field(default_factory=dict)
    orders: list = field(default_factory=list)
    executions: list = field(default_factory=list)

    def submit_order(self, order):
        self.submitted.append(order)
        self._answered()

    def cancel_order(self, order):
        self.cancelled.append(order)
        self._answered()

    def events(self):
        told, self.told = self.told, []
        return told

    def snapshot(self):
        if self.is_away:
            raise BrokerAway("the broker is away")
        return BrokerSnapshot(
            at=self.clock.now(),
            account=BrokerAccount(
                account=self.account,
                cash=self.cash,
                equity=self.cash,
                maintenance_margin=self.maintenance_margin,
                day_trades_remaining=None,
            ),
            positions=dict(self.positions),
            orders=tuple(self.orders),
            executions=tuple(self.executions),
        )

    def tell(self, kind, order_id=None, *, fill=None, reason=""):
        """Let this be told next."""
        self.told.append(
            BrokerEvent(
                kind=BrokerEventKind(kind),
                at=self.clock.now(),
                order_id=order_id,
                broker_order_id=order_id and f"there-{order_id}",
                fill=fill,
                reason=reason,
            )
        )

    def has(self, order_id, *, status="SUBMITTED", filled=0, is_ours=True, quantity=49):
        """Let an order be there when everything is asked."""
        self.orders.append(
            BrokerOrder(
                order_id=order_id,
                broker_order_id=f"there-{order_id}",
                symbol=Symbol("AAA"),
                side=Side.BUY,
                quantity=quantity,
                filled_quantity=filled,
                status=OrderStatus(status),
                is_ours=is_ours,
            )
        )

    def executed(self, order_id, fill):
        """Let an execution be there when everything is asked; shares and cash have moved."""
        self.executions.append(
            BrokerExecution(
                order_id=order_id,
                broker_order_id=f"there-{order_id}",
                symbol=Symbol("AAA"),
                side=Side.BUY,
                fill=fill,
            )
        )
        self.positions["AAA"] = self.positions.get("AAA", 0) + fill.quantity
        self.cash -= fill.quantity * fill.price + (fill.commission or 0)

    def _answered(self):
        answer, self.answer = self.answer, None
        if answer is not None:
            raise answer


def a_fill(clock, *, execution_id="x.1.01", quantity=49, price="100.05", commission="1.00"):
    """An execution now."""
    return Fill(
        execution_id=execution_id,
        quantity=quantity,
        price=Decimal(price),
        at=clock.now(),
        commission=None if commission is None else Decimal(commission),
    )
