"""What a gateway tells of orders, executions and holdings, out of the library's types.

Total: what cannot be told exactly raises `ValueError`, and is never rounded to what is likely.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.domain.orders import Fill, Side

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Symbol

NEW_YORK: Final = ZoneInfo("America/New_York")
UNSET: Final = 1e300
"""Numbers from here on mean that there is none (the gateway writes 1.7976931348623157E308)."""

SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL, "BOT": Side.BUY, "SLD": Side.SELL}
_TIME: Final = re.compile(r"(\d{8})[ -]+(\d\d:\d\d:\d\d)(?: (\S+))?")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTold:
    """An execution as told, by the lasting number of its order."""

    perm_id: int
    client_id: int
    account: str
    reference: str
    symbol: Symbol
    side: Side
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingTold:
    """Shares of one contract that an account holds."""

    account: str
    symbol: Symbol
    quantity: int


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
    )


def holding(account: str, contract: Any, quantity: float) -> HoldingTold:  # noqa: ANN401 - as above.
    """Return a holding.

    Raises:
        ValueError: it cannot be told exactly.
    """
    return HoldingTold(account=account, symbol=symbol_of(contract), quantity=whole(quantity))


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

    Without a zone it is New York's.

    Raises:
        ValueError: it is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time like 20231122 10:30:00 US/Eastern")
    day, clock, zone = found.groups()
    told = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 - its zone follows.
    return told.replace(tzinfo=ZoneInfo(zone) if zone else NEW_YORK).astimezone(UTC)


def new_york_day(at: datetime) -> date:
    """Return the day in New York at an instant."""
    return at.astimezone(NEW_YORK).date()
