"""What the worker puts on record: decisions, changes of the book, approvals, reconciliations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from alpha_oracle.domain.margin import MarginDeficit
from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.orders import Fill, Order, OrderEvent
from alpha_oracle.domain.portfolio import AccountState, ActionKey, AppliedAction, Lot
from alpha_oracle.domain.received_signals import ReceivedSignal
from alpha_oracle.domain.risk import Measure, RiskAction, RiskCheckResult
from alpha_oracle.domain.trading_events import TradingEvent


class SignalOutcomeKind(StrEnum):
    """What became of a signal: one of these, once."""

    ORDERED = "ordered"
    MARKED = "marked"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOutcome:
    """What became of a signal.

    ORDERED names its order, be it sent or waiting for a human. MARKED: the lot it wants out of is
    marked, to be sold when its shortest hold is over. REFUSED and EXPIRED say why there is none.
    """

    signal_id: str
    kind: SignalOutcomeKind
    at: datetime
    reason: str = ""
    order_id: str | None = None


class CheckStage(StrEnum):
    """When the cascade was asked."""

    DECISION = "decision"
    SLICE = "slice"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRun:
    """The verdicts of the cascade on an order that is, or on the one a signal would have become."""

    stage: CheckStage
    at: datetime
    action: RiskAction
    verdicts: tuple[RiskCheckResult, ...]
    order_id: str | None = None
    signal_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTradeDecision:
    """A row of `pdt_audit_log`: what the guard said of an order and what it looked at."""

    order_id: str
    symbol: Symbol
    session: Session
    at: datetime
    action: RiskAction
    reason: str
    inputs: Mapping[str, Measure]


class ApprovalStatus(StrEnum):
    """Where a wish for a human's word stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An order waiting for a human: why, until when, and at which price it was asked.

    `checks` are the names of the checks that asked.
    """

    order_id: str
    requested_at: datetime
    expires_at: datetime
    price: Decimal | None
    reason: str
    checks: tuple[str, ...]
    status: ApprovalStatus = ApprovalStatus.WAITING
    decided_at: datetime | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuality:
    """How well an order was executed; above 0 is worse for us.

    `slippage_bps` is against the arrival price, `effective_spread_bps` twice the distance to the
    mid at the fill, `shortfall_usd` against the signal's reference price with commissions in it,
    latency from decision to the broker's acceptance and to the last fill. None where a price was
    unknown.
    """

    order_id: str
    symbol: Symbol
    order_type: str
    at: datetime
    filled_quantity: int
    average_price: Decimal
    slippage_bps: Decimal | None
    effective_spread_bps: Decimal | None
    shortfall_usd: Decimal | None
    acceptance_seconds: float | None
    fill_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A symbol whose quantity differs between the book and the broker; `price` None is unknown."""

    symbol: Symbol
    book: int
    broker: int
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A look at book and broker side by side; `drift_pct` is in percent of equity, None: unknown.

    `foreign_orders` are the broker's ids of orders of other clients, reported and left alone.
    """

    account: str
    at: datetime
    occasion: str
    mismatches: tuple[Mismatch, ...]
    drift_pct: Decimal | None
    cash_difference_usd: Decimal
    foreign_orders: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()

    @property
    def is_green(self) -> bool:
        """Whether book and broker agree in every share, and every order there is known."""
        return not self.mismatches and not self.strangers


class OperatorRequestKind(StrEnum):
    """What an operator can ask of the worker, which alone changes the book."""

    RESET_PEAK = "reset_peak"
    TRANSFER = "transfer"
    ACCEPT_BROKER = "accept_broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRequest:
    """Something an operator asked of the worker, audited when it was asked.

    `request_id` is given by who asks, so that asking again is asking once. `amount_usd` is a
    transfer's: a deposit above 0, a withdrawal below.
    """

    request_id: str
    account: str
    kind: OperatorRequestKind
    asked_at: datetime
    asked_by: str
    amount_usd: Decimal | None = None
    answered_at: datetime | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAnswer:
    """What the worker did upon an operator's request."""

    request_id: str
    answer: str


class DoubtKind(StrEnum):
    """What a doubt is about."""

    ORDER = "order"
    EXECUTION = "execution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something a broker tells of our account or client id that the record cannot account for.

    `name` is the reference of an order, or an execution's id.
    """

    kind: DoubtKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything one decision or event changes, committed together or not at all.

    `change_id` is the same however often the same change is tried. `orders` are new ones; `events`
    name the order they happened to. `commissions` are executions on record (with the order that
    a broker executed, not the TWAP it is a slice of) whose commission is known only now. Lots and
    the account's state are as they stand after it, and so are `deficits`. `accepted` is what is
    doubted no more, `applied` what corporate actions did to the lots.
    """

    change_id: str
    account: str
    at: datetime
    outcomes: tuple[SignalOutcome, ...] = ()
    orders: tuple[Order, ...] = ()
    events: tuple[tuple[str, OrderEvent], ...] = ()
    commissions: tuple[tuple[str, Fill], ...] = ()
    cascade_runs: tuple[CascadeRun, ...] = ()
    day_trade_decisions: tuple[DayTradeDecision, ...] = ()
    lots: tuple[Lot, ...] = ()
    state: AccountState | None = None
    approvals: tuple[Approval, ...] = ()
    qualities: tuple[OrderQuality, ...] = ()
    answers: tuple[OperatorAnswer, ...] = ()
    accepted: tuple[Doubt, ...] = ()
    deficits: tuple[MarginDeficit, ...] = ()
    applied: tuple[AppliedAction, ...] = ()
    announcements: tuple[TradingEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRecord:
    """An account as it is on record: all a worker needs to go on where another one stopped.

    `orders` are those open, and those closed since the first session asked for, slices and parents
    included, each with its history. `state` is None for an account nobody has traded. `approvals`
    are those of open orders: of a TWAP that is worked, what a human let its slices past.
    `accepted` are the doubts that an operator settled by taking over the broker's truth. `applied`
    names the corporate actions since the first session asked for that the lots have had.
    """

    state: AccountState | None
    lots: tuple[Lot, ...] = ()
    orders: tuple[Order, ...] = ()
    waiting: tuple[ReceivedSignal, ...] = ()
    approvals: tuple[Approval, ...] = ()
    accepted: frozenset[Doubt] = frozenset()
    deficits: tuple[MarginDeficit, ...] = ()
    applied: frozenset[ActionKey] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedSignal:
    """A document that is no signal: kept for inspection, never traded."""

    text: str
    source: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What came in at one go; `comes_again` until whoever brought it hears that it is settled."""

    signals: tuple[ReceivedSignal, ...] = ()
    malformed: tuple[MalformedSignal, ...] = ()
    announcements: tuple[TradingEvent, ...] = ()
    comes_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What became of arrivals.

    `new` are signals that wait and were not given before, as recorded and in their order.
    `contradicting` are those whose id is on record with other content, as they came: the record
    stays as it is.
    """

    new: tuple[ReceivedSignal, ...] = ()
    contradicting: tuple[ReceivedSignal, ...] = ()
