"""What is on record of trading as JSON values, and as rows a person reads."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from alpha_oracle.domain.execution_quality import MEASURES, PERCENTILES
from alpha_oracle.domain.instants import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alpha_oracle.bootstrap.operating import SwitchPosition
    from alpha_oracle.domain.execution_quality import QualitySummary
    from alpha_oracle.domain.orders import Order, OrderEvent
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.trading_pages import (
        InboxEntry,
        MalformedRecord,
        OrderFile,
        SignalFile,
        TradedFill,
    )
    from alpha_oracle.domain.trading_records import (
        Approval,
        CascadeRun,
        DayTradeDecision,
        OrderQuality,
        SignalOutcome,
    )


def inbox_document(entry: InboxEntry) -> dict[str, Any]:
    """Return a signal that came in, with what became of it; null: it still waits."""
    signal, outcome = entry.signal, entry.outcome
    hold, statistics = signal.hold, signal.statistics
    return {
        "id": signal.signal_id,
        "account": entry.account,
        "session": signal.session.isoformat(),
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "direction": signal.direction.value,
        "strength": signal.strength,
        "timestamp": utc_text(signal.decided_at),
        "expires_at": utc_text(signal.expires_at),
        "min_hold_days": None if hold is None else hold.min_days,
        "max_hold_days": None if hold is None else hold.max_days,
        "reference_price": number(signal.reference_price),
        "win_rate": None if statistics is None else number(statistics.win_rate),
        "avg_win_loss_ratio": None if statistics is None else number(statistics.avg_win_loss_ratio),
        "received_at": utc_text(entry.received_at),
        "outcome": outcome and outcome_document(outcome),
    }


def inbox_row(entry: InboxEntry) -> dict[str, object]:
    """Return a signal that came in as a row."""
    signal, outcome = entry.signal, entry.outcome
    return {
        "received": utc_text(entry.received_at),
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "direction": signal.direction.value,
        "outcome": "waits" if outcome is None else outcome.kind.value,
        "reason": "" if outcome is None else outcome.reason,
        "id": signal.signal_id,
    }


def outcome_document(outcome: SignalOutcome) -> dict[str, Any]:
    """Return what became of a signal."""
    return {
        "kind": outcome.kind.value,
        "at": utc_text(outcome.at),
        "reason": outcome.reason,
        "order_id": outcome.order_id,
    }


def signal_document(found: SignalFile) -> dict[str, Any]:
    """Return a signal that came in, with each check's verdict."""
    return inbox_document(found.entry) | {"checks": check_documents(found.cascade_runs)}


def malformed_document(record: MalformedRecord) -> dict[str, Any]:
    """Return a document that is no signal."""
    return {
        "source": record.malformed.source,
        "problem": record.malformed.problem,
        "document": record.malformed.text,
        "times": record.times,
        "first_at": utc_text(record.first_at),
        "last_at": utc_text(record.last_at),
    }


def order_document(order: Order) -> dict[str, Any]:
    """Return an order, without its transitions."""
    return {
        "order_id": order.order_id,
        "account": order.account,
        "session": order.session.isoformat(),
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": order.quantity,
        "order_type": order.order_type.value,
        "limit_price": number(order.limit_price),
        "purpose": order.purpose.value,
        "strategy": order.strategy,
        "signal_id": order.signal_id,
        "status": order.status.value,
        "filled_quantity": order.filled_quantity,
        "average_price": number(order.average_price),
        "reference_price": number(order.reference_price),
        "arrival_price": number(order.arrival_price),
        "simulated": order.simulated,
        "created_at": utc_text(order.created_at),
        "parent_id": order.parent_id,
        "reason": _reason(order),
    }


def order_row(order: Order) -> dict[str, object]:
    """Return an order as a row."""
    price = order.average_price
    return {
        "order": order.order_id[:8],
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": order.quantity,
        "type": order.order_type.value,
        "strategy": order.strategy,
        "status": order.status.value,
        "filled": order.filled_quantity,
        "price": None if price is None else float(price),
        "at": utc_text(order.created_at),
        "reason": _reason(order),
    }


def file_document(found: OrderFile) -> dict[str, Any]:
    """Return an order with its transitions, each check's verdict, its slices and its quality."""
    quality, approval = found.quality, found.approval
    return order_document(found.order) | {
        "transitions": [event_document(event) for event in found.order.history],
        "checks": check_documents(found.cascade_runs),
        "slices": [order_document(one) for one in found.slices],
        "approval": approval and approval_document(approval),
        "quality": quality and quality_document(quality),
    }


def event_document(event: OrderEvent) -> dict[str, Any]:
    """Return something that happened to an order."""
    fill = event.fill
    return {
        "event": event.event_id,
        "status": event.status.value,
        "at": utc_text(event.at),
        "reason": event.reason,
        "refused_by": event.refused_by and event.refused_by.value,
        "fill_quantity": None if fill is None else fill.quantity,
        "fill_price": None if fill is None else number(fill.price),
    }


