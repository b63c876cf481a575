"""Changes of trading as one text of statements and their values."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from alpha_oracle.adapters.postgres import trading_json
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.trading_statements import IN_ROWS
from alpha_oracle.domain.trading_events import encode_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alpha_oracle.domain.margin import MarginDeficit
    from alpha_oracle.domain.orders import Fill, Hold, Order, OrderEvent
    from alpha_oracle.domain.portfolio import AccountState, AppliedAction, Lot
    from alpha_oracle.domain.trading_records import (
        Approval,
        CascadeRun,
        Change,
        DayTradeDecision,
        OrderQuality,
        SignalOutcome,
    )

Step: TypeAlias = tuple[str, tuple[object, ...]]
"""A prepared statement's name and the values it is executed with."""

Script: TypeAlias = tuple[str, list[object]]
"""A text with a mark for each value."""


def steps_of(change: Change, *, sends: bool, epoch: int | None) -> list[Step]:
    """Return the steps that commit a change; `epoch` is the worker's turn, None without one."""
    begin = (change.change_id, change.account, change.at, epoch, sends)
    steps = chain(
        [("ao_begin", begin)],
        _decisions(change),
        _orders(change),
        _book(change),
        _announcements(change),
    )
    return list(steps)


def script_of_changes(changes: Sequence[Sequence[Step]]) -> Script:
    """Return the script that commits changes, the steps of each given, in their order.

    Where no step needs another change's to be done before it, rows of one table go there together.
    """
    steps = list(chain.from_iterable(changes))
    if len(changes) > 1 and _may_go_by_table(steps):
        return _script_by_table(steps)
    return script_of_steps(steps)


def _may_go_by_table(steps: Sequence[Step]) -> bool:
    accounts = {values[1] for name, values in steps if name == "ao_begin"}
    return len(accounts) == 1 and {name for name, _ in steps} <= IN_ROWS.keys()


def _script_by_table(steps: Sequence[Step]) -> Script:
    rows: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for name, given in steps:
        rows[name].append(given)
    begins = rows.pop("ao_begin")
    # One look at the worker's turn, and at the switch if any of them sends, is one for all.
    is_sending = any(sends for *_, sends in begins)
    begun, values = script_of_steps([("ao_begin", (*begins[0][:-1], is_sending))])
    rows["ao_begin"] = [begin[:3] for begin in begins[1:]]
    parts = [begun]
    for name, statement in IN_ROWS.items():
        if rows[name]:
            parts.append(_with_rows(statement, len(rows[name]), len(rows[name][0])))
            values.extend(chain.from_iterable(rows[name]))
    return "; ".join(parts), values


@cache
def _with_rows(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join(['%s'] * columns)})"
    return statement.format(rows=", ".join([row] * rows))


def script_of_steps(steps: Iterable[Step]) -> Script:
    """Return the script that executes prepared statements, one after the other."""
    parts, values = [], list[object]()
    for name, given in steps:
        parts.append(_executed(name, len(given)))
        values.extend(given)
    return "; ".join(parts), values


@cache
def _executed(name: str, count: int) -> str:
    return f"EXECUTE {name} ({', '.join(['%s'] * count)})"


def _decisions(change: Change) -> Iterator[Step]:
    # Orders come first: what names one refers to it.
    for order in change.orders:
        yield "ao_order", order_values(order)
    for outcome in change.outcomes:
        yield "ao_outcome", _outcome_values(change.account, outcome)
    for run in change.cascade_runs:
        yield "ao_cascade", _cascade_values(change.account, run)
    for decision in change.day_trade_decisions:
        yield "ao_day_trade", _day_trade_values(change.account, decision)
    for approval in change.approvals:
        yield "ao_approval", _approval_values(approval)


def _orders(change: Change) -> Iterator[Step]:
    for order in change.orders:
        for event in order.history:
            yield _event(order.order_id, event)
    for order_id, event in change.events:
        yield _event(order_id, event)
    for order_id, fill in change.commissions:
        yield "ao_commission", _commission_values(order_id, fill)
    for quality in change.qualities:
        yield "ao_quality", _quality_values(quality)


def _book(change: Change) -> Iterator[Step]:
    for lot in change.lots:
        yield "ao_lot", _lot_values(lot)
    if change.state is not None:
        yield "ao_state", _state_values(change.state)
    for deficit in change.deficits:
        yield "ao_deficit", _deficit_values(change.account, deficit)
    for applied in change.applied:
        yield "ao_applied", _applied_values(change.account, applied)
    for doubt in change.accepted:
        yield "ao_accepted", (change.account, str(doubt.kind), storable(doubt.name), change.at)
    for answer in change.answers:
        yield "ao_answer", (answer.request_id, change.at, storable(answer.answer))


