"""Rows of the trading tables as the nouns they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alpha_oracle.adapters.postgres import trading_json
from alpha_oracle.domain.margin import MarginDeficit
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import (
    BestPrices,
    Fill,
    Hold,
    Order,
    OrderEvent,
    OrderPurpose,
    OrderStatus,
    OrderType,
    RefusedBy,
    Side,
)
from alpha_oracle.domain.portfolio import AccountState, Lot
from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.domain.signals import Direction
from alpha_oracle.domain.trading_records import (
    Approval,
    ApprovalStatus,
    CascadeRun,
    CheckStage,
    DayTradeDecision,
    OperatorRequest,
    OperatorRequestKind,
    OrderQuality,
    SignalOutcome,
    SignalOutcomeKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row


def to_order(row: Row[Any], history: Iterable[OrderEvent]) -> Order:
    """Return an order with what happened to it."""
    return Order(
        order_id=row.order_id,
        account=row.account,
        symbol=Symbol(row.symbol),
        side=Side(row.side),
        quantity=row.quantity,
        order_type=OrderType(row.order_type),
        purpose=OrderPurpose(row.purpose),
        strategy=row.strategy,
        session=row.session,
        created_at=row.created_at,
        status=OrderStatus(row.status),
        simulated=row.simulated,
        signal_id=row.signal_id,
        limit_price=row.limit_price,
        reference_price=row.reference_price,
        arrival_price=row.arrival_price,
        parent_id=row.parent_id,
        slice_number=row.slice_number,
        hold=_to_hold(row),
        history=tuple(history),
    )


def to_event(row: Row[Any]) -> OrderEvent:
    """Return an event of an order; `commission` is what is known by now."""
    return OrderEvent(
        event_id=row.event_id,
        status=OrderStatus(row.status),
        at=row.at,
        reason=row.reason,
        refused_by=None if row.refused_by is None else RefusedBy(row.refused_by),
        fill=None if row.execution_id is None else _to_event_fill(row),
        market=None if row.bid is None else BestPrices(bid=row.bid, ask=row.ask),
        broker_order_id=row.broker_order_id,
    )


def to_fill(row: Row[Any]) -> Fill:
    """Return an execution of the table of fills."""
    return Fill(
        execution_id=row.execution_id,
        quantity=row.quantity,
        price=row.price,
        at=row.at,
        commission=row.commission,
    )


def to_lot(row: Row[Any]) -> Lot:
    """Return a lot."""
    return Lot(
        account=row.account,
        strategy=row.strategy,
        symbol=Symbol(row.symbol),
        quantity=row.quantity,
        opened=row.opened,
        last_traded=row.last_traded,
        bought=row.bought,
        paid_usd=row.paid_usd,
        received_usd=row.received_usd,
        wants_out=row.wants_out,
        hold=_to_hold(row),
    )


def to_state(row: Row[Any]) -> AccountState:
    """Return an account's money."""
    return AccountState(**row._mapping)  # noqa: SLF001 - public, in spite of its name.


def to_deficit(row: Row[Any]) -> MarginDeficit:
    """Return an intraday margin deficit."""
    return MarginDeficit(**row._mapping)  # noqa: SLF001 - public, in spite of its name.


def to_signal(row: Row[Any]) -> ReceivedSignal:
    """Return a signal of the inbox."""
    statistics = None
    if row.win_rate is not None:
        statistics = WinStatistics(win_rate=row.win_rate, avg_win_loss_ratio=row.avg_win_loss_ratio)
    return ReceivedSignal(
        signal_id=row.signal_id,
        session=row.session,
        strategy=row.strategy,
        symbol=Symbol(row.symbol),
        direction=Direction(row.direction),
        strength=row.strength,
        decided_at=row.decided_at,
        expires_at=row.expires_at,
        hold=_to_hold(row),
        reference_price=row.reference_price,
        statistics=statistics,
    )


def to_outcome(row: Row[Any]) -> SignalOutcome:
    """Return what became of a signal."""
    return SignalOutcome(
        signal_id=row.signal_id,
        kind=SignalOutcomeKind(row.kind),
        at=row.at,
        reason=row.reason,
        order_id=row.order_id,
    )


def to_approval(row: Row[Any]) -> Approval:
    """Return an order's wait for a human."""
    return Approval(
        order_id=row.order_id,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        price=row.price,
        reason=row.reason,
        checks=tuple(row.checks),
        status=ApprovalStatus(row.status),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )


def to_cascade_run(row: Row[Any]) -> CascadeRun:
    """Return a run of the cascade; its verdicts are read as text."""
    return CascadeRun(
        stage=CheckStage(row.stage),
        at=row.at,
        action=RiskAction(row.action),
        verdicts=trading_json.decode_verdicts(row.verdicts),
        order_id=row.order_id,
        signal_id=row.signal_id,
    )


def to_day_trade_decision(row: Row[Any]) -> DayTradeDecision:
    """Return what the day-trade guard said; its inputs are read as text."""
    return DayTradeDecision(
        order_id=row.order_id,
        symbol=Symbol(row.symbol),
        session=row.session,
        at=row.at,
        action=RiskAction(row.action),
        reason=row.reason,
        inputs=trading_json.decode_measures(row.inputs),
    )


def to_quality(row: Row[Any]) -> OrderQuality:
    """Return how well an order was executed."""
    return OrderQuality(
        order_id=row.order_id,
        symbol=Symbol(row.symbol),
        order_type=row.order_type,
        at=row.at,
        filled_quantity=row.filled_quantity,
        average_price=row.average_price,
        slippage_bps=row.slippage_bps,
        effective_spread_bps=row.effective_spread_bps,
        shortfall_usd=row.shortfall_usd,
        acceptance_seconds=row.acceptance_seconds,
        fill_seconds=row.fill_seconds,
    )


def to_request(row: Row[Any]) -> OperatorRequest:
    """Return what an operator asked."""
    return OperatorRequest(
        request_id=row.request_id,
        account=row.account,
        kind=OperatorRequestKind(row.kind),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        amount_usd=row.amount_usd,
        answered_at=row.answered_at,
        answer=row.answer,
    )


def _to_event_fill(row: Row[Any]) -> Fill:
    return Fill(
        execution_id=row.execution_id,
        quantity=row.fill_quantity,
        price=row.fill_price,
        at=row.filled_at,
        commission=row.commission,
    )


def _to_hold(row: Row[Any]) -> Hold | None:
    if row.max_hold_days is None:
        return None
    return Hold(min_days=row.min_hold_days, max_days=row.max_hold_days)