def check_documents(runs: Iterable[CascadeRun]) -> list[dict[str, Any]]:
    """Return the verdicts of runs of the cascade, in their order."""
    return [
        {
            "stage": run.stage.value,
            "at": utc_text(run.at),
            "check": verdict.check,
            "action": verdict.action.value,
            "reason": verdict.reason,
            "measured": number(verdict.measured),
            "bound": number(verdict.bound),
            "missing": list(verdict.missing),
        }
        for run in runs
        for verdict in run.verdicts
    ]


def fill_document(traded: TradedFill) -> dict[str, Any]:
    """Return an execution."""
    fill = traded.fill
    return {
        "account": traded.account,
        "order_id": traded.order_id,
        "execution_id": fill.execution_id,
        "symbol": traded.symbol,
        "side": traded.side.value,
        "strategy": traded.strategy,
        "quantity": fill.quantity,
        "price": number(fill.price),
        "commission": number(fill.commission),
        "at": utc_text(fill.at),
        "simulated": traded.simulated,
    }


def position_documents(account: str, lots: Sequence[Lot]) -> list[dict[str, Any]]:
    """Return positions by symbol: the sum of its lots, and each of them."""
    symbols = sorted({lot.symbol for lot in lots})
    return [
        _position(account, symbol, [lot for lot in lots if lot.symbol == symbol])
        for symbol in symbols
    ]


def position_rows(lots: Sequence[Lot]) -> list[dict[str, object]]:
    """Return lots as rows."""
    return [
        {
            "symbol": lot.symbol,
            "strategy": lot.strategy,
            "quantity": lot.quantity,
            "opened": lot.opened,
            "cost_usd": float(lot.cost_basis_usd),
            "max_days": None if lot.hold is None else lot.hold.max_days,
            "wants_out": lot.wants_out,
        }
        for lot in lots
    ]


def approval_document(approval: Approval) -> dict[str, Any]:
    """Return an order's wait for a human, and what was said."""
    return {
        "order_id": approval.order_id,
        "status": approval.status.value,
        "requested_at": utc_text(approval.requested_at),
        "expires_at": utc_text(approval.expires_at),
        "price": number(approval.price),
        "reason": approval.reason,
        "decided_by": approval.decided_by,
    }


def quality_document(quality: OrderQuality) -> dict[str, Any]:
    """Return how well an order was executed; above 0 is worse for us."""
    return {
        "order_id": quality.order_id,
        "symbol": quality.symbol,
        "order_type": quality.order_type,
        "at": utc_text(quality.at),
        "filled_quantity": quality.filled_quantity,
        "average_price": number(quality.average_price),
        "slippage_bps": number(quality.slippage_bps),
        "effective_spread_bps": number(quality.effective_spread_bps),
        "shortfall_usd": number(quality.shortfall_usd),
        "acceptance_seconds": quality.acceptance_seconds,
        "fill_seconds": quality.fill_seconds,
    }


def summary_document(summary: QualitySummary) -> dict[str, Any]:
    """Return how well the orders of a type were executed, as percentiles."""
    return {"order_type": summary.order_type, "orders": summary.orders} | {
        name: {
            f"p{percent}": summary.measured.get(name, {}).get(percent) for percent in PERCENTILES
        }
        for name in MEASURES
    }


def day_trade_document(decision: DayTradeDecision) -> dict[str, Any]:
    """Return what the day-trade guard said of an order, and what it looked at."""
    return {
        "order_id": decision.order_id,
        "symbol": decision.symbol,
        "session": decision.session.isoformat(),
        "at": utc_text(decision.at),
        "action": decision.action.value,
        "reason": decision.reason,
        "inputs": {
            name: number(value) if isinstance(value, Decimal) else value
            for name, value in decision.inputs.items()
        },
    }


def switch_document(position: SwitchPosition) -> dict[str, Any]:
    """Return where the kill switch stands."""
    record, reading = position.record, position.reading
    return {
        "active": reading.is_active,
        "database": reading.database,
        "mirror": reading.mirror,
        "by": record.changed_by,
        "reason": record.reason,
        "activated_at": record.activated_at and record.activated_at.isoformat(),
        "cooling_down_minutes": position.remaining_minutes,
    }


def number(value: Decimal | None) -> float | None:
    """Return an exact figure as a JSON number; JSON has none for what is no number."""
    return None if value is None or not value.is_finite() else float(value)


def _position(account: str, symbol: str, lots: Sequence[Lot]) -> dict[str, Any]:
    return {
        "account": account,
        "symbol": symbol,
        "quantity": sum(lot.quantity for lot in lots),
        "cost_basis_usd": number(sum((lot.cost_basis_usd for lot in lots), Decimal(0))),
        "lots": [
            {
                "strategy": lot.strategy,
                "quantity": lot.quantity,
                "opened": lot.opened.isoformat(),
                "cost_basis_usd": number(lot.cost_basis_usd),
                "min_hold_days": None if lot.hold is None else lot.hold.min_days,
                "max_hold_days": None if lot.hold is None else lot.hold.max_days,
                "wants_out": lot.wants_out,
            }
            for lot in lots
        ],
    }


def _reason(order: Order) -> str:
    told = [event.reason for event in order.history if event.reason]
    return told[-1] if told else ""
