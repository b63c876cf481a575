"""What the engine works with: ports, deciders, and what the rest of the room adds to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from alpha_oracle.domain.market import CorporateAction
from alpha_oracle.domain.portfolio import AppliedAction
from alpha_oracle.execution.persistence import Persistence

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.calendar import ExecutionWindow
    from alpha_oracle.domain.broker import BrokerSnapshot
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.risk import AutonomyMode
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.domain.trading_records import (
        Change,
        MalformedSignal,
        OrderQuality,
        Reconciliation,
    )
    from alpha_oracle.execution.book import Book
    from alpha_oracle.execution.order_generator import OrderGenerator
    from alpha_oracle.execution.router import SmartOrderRouter
    from alpha_oracle.ports.broker import BrokerAdapter
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard
    from alpha_oracle.ports.trading import KillSwitchStore, OperatorActivity, TradingStore
    from alpha_oracle.ports.trading_facts import TradingFacts
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.kill_switch import KillSwitchRules
    from alpha_oracle.risk.market_moves import Purchase
    from alpha_oracle.risk.pre_trade import PreTradeRiskManager, RiskBounds

SETTLE: Final = timedelta(seconds=5)
"""How long after a command a complete snapshot proves that the broker never got it."""

ActionsAtBroker: TypeAlias = Callable[[Collection[CorporateAction]], Collection[AppliedAction]]
"""Lets a simulated broker's holdings have their splits and dividends, and says what they did, now
or before; raises `BrokerAway`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside. `apply_actions` is a simulated broker's, which has nobody else to tell it."""

    clock: Clock
    store: TradingStore
    switch: KillSwitchStore
    activity: OperatorActivity
    broker: BrokerAdapter
    board: QuoteBoard
    facts: TradingFacts
    apply_actions: ActionsAtBroker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingRules:
    """What decides, with its bounds.

    Entries wait for the exits of a window for `entry_patience` at most: as long as a TWAP takes.
    """

    mode: AutonomyMode
    window: ExecutionWindow
    generator: OrderGenerator
    router: SmartOrderRouter
    risk: PreTradeRiskManager
    bounds: RiskBounds
    kill_switch: KillSwitchRules
    day_trade_window_sessions: int
    twap_slices: int
    twap_interval_seconds: int
    reconcile_every: timedelta = timedelta(minutes=5)
    watch_every: timedelta = timedelta(seconds=1)
    entry_patience: timedelta = timedelta(minutes=5)
    persistence: Persistence = field(default_factory=Persistence)


class Reconciler(Protocol):
    """Holds the book against the broker; pure."""

    def __call__(
        self,
        book: Book,
        snapshot: BrokerSnapshot,
        *,
        occasion: str,
        strangers: Collection[str],
    ) -> tuple[Reconciliation, Sequence[TradingEvent]]:
        """Return what was found, with what others are told of it.

        `strangers` are references under our client id that no order on record has.
        """
        ...


class Watch(Protocol):
    """Holds the portfolio against its limits after the fact; remembers what it told."""

    def __call__(self, facts: RiskFacts, *, bought: Purchase | None) -> Sequence[TradingEvent]:
        """Return what is new to tell; `bought` is what a purchase was just filled in."""
        ...


class Quality(Protocol):
    """Measures how well an order was executed; pure."""

    def __call__(self, order: Order, *, at: datetime) -> OrderQuality | None:
        """Return the figures of a closed order; None where nothing of it was executed."""
        ...


def _nothing(_seen: object) -> None:
    """See nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """What the rest of the room adds: reconciliation, the monitor, execution quality.

    `observe` is given every change once it is committed, `observe_malformed` the documents that
    were no signals once they are kept, for logs and metrics.
    """

    reconcile: Reconciler
    watch: Watch
    quality: Quality
    observe: Callable[[Change], None] = _nothing
    observe_malformed: Callable[[Sequence[MalformedSignal]], None] = _nothing
