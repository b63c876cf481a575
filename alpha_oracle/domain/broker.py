"""What a broker tells: of one order as it happens, of everything when asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, OrderStatus, Side


class BrokerEventKind(StrEnum):
    """What happened."""

    ACCEPTED = "accepted"
    FILLED = "filled"
    COMMISSION = "commission"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    LINK_DOWN = "link_down"
    LINK_UP = "link_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerEvent:
    """Something a broker told of an order of ours (`order_id` is the reference it was sent with).

    A fill comes with FILLED, and with COMMISSION once more, its commission known. Of the link no
    order is told.
    """

    kind: BrokerEventKind
    at: datetime
    order_id: str | None = None
    broker_order_id: str | None = None
    fill: Fill | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """An order as the broker has it; `order_id` is its reference, None where it carries none."""

    order_id: str | None
    broker_order_id: str
    symbol: Symbol
    side: Side
    quantity: int
    filled_quantity: int
    status: OrderStatus
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerExecution:
    """An execution as the broker has it, by the reference of its order."""

    order_id: str | None
    broker_order_id: str
    symbol: Symbol
    side: Side
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount:
    """An account's figures, USD; `day_trades_remaining` -1: without limit, None: not told."""

    account: str
    cash: Decimal
    equity: Decimal
    maintenance_margin: Decimal
    day_trades_remaining: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSnapshot:
    """Everything a broker knows of an account, complete: what is not in it, is not there."""

    at: datetime
    account: BrokerAccount
    positions: Mapping[Symbol, int]
    orders: tuple[BrokerOrder, ...]
    executions: tuple[BrokerExecution, ...]