def _announcements(change: Change) -> Iterator[Step]:
    for place, event in enumerate(change.announcements):
        message_id = f"{change.change_id}:{place}"
        yield "ao_announce", (event.channel, message_id, encode_event(event), change.at)


def order_values(order: Order) -> tuple[object, ...]:
    """Return an order as a row of its table, but for its history."""
    return (
        *(order.order_id, order.account, order.symbol, str(order.side), order.quantity),
        *(str(order.order_type), str(order.purpose), order.strategy, order.session),
        *(order.created_at, str(order.status), order.simulated, order.signal_id),
        *(order.limit_price, order.reference_price, order.arrival_price),
        *(order.parent_id, order.slice_number, *_hold_values(order.hold)),
    )


def _event(order_id: str, event: OrderEvent) -> Step:
    refused_by = None if event.refused_by is None else str(event.refused_by)
    broker_order_id = None if event.broker_order_id is None else storable(event.broker_order_id)
    told = (order_id, event.event_id, str(event.status), event.at, storable(event.reason))
    fill = event.fill
    if fill is None:
        return "ao_event", (*told, refused_by, broker_order_id)
    executed = (fill.execution_id, fill.quantity, fill.price, fill.at, fill.commission)
    market = (None, None) if event.market is None else (event.market.bid, event.market.ask)
    return "ao_fill", (*told, refused_by, broker_order_id, *executed, *market)


def _commission_values(order_id: str, fill: Fill) -> tuple[object, ...]:
    return order_id, fill.execution_id, fill.quantity, fill.price, fill.at, fill.commission


def _outcome_values(account: str, outcome: SignalOutcome) -> tuple[object, ...]:
    return (
        *(account, outcome.signal_id, str(outcome.kind), outcome.at),
        *(storable(outcome.reason), outcome.order_id),
    )


def _cascade_values(account: str, run: CascadeRun) -> tuple[object, ...]:
    return (
        *(account, str(run.stage), run.at, str(run.action)),
        *(trading_json.encode_verdicts(run.verdicts), run.order_id, run.signal_id),
    )


def _day_trade_values(account: str, decision: DayTradeDecision) -> tuple[object, ...]:
    return (
        *(account, decision.order_id, decision.symbol, decision.session, decision.at),
        *(str(decision.action), storable(decision.reason)),
        trading_json.encode_measures(decision.inputs),
    )


def _approval_values(approval: Approval) -> tuple[object, ...]:
    return (
        *(approval.order_id, approval.requested_at, approval.expires_at, approval.price),
        *(storable(approval.reason), list(approval.checks), str(approval.status)),
        *(approval.decided_at, storable(approval.decided_by)),
    )


def _quality_values(quality: OrderQuality) -> tuple[object, ...]:
    return (
        *(quality.order_id, quality.symbol, quality.order_type, quality.at),
        *(quality.filled_quantity, quality.average_price, quality.slippage_bps),
        *(quality.effective_spread_bps, quality.shortfall_usd),
        *(quality.acceptance_seconds, quality.fill_seconds),
    )


def _lot_values(lot: Lot) -> tuple[object, ...]:
    return (
        *(lot.account, lot.strategy, lot.symbol, lot.quantity, lot.opened, lot.last_traded),
        *(lot.bought, lot.paid_usd, lot.received_usd, lot.wants_out, *_hold_values(lot.hold)),
    )


def _state_values(state: AccountState) -> tuple[object, ...]:
    return (
        *(state.account, state.cash_usd, state.peak_equity_usd),
        *(state.previous_close_equity_usd, state.maintenance_margin_usd, state.at),
        state.accepted_on,
    )


def _applied_values(account: str, applied: AppliedAction) -> tuple[object, ...]:
    action = applied.action
    return (
        *(account, action.symbol, action.ex_date, str(action.kind), action.value),
        *(applied.shares_before, applied.shares_after, applied.cash_usd, applied.at),
    )


def _deficit_values(account: str, deficit: MarginDeficit) -> tuple[object, ...]:
    return (
        *(account, deficit.session, deficit.usd, deficit.equity_usd, deficit.level_usd),
        deficit.met_on,
    )


def _hold_values(hold: Hold | None) -> tuple[int | None, int | None]:
    return (None, None) if hold is None else (hold.min_days, hold.max_days)
