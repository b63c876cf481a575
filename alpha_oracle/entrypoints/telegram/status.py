"""How the installation is, in one message. A part that is away hides no other."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.entrypoints.telegram.cards import headline, moment
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from alpha_oracle.bootstrap.operator_chat import ChatServices

MOST_ROWS: Final = 20
OLD_SECONDS: Final = 60.0
"""From when on what the worker measured last says little of now."""


def status_text(services: ChatServices) -> str:
    """Return the switch, equity, positions, breakers, what waits for approval, the last run."""
    parts = (_switch, _accounts, _breakers, _waiting, _last_run)
    now = moment(services.operations.clock.now())
    return "\n".join((f"As of {now}", *(_told(part, services) for part in parts)))


def switch_line(services: ChatServices) -> str:
    """Return where the kill switch stands."""
    position = services.operations.switch_position()
    if not position.reading.is_active:
        return "Kill switch: off"
    record = position.record
    if not record.is_active:
        return f"Kill switch: counts as ACTIVE ({position.reading.explanation})"
    at = "" if record.activated_at is None else f" {moment(record.activated_at)}"
    line = f"Kill switch: ACTIVE since{at}, by {record.changed_by}: {record.reason}"
    minutes = position.remaining_minutes
    return f"{line}; no resume for another {minutes} minutes" if minutes else line


def _told(part: Callable[[ChatServices], str], services: ChatServices) -> str:
    try:
        return part(services)
    except AlphaOracleError as error:
        name = part.__name__.strip("_").replace("_", " ").capitalize()
        return f"{name}: unknown; {error}"


def _switch(services: ChatServices) -> str:
    return switch_line(services)


def _accounts(services: ChatServices) -> str:
    records = services.operations.records
    lines = [line for account in records.accounts() for line in _account(services, account)]
    return "\n".join(lines) if lines else "Account: none was traded yet"


def _account(services: ChatServices, account: str) -> tuple[str, ...]:
    money = services.overview.portfolio(account)
    if money is None:
        return ()
    equity = money["equity_usd"]
    lacking = f" (no quote of {', '.join(money['unpriced'][:MOST_ROWS])})"
    worth = f"unknown{lacking}" if equity is None else f"{equity:,.2f} USD"
    held: dict[str, int] = {}
    for lot in services.operations.records.positions(account):
        held[lot.symbol] = held.get(lot.symbol, 0) + lot.quantity
    positions = [f"{symbol} {quantity:,}" for symbol, quantity in held.items()]
    return (
        f"Account {account}: equity {worth}, cash {money['cash_usd']:,.2f} USD",
        f"Positions: {len(held)}{_listed(positions)}",
    )


def _breakers(services: ChatServices) -> str:
    now = services.operations.clock.now()
    lines = [line for one in services.measurements() for line in _measured(one, now)]
    return "\n".join(lines) if lines else "Breakers: the worker has measured nothing yet"


def _measured(board: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    readings = [one for key in ("breakers", "limits") for one in board.get(key) or ()]
    tripped = [_reading(one) for one in readings if one.get("breached")]
    age = _age_seconds(board, now)
    is_old = age is None or age > OLD_SECONDS
    when = "at an unknown time" if age is None else f"{max(age, 0.0):,.0f} s ago"
    note = "; NOT measured now: does the worker run?" if is_old else ""
    head = f"Breakers and limits of {board.get('account')}: {len(readings)} measured {when}{note}"
    return (head, *(f"TRIPPED {one}" for one in tripped)) if tripped else (f"{head}; none tripped",)


def _age_seconds(board: Mapping[str, Any], now: datetime) -> float | None:
    try:
        return (now - datetime.fromisoformat(str(board.get("at")))).total_seconds()
    except (TypeError, ValueError):
        return None


def _reading(one: Mapping[str, Any]) -> str:
    measured = one.get("measured")
    told = "unknown" if measured is None else f"{measured:g}"
    return (
        f"{one.get('name')}: {told}, bound {one.get('bound'):g}. {one.get('reason') or ''}".strip()
    )


def _waiting(services: ChatServices) -> str:
    records, now = services.operations.records, services.operations.clock.now()
    page = records.approvals(status=ApprovalStatus.WAITING, limit=MOST_ROWS + 1)
    waiting = [one for one in page.rows if one.expires_at > now]
    files = [records.order(one.order_id) for one in waiting]
    more = "more than " if len(waiting) > MOST_ROWS else ""
    count = min(len(waiting), MOST_ROWS)
    return f"Waiting for approval: {more}{count}" + _listed(
        [headline(one.order) for one in files if one is not None]
    )


def _last_run(services: ChatServices) -> str:
    run = services.runs.latest()
    if run is None:
        return "Last pipeline: none has run yet"
    why = f": {run.error}" if run.error else ""
    return f"Last pipeline: session {run.session}, {run.status.value}{why}"


def _listed(rows: Iterable[str]) -> str:
    shown = list(rows)
    if not shown:
        return ""
    more = f", and {len(shown) - MOST_ROWS} more" if len(shown) > MOST_ROWS else ""
    return f": {', '.join(shown[:MOST_ROWS])}{more}"
