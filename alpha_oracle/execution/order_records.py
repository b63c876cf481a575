"""What goes on record beside an order: what was said of it, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType
from alpha_oracle.domain.trading_events import ApprovalRequired, OrderSubmitted, OrderSummary
from alpha_oracle.domain.trading_records import (
    Approval,
    CascadeRun,
    DayTradeDecision,
    SignalOutcome,
    SignalOutcomeKind,
)
from alpha_oracle.risk.pdt_guard import NAME as DAY_TRADE_GUARD

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import CheckStage
    from alpha_oracle.execution.ledger import Evidence
    from alpha_oracle.risk.cascade import Clearance


def cascade_run(
    order: Order, clearance: Clearance, stage: CheckStage, *, at: datetime
) -> CascadeRun:
    """Return the record of what the cascade said of an order."""
    return CascadeRun(
        stage=stage,
        at=at,
        action=clearance.action,
        verdicts=clearance.verdicts,
        order_id=order.order_id,
        signal_id=order.signal_id,
    )


def guard_decisions(
    order: Order, clearance: Clearance, *, at: datetime
) -> tuple[DayTradeDecision, ...]:
    """Return what the day-trade guard said, if it was asked."""
    return tuple(
        DayTradeDecision(
            order_id=order.order_id,
            symbol=order.symbol,
            session=order.session,
            at=at,
            action=verdict.action,
            reason=verdict.reason,
            inputs=verdict.inputs,
        )
        for verdict in clearance.verdicts
        if verdict.check == DAY_TRADE_GUARD
    )


def evidence(order: Order, clearance: Clearance, stage: CheckStage, *, at: datetime) -> Evidence:
    """Return what the cascade and its guard said of an order, for a change to take along."""
    return {
        "cascade_runs": (cascade_run(order, clearance, stage, at=at),),
        "day_trade_decisions": guard_decisions(order, clearance, at=at),
    }


def opening_events(order: Order, *, at: datetime) -> tuple[OrderEvent, ...]:
    """Return what follows at once when an order may go: a TWAP's slices are then due."""
    if order.order_type is not OrderType.TWAP:
        return ()
    reason = "worked in slices"
    return (OrderEvent(event_id="submitted", status=OrderStatus.SUBMITTED, at=at, reason=reason),)


def outcomes_of(order: Order, signal: ReceivedSignal | None) -> tuple[SignalOutcome, ...]:
    """Return what became of the signal that asked for an order, if one did."""
    if signal is None:
        return ()
    return (
        SignalOutcome(
            signal_id=signal.signal_id,
            kind=SignalOutcomeKind.ORDERED,
            at=order.created_at,
            order_id=order.order_id,
        ),
    )


def approval_of(order: Order, clearance: Clearance, *, expires_at: datetime) -> Approval:
    """Return what a human is asked about an order."""
    return Approval(
        order_id=order.order_id,
        requested_at=order.created_at,
        expires_at=expires_at,
        price=order.arrival_price or order.limit_price,
        reason=clearance.reason,
        checks=tuple(sorted(clearance.asking)),
    )


def placement_told(
    order: Order, clearance: Clearance
) -> tuple[ApprovalRequired | OrderSubmitted, ...]:
    """Return what others are told of an order that is placed, and is not sent yet."""
    at = order.created_at
    if order.status is OrderStatus.AWAITING_APPROVAL:
        summary = OrderSummary.of(order)
        return (ApprovalRequired(order=summary, reason=clearance.reason, at=at),)
    if order.order_type is OrderType.TWAP:
        return (OrderSubmitted(order=OrderSummary.of(order), at=at),)
    return ()
