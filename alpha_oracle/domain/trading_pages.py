"""What people read of trading: pages, and files of one order or signal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, Order, Side
from alpha_oracle.domain.received_signals import ReceivedSignal
from alpha_oracle.domain.trading_records import (
    Approval,
    CascadeRun,
    DayTradeDecision,
    MalformedSignal,
    OrderQuality,
    SignalOutcome,
)

Row = TypeVar("Row")


class Cursor(NamedTuple):
    """The last row of a page: when, and its id where several were at one time."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Rows, newest first; `end` is the cursor to go on after, None where there is no more."""

    rows: tuple[Row, ...]
    end: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """An order with all that is known of it, each oldest first; a TWAP with its slices."""

    order: Order
    slices: tuple[Order, ...]
    cascade_runs: tuple[CascadeRun, ...]
    day_trade_decisions: tuple[DayTradeDecision, ...]
    approval: Approval | None
    quality: OrderQuality | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A signal as it came in, and what became of it; `outcome` None: it still waits."""

    account: str
    signal: ReceivedSignal
    received_at: datetime
    outcome: SignalOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFile:
    """A signal with all that is known of it, each run of the checks, oldest first."""

    entry: InboxEntry
    cascade_runs: tuple[CascadeRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedFill:
    """An execution and whose it is."""

    account: str
    order_id: str
    symbol: Symbol
    side: Side
    strategy: str
    simulated: bool
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedRecord:
    """A document that is no signal, and how often it came."""

    malformed: MalformedSignal
    times: int
    first_at: datetime
    last_at: datetime
