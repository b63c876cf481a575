"""What the message about an order that waits for a human says, from the question to the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.orders import OrderStatus, OrderType
from alpha_oracle.domain.trading_records import ApprovalStatus

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.trading_pages import OrderFile
    from alpha_oracle.domain.trading_records import Approval

MOST_WORDS: Final = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a message shows. `is_open`: more may come; `asks`: it still wants a decision."""

    text: str
    asks: bool
    is_open: bool


def face_of(found: OrderFile, approval: Approval, *, now: datetime) -> Face:
    """Return what the message about an order is to show now."""
    order = found.order
    waits = order.status is OrderStatus.AWAITING_APPROVAL
    asks = waits and approval.status is ApprovalStatus.WAITING and now < approval.expires_at
    where = _where_it_stands(order, approval, asks=asks)
    text = "\n".join((*_question(order, approval), *where))
    return Face(text=text, asks=asks, is_open=not order.is_final)


def headline(order: Order) -> str:
    """Return an order in a few words."""
    return f"{order.side.value} {order.quantity:,} {order.symbol}"


def moment(instant: datetime) -> str:
    """Return an instant as people at the exchange and elsewhere read it."""
    there = instant.astimezone(NEW_YORK)
    return f"{there:%Y-%m-%d %H:%M} New York ({utc_text(instant)[11:16]} UTC)"


def _question(order: Order, approval: Approval) -> tuple[str, ...]:
    where = f"account {order.account}{', simulated' if order.simulated else ''}"
    return (
        f"Approval: {headline(order)}",
        f"{_how(order)}; {order.purpose.value} of {order.strategy}, {where}",
        _worth(order, approval.price),
        f"Why it asks: {approval.reason[:MOST_WORDS]}",
        f"Expires: {moment(approval.expires_at)}",
        f"Order {order.order_id}",
    )


def _how(order: Order) -> str:
    if order.order_type is OrderType.LIMIT:
        return f"limit {_usd(order.limit_price)}"
    return "at the market" if order.order_type is OrderType.MARKET else "in slices over time (TWAP)"


def _worth(order: Order, price: Decimal | None) -> str:
    if price is None:
        return "Price: unknown"
    return f"Price: {_usd(price)}, {_usd(price * order.quantity)} in all"


def _where_it_stands(order: Order, approval: Approval, *, asks: bool) -> tuple[str, ...]:
    return () if asks else ("", _decision(approval), _outcome(order, approval))


def _decision(approval: Approval) -> str:
    at = "" if approval.decided_at is None else f", {moment(approval.decided_at)}"
    if approval.status is ApprovalStatus.APPROVED:
        return f"APPROVED by {approval.decided_by}{at}"
    if approval.status is ApprovalStatus.REJECTED:
        return f"REJECTED by {approval.decided_by}{at}"
    return "EXPIRED without a decision"


def _outcome(order: Order, approval: Approval) -> str:
    if order.status is OrderStatus.AWAITING_APPROVAL:
        is_approved = approval.status is ApprovalStatus.APPROVED
        return "Not sent yet: every check runs again first" if is_approved else "It is not sent"
    price = order.average_price
    filled = "" if price is None else f", {order.filled_quantity:,} filled at {_usd(price)}"
    told = [event for event in order.history if event.reason]
    ended = told[-1] if told and order.is_final else None
    by = "" if ended is None or ended.refused_by is None else f" by {ended.refused_by.value}"
    reason = "" if ended is None else f": {ended.reason[:MOST_WORDS]}"
    return f"Order {order.status.value}{by}{filled}{reason}"


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:,.2f} USD"
