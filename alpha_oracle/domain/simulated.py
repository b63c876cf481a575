"""What the simulated broker knows of an account: a book of its own, apart from ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alpha_oracle.domain.broker import BrokerEvent
from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.orders import Fill, OrderStatus, Side
from alpha_oracle.domain.portfolio import ActionKey, AppliedAction


def broker_order_id(order_id: str) -> str:
    """Return the simulated broker's lasting id of an order, by its reference."""
    return f"simulated-{order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOrder:
    """An order as the simulated broker received it; without a limit it is a market order.

    It waits as PENDING until it is accepted. `notional_usd` and `commission_usd` are sums over its
    `executions`, in USD.
    """

    order_id: str
    symbol: Symbol
    side: Side
    quantity: int
    limit_price: Decimal | None
    session: Session
    received_at: datetime
    cancel_asked_at: datetime | None = None
    status: OrderStatus = OrderStatus.PENDING
    filled_quantity: int = 0
    notional_usd: Decimal = Decimal(0)
    commission_usd: Decimal = Decimal(0)
    executions: int = 0
    reason: str = ""

    @property
    def open_quantity(self) -> int:
        """Shares it has not bought or sold, whether or not it still works."""
        return self.quantity - self.filled_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class BookExecution:
    """An execution; `commission` (USD) is charged with it, though it may be told later."""

    execution_id: str
    order_id: str
    symbol: Symbol
    side: Side
    quantity: int
    price: Decimal
    commission: Decimal
    at: datetime
    session: Session
    is_commission_told: bool

    @property
    def signed_quantity(self) -> int:
        """Shares bought; negative: sold."""
        return self.quantity if self.side is Side.BUY else -self.quantity

    def as_fill(self, *, is_commission_told: bool) -> Fill:
        """Return it as the broker reports it, with its commission or without."""
        return Fill(
            execution_id=self.execution_id,
            quantity=self.quantity,
            price=self.price,
            at=self.at,
            commission=self.commission if is_commission_told else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPosition:
    """Shares held, and the price (USD) they were last traded at by the account."""

    quantity: int
    mark: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """An account under its lock: cash, positions, the orders that work, by arrival.

    `executions` are those since the session asked for, and all whose commission is not told yet;
    `applied` what the corporate actions since then did.
    """

    cash: Decimal
    positions: Mapping[Symbol, BookPosition]
    orders: tuple[BookOrder, ...]
    executions: tuple[BookExecution, ...]
    applied: Mapping[ActionKey, AppliedAction]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChange:
    """What changes in a book, together or not at all.

    `cash` is what is left. Of `positions` one of 0 shares is gone. `told` are executions whose
    commission is told with these `events`.
    """

    cash: Decimal
    positions: Mapping[Symbol, BookPosition]
    orders: tuple[BookOrder, ...] = ()
    executions: tuple[BookExecution, ...] = ()
    told: tuple[str, ...] = ()
    events: tuple[BrokerEvent, ...] = ()
    actions: tuple[AppliedAction, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.orders or self.executions or self.told or self.events or self.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookGlance:
    """What is new: events after the number asked for, with the newest number there is.

    `orders` are those that work, by arrival; `has_untold` whether a commission is not told yet.
    """

    events: tuple[BrokerEvent, ...]
    newest: int
    orders: tuple[BookOrder, ...]
    has_untold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BookStatement:
    """An account at one instant: every order and execution since a session, and what works."""

    cash: Decimal
    positions: Mapping[Symbol, BookPosition]
    orders: tuple[BookOrder, ...]
    executions: tuple[BookExecution, ...]
