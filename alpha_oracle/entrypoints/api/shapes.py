"""What answers look like, for the description of the API.

Documents are made as the command line makes them, in `trading_documents` and `research_documents`;
nothing is converted on its way out. Tests hold every answer to its shape.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from alpha_oracle.domain.orders import OrderPurpose, OrderStatus, OrderType, RefusedBy, Side
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.domain.signals import Direction
from alpha_oracle.domain.trading_records import ApprovalStatus, CheckStage, SignalOutcomeKind

Item = TypeVar("Item")


class Shape(BaseModel):
    """Fields that are always there, and no others."""

    model_config = ConfigDict(extra="forbid")


class Page(Shape, Generic[Item]):
    """Rows, newest first; `next` goes into `after` for those that follow, null: there are none."""

    items: list[Item]
    next: str | None


class Health(Shape):
    """This process answers."""

    status: str


class KillSwitch(Shape):
    """Where the kill switch stands; `database` and `mirror` null: that store cannot be read."""

    active: bool
    database: bool | None
    mirror: bool | None
    by: str
    reason: str
    activated_at: datetime | None
    cooling_down_minutes: int


class Approval(Shape):
    """An order's wait for a human; `price` in USD."""

    order_id: str
    status: ApprovalStatus
    requested_at: datetime
    expires_at: datetime
    price: float | None
    reason: str
    decided_by: str


class Heartbeat(Shape):
    """Who is there, and since when."""

    by: str
    at: datetime


class Outcome(Shape):
    """What became of a signal: `ordered` names its order, the others say why there is none."""

    kind: SignalOutcomeKind
    at: datetime
    reason: str
    order_id: str | None


class InboxEntry(Shape):
    """A signal that came in, from whomever; `outcome` null: it still waits."""

    id: str
    account: str
    session: date
    strategy: str
    symbol: str
    direction: Direction
    strength: float
    timestamp: datetime
    expires_at: datetime
    min_hold_days: int | None
    max_hold_days: int | None
    reference_price: float | None
    win_rate: float | None
    avg_win_loss_ratio: float | None
    received_at: datetime
    outcome: Outcome | None


class MalformedSignal(Shape):
    """A document that is no signal, and how often it came."""

    source: str
    problem: str
    document: str
    times: int
    first_at: datetime
    last_at: datetime


class Order(Shape):
    """An order; prices in USD, quantities in shares."""

    order_id: str
    account: str
    session: date
    symbol: str
    side: Side
    quantity: int
    order_type: OrderType
    limit_price: float | None
    purpose: OrderPurpose
    strategy: str
    signal_id: str | None
    status: OrderStatus
    filled_quantity: int
    average_price: float | None
    reference_price: float | None
    arrival_price: float | None
    simulated: bool
    created_at: datetime
    parent_id: str | None
    reason: str


class Transition(Shape):
    """Something that happened to an order."""

    event: str
    status: OrderStatus
    at: datetime
    reason: str
    refused_by: RefusedBy | None
    fill_quantity: int | None
    fill_price: float | None


class Check(Shape):
    """A check's verdict, with what it measured against which bound."""

    stage: CheckStage
    at: datetime
    check: str
    action: RiskAction
    reason: str
    measured: float | None
    bound: float | None
    missing: list[str]


class Quality(Shape):
    """How well an order was executed; above 0 is worse for us.

    Slippage is against the mid at submission, the effective spread twice the distance to the mid at
    the fill, the shortfall against the signal's reference price with commissions in it.
    """

    order_id: str
    symbol: str
    order_type: str
    at: datetime
    filled_quantity: int
    average_price: float | None
    slippage_bps: float | None
    effective_spread_bps: float | None
    shortfall_usd: float | None
    acceptance_seconds: float | None
    fill_seconds: float | None


class SignalFile(InboxEntry):
    """A signal that came in, with each check's verdict."""

    checks: list[Check]


class OrderFile(Order):
    """An order with its transitions and each check's verdict, its slices and its quality."""

    transitions: list[Transition]
    checks: list[Check]
    slices: list[Order]
    approval: Approval | None
    quality: Quality | None


class Fill(Shape):
    """An execution; `commission` null: not told yet."""

    account: str
    order_id: str
    execution_id: str
    symbol: str
    side: Side
    strategy: str
    quantity: int
    price: float
    commission: float | None
    at: datetime
    simulated: bool


class Percentiles(Shape):
    """What so many percent of orders stayed at or below; null: nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


class QualitySummary(Shape):
    """How well the orders of a type were executed."""

    order_type: str
    orders: int
    slippage_bps: Percentiles
    effective_spread_bps: Percentiles
    shortfall_usd: Percentiles
    acceptance_seconds: Percentiles
    fill_seconds: Percentiles


class Qualities(Page[Quality]):
    """Orders, and percentiles over all that the filters let pass, by type of order."""

    summaries: list[QualitySummary]


class PositionLot(Shape):
    """What a strategy holds of a position; `hold` in sessions."""

    strategy: str
    quantity: int
    opened: date
    cost_basis_usd: float
    min_hold_days: int | None
    max_hold_days: int | None
    wants_out: bool


class Position(Shape):
    """What is held of a symbol."""

    account: str
    symbol: str
    quantity: int
    cost_basis_usd: float
    lots: list[PositionLot]


class Portfolio(Shape):
    """What an account is worth; null where something held has no quote, or was never measured."""

    account: str
    cash_usd: float
    holdings_usd: float | None
    equity_usd: float | None
    peak_equity_usd: float | None
    previous_close_equity_usd: float | None
    positions: int
    unpriced: list[str]
    at: datetime


class DayTradeCount(Shape):
    """What the guard counts of an account in its window of sessions."""

    account: str
    window: list[date]
    counted: int
    pairwise: int
    direction_changes: int


class DayTradeVerdict(Shape):
    """What the guard said of an order, and what it looked at."""

    order_id: str
    symbol: str
    session: date
    at: datetime
    action: RiskAction
    reason: str
    inputs: dict[str, Any]


class DayTrades(Page[DayTradeVerdict]):
    """The counts of each account, and the guard's decisions."""

    counts: list[DayTradeCount]


class Reading(Shape):
    """A breaker or limit; `measured` null: unknown, which counts as breached."""

    name: str
    measured: float | None
    bound: float
    breached: bool
    reason: str


class Measurement(BaseModel):
    """What a worker measured last of an account, `age_seconds` ago."""

    account: str
    at: datetime
    session: date
    mode: str
    link: str | None
    breakers: list[Reading]
    limits: list[Reading]
    age_seconds: float | None


class RiskStatus(Shape):
    """The kill switch, and every breaker and limit of each account."""

    kill_switch: KillSwitch
    accounts: list[Measurement]
