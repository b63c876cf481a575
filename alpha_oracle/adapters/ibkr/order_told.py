"""What a gateway tells of orders, executions and holdings, out of the library's types.

Total: what cannot be told exactly raises `ValueError`, and is never rounded to what is likely.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import trunc
from typing import Any, Final
from zoneinfo import ZoneInfo

from alpha_oracle.adapters.ibkr.tracked import CANCELLED, FILLED, INACTIVE
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.orders import Fill, Side

NEW_YORK: Final = ZoneInfo("America/New_York")
UNSET: Final = 1e300
"""Numbers from here on mean that there is none (the gateway writes 1.7976931348623157E308)."""

SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL, "BOT": Side.BUY, "SLD": Side.SELL}
_TIME: Final = re.compile(r"(\d{8})( +|-)(\d\d:\d\d:\d\d)(?: (\S+))?")
STRANGER: Final = -1
"""The client of an ended order that cannot be ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTold:
    """An order as told: open, or (`completed_at` given) ended.

    `number` is the one its client gave it, 0 where it is not told; `filled` is a hint, None where
    it is not told.
    """

    perm_id: int
    number: int
    client_id: int | None
    account: str
    reference: str
    symbol: Symbol
    side: Side
    quantity: int
    status: str
    filled: int | None = None
    completed_at: datetime | None = None
    why: str = ""

    @property
    def key(self) -> str:
        """What it goes by in the account."""
        return order_key(self.perm_id, self.client_id, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTold:
    """An execution as told, by the numbers of its order."""

    perm_id: int
    client_id: int
    account: str
    reference: str
    symbol: Symbol
    side: Side
    fill: Fill
    number: int = 0

    @property
    def key(self) -> str:
        """What its order goes by in the account."""
        return order_key(self.perm_id, self.client_id, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingTold:
    """Shares of one contract that an account holds."""

    symbol: Symbol
    quantity: int


def order_key(perm_id: int, client_id: int | None, number: int) -> str:
    """Return what an order goes by: its lasting number, until it has one its client's."""
    return str(perm_id) if perm_id else f"{client_id}.{number}"


def open_order(contract: Any, order: Any, state: Any) -> OrderTold:  # noqa: ANN401 - no types.
    """Return an open order.

    Raises:
        ValueError: it cannot be told exactly.
    """
    return OrderTold(
        perm_id=order.permId,
        number=order.orderId,
        client_id=order.clientId,
        account=order.account,
        reference=order.orderRef,
        symbol=symbol_of(contract),
        side=SIDES[order.action],
        quantity=whole(order.totalQuantity),
        status=state.status,
    )


def completed_order(contract: Any, order: Any, state: Any) -> OrderTold:  # noqa: ANN401 - as above.
    """Return an order that has ended; of a filled one no quantity is told but the filled one.

    Raises:
        ValueError: it cannot be told exactly.
    """
    filled = whole(order.filledQuantity) if order.filledQuantity < UNSET else None
    return OrderTold(
        perm_id=order.permId,
        number=0,
        client_id=None,
        account=order.account,
        reference=order.orderRef,
        symbol=symbol_of(contract),
        side=SIDES[order.action],
        quantity=whole(order.totalQuantity) or filled or 0,
        status=state.status,
        filled=filled,
        completed_at=instant(state.completedTime),
        why=state.completedStatus,
    )


def strangers_order(contract: Any, order: Any, state: Any, *, is_over: bool) -> OrderTold:  # noqa: ANN401 - as above.
    """Return an order of another account or client: who has it, and whether it lives.

    Nothing else of it counts for us, and any of it may be what we have no words for.
    """
    lives = not is_over and state.status not in {FILLED, INACTIVE, *CANCELLED}
    ended = FILLED if state.status == FILLED else "Cancelled"
    return OrderTold(
        perm_id=order.permId,
        number=0 if is_over else order.orderId,
        client_id=STRANGER if is_over else order.clientId,
        account=order.account,
        reference=order.orderRef,
        symbol=Symbol(contract.symbol),
        side=Side.BUY if order.action == "BUY" else Side.SELL,
        quantity=0,
        status="Submitted" if lives else ended,
    )


def execution(contract: Any, told: Any) -> ExecutionTold:  # noqa: ANN401 - as above.
    """Return an execution, its commission to come.

    Raises:
        ValueError: it cannot be told exactly.
    """
    return ExecutionTold(
        perm_id=told.permId,
        client_id=told.clientId,
        account=told.acctNumber,
        reference=told.orderRef,
        symbol=symbol_of(contract),
        side=SIDES[told.side],
        fill=Fill(
            execution_id=told.execId,
            quantity=whole(told.shares),
            price=exact(told.price),
            at=told.time,
        ),
        number=told.orderId,
    )


def holding(contract: Any, quantity: float) -> HoldingTold:  # noqa: ANN401 - as above.
    """Return a holding, of a fraction the whole shares: nothing else can be sold.

    Raises:
        UnknownSymbol: its ticker is none that we could write.
        ValueError: the quantity is no number.
    """
    return HoldingTold(symbol=symbol_of(contract), quantity=trunc(quantity))


def is_stock(contract: Any) -> bool:  # noqa: ANN401 - as above.
    """Whether a contract is a stock in dollars: nothing else is ours to trade."""
    return bool(contract.secType == "STK" and contract.currency == "USD")


def symbol_of(contract: Any) -> Symbol:  # noqa: ANN401 - as above.
    """Return a stock's ticker in our form.

    Raises:
        ValueError: it is no ticker that we could write.
    """
    return parse_symbol(contract.symbol)


def whole(number: float) -> int:
    """Return a number of shares.

    Raises:
        ValueError: it is not whole.
    """
    if number != int(number):
        raise ValueError(f"{number} shares; expected whole ones")
    return int(number)


def exact(number: float | str) -> Decimal:
    """Return a number by its digits."""
    return Decimal(str(number))


def commission(number: float) -> Decimal | None:
    """Return what an execution cost, USD; None where it is not told."""
    return exact(number) if abs(number) < UNSET else None


def instant(text: str) -> datetime:
    """Return a time as the gateway writes it: `20231122 10:30:00 US/Eastern`.

    With a dash (`20231122-15:30:00`) it is UTC; without that or a zone it is New York's.

    Raises:
        ValueError: it is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time like 20231122 10:30:00 US/Eastern")
    day, between, clock, zone = found.groups()
    told = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 - its zone follows.
    unsaid = UTC if between == "-" else NEW_YORK
    return told.replace(tzinfo=ZoneInfo(zone) if zone else unsaid).astimezone(UTC)


def new_york_day(at: datetime) -> date:
    """Return the day in New York at an instant."""
    return at.astimezone(NEW_YORK).date()
