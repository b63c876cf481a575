"""One account's desk: everyone who works on one ledger, and the order in which they do.

It is thrown away whenever the store was not there for a moment, and set up anew from the record.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.errors import BrokerAway
from alpha_oracle.execution.approvals import ApprovalClerk
from alpha_oracle.execution.decisions import Decider
from alpha_oracle.execution.following import Follower
from alpha_oracle.execution.gathering import Gatherer
from alpha_oracle.execution.inbox_rules import next_window_start, session_in_window
from alpha_oracle.execution.link import Link
from alpha_oracle.execution.margin import look_at_margin
from alpha_oracle.execution.operators import OperatorClerk
from alpha_oracle.execution.placing import Placer
from alpha_oracle.execution.recency import is_recent
from alpha_oracle.execution.repricing import Repricer
from alpha_oracle.execution.sending import Sender
from alpha_oracle.execution.session_roll import SessionRoll
from alpha_oracle.execution.slicing import Slicer
from alpha_oracle.execution.stopping import KILLED, Stopper
from alpha_oracle.execution.surroundings import SETTLE
from alpha_oracle.risk.facts import LinkState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerSnapshot
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.surroundings import Companions, Ports, TradingRules
    from alpha_oracle.risk.market_moves import Purchase

SOON: Final = timedelta(seconds=1)
BATCH_FRESH: Final = timedelta(seconds=60)
"""A batch begins on a reconciliation at most this old."""

NEVER_SENT: Final = "what was decided with it was not durable: it was never sent"


class Desk:
    """Works an account, one thing at a time."""

    def __init__(
        self,
        ports: Ports,
        rules: TradingRules,
        companions: Companions,
        ledger: Ledger,
        *,
        halt: Halt,
        untold: list[TradingEvent],
        unsent: set[str],
    ) -> None:
        clock = ports.clock
        self._ports = ports
        self._rules = rules
        self._companions = companions
        self.ledger = ledger
        self._halt = halt
        self._untold = untold
        self._unsent = unsent
        self.link = Link(clock.now())
        self._gatherer = Gatherer(ports, rules, ledger, halt=halt, link=self.link)
        self._follower = Follower(ledger, halt=halt, link=self.link, board=ports.board, clock=clock)
        self._sender = Sender(
            ports.broker,
            ledger,
            self._follower,
            halt=halt,
            link=self.link,
            unsent=unsent,
            clock=clock,
        )
        placer = Placer(rules, ledger, self._gatherer, self._sender, clock=clock)
        self._decider = Decider(rules, ledger, self._gatherer, placer, clock=clock)
        self._repricer = Repricer(rules, ledger, self._gatherer, self._sender, clock=clock)
        self._slicer = Slicer(rules, ledger, self._gatherer, sender=self._sender, clock=clock)
        self._stopper = Stopper(
            ledger,
            self._follower,
            slicer=self._slicer,
            sender=self._sender,
            link=self.link,
            clock=clock,
            reconcile_every=rules.reconcile_every,
        )
        self._clerk = ApprovalClerk(
            rules,
            ledger,
            self._gatherer,
            sender=self._sender,
            store=ports.store,
            clock=clock,
        )
        self._roll = SessionRoll(ports, ledger, self._gatherer)
        self._operators = OperatorClerk(
            ports, ledger, self._gatherer, link=self.link, snapshot=self._snapshot
        )
        self._watched_at: datetime | None = None
        self._has_more = False

    def open(self) -> None:
        """Take up what the record says: what was about to be sent is unknown, or known unsent."""
        self._withdraw_unsent()
        self._follower.mark_unanswered(at=self._ports.clock.now())
        if not self._roll.is_due():
            self._roll.begin()

    def _withdraw_unsent(self) -> None:
        for order_id in sorted(self._unsent):
            order = self.ledger.book.orders.get(order_id)
            if order is not None and order.status is OrderStatus.PENDING:
                self._sender.withdraw(order, NEVER_SENT)
        self._unsent.clear()

    def work(self) -> None:
        """Do all that is due now."""
        self._gatherer.begin()
        self._follower.hear(self._ports.broker.events())
        is_halted = self._halt.says_active()
        if is_halted:
            self._stopper.stop()
        else:
            self._stopper.rest()
        self._clerk.reject()
        self._ask_everything()
        self._answer_operators()
        self._decider.expire()
        self._clerk.expire()
        self._trade(is_halted=is_halted)
        self._watch()

    def next_look(self) -> datetime:
        """Return when something is due again at the latest, the switch and the broker apart."""
        now = self._ports.clock.now()
        return now if self._has_more else max(min(self._due(now)), now)

    def _trade(self, *, is_halted: bool) -> None:
        self._has_more = False
        if self.link.state is not LinkState.READY or self._roll.is_due():
            return
        self._roll.complete()
        if self._window_is_open():
            if not is_halted:
                self._clerk.send()
                self._repricer.work()
            # While halted the cascade refuses entries: none springs to life when trading goes on.
            self._has_more = self._decider.work()
        if not is_halted:
            self._slicer.work()

    def _window_is_open(self) -> bool:
        return session_in_window(self._ports.clock.now(), self._rules.window) is not None

    def _ask_everything(self) -> None:
        now = self._ports.clock.now()
        if self._roll.is_due():
            self.link.ask_by(max(now, self._next_try()), "session")
        elif self._is_batch_due(now):
            self.link.ask_by(now, "batch")
        if not self.link.is_due(now):
            return
        try:
            self._settle("session" if self._roll.is_due() else self.link.occasion)
        except BrokerAway:
            self.link.got_no_answer(now)

    def _answer_operators(self) -> None:
        if self.link.state is not LinkState.READY or self._roll.is_due():
            return
        try:
            self._operators.work()
        except BrokerAway:
            self.link.got_no_answer(self._ports.clock.now())

    def _next_try(self) -> datetime:
        is_away = self.link.state is LinkState.DOWN
        return self.link.due_at if is_away else self._ports.clock.now()

    def _is_batch_due(self, now: datetime) -> bool:
        is_old = not is_recent(self.link.asked_at, now, within=BATCH_FRESH)
        is_up = self.link.state is not LinkState.DOWN
        return is_up and is_old and self._window_is_open() and self._decider.has_work()

    def _settle(self, occasion: str) -> None:
        snapshot = self._snapshot()
        if self._roll.is_due():
            self._roll.roll()
            snapshot = self._snapshot()
        found, events = self._companions.reconcile(
            self.ledger.book,
            snapshot,
            occasion=occasion,
            strangers={doubt.name for doubt in self.ledger.doubts},
        )
        self._untold += events
        self._ports.store.save_reconciliation(found)
        self._tell()
        self.link.drift_pct = found.drift_pct
        if occasion == KILLED:
            self._stopper.look()

    def _snapshot(self) -> BrokerSnapshot:
        snapshot, now = self._ports.broker.snapshot(), self._ports.clock.now()
        self.link.got_everything(now, snapshot.account, next_at=self._next_reconciliation(now))
        # What it cannot tell yet has everything asked sooner.
        self._follower.settle(snapshot)
        look_at_margin(self.ledger, snapshot.account, session=self._gatherer.session, at=now)
        return snapshot

    def _next_reconciliation(self, now: datetime) -> datetime:
        closes = calendar.session_close(self._gatherer.session)
        if now < closes:
            return min(now + self._rules.reconcile_every, closes + SETTLE)
        following = calendar.next_session_after(self._gatherer.session)
        is_settled = now >= closes + SETTLE
        return calendar.session_open(following) if is_settled else closes + SETTLE

    def _watch(self) -> None:
        now = self._ports.clock.now()
        bought, self._follower.bought = self._follower.bought, []
        is_due = not is_recent(self._watched_at, now, within=self._rules.watch_every)
        if self.link.asked_at is None or not (bought or is_due):
            return
        self._watched_at = now
        facts = self._gatherer.facts(None, self._gatherer.quotes())
        occasions: list[Purchase | None] = [*bought] or [None]
        for purchase in occasions:
            self._untold += self._companions.watch(facts, bought=purchase)
        self._tell()

    def _tell(self) -> None:
        # What was found once is not said again by who found it, whatever becomes of the store.
        self._trip_for(self._untold)
        self.ledger.announce(tuple(self._untold))
        self._untold.clear()

    def _trip_for(self, events: Sequence[TradingEvent]) -> None:
        for event in events:
            if isinstance(event, RiskAlert) and event.severity is Severity.CRITICAL:
                self._halt.trip(f"{event.type}: {event.message}")

    def _due(self, now: datetime) -> list[datetime]:
        session = self._gatherer.session
        due = [
            self.link.due_at,
            next_window_start(now, self._rules.window),
            calendar.session_open(calendar.next_session_after(session)),
            *(signal.expires_at for signal in self.ledger.waiting.values()),
        ]
        ends = (self._rules.window.end(session), calendar.session_close(session))
        due += [end for end in ends if end > now]
        sliced = self._slicer.next_at()
        due += [] if sliced is None else [max(sliced, now + SOON)]
        is_busy = any(True for _ in self.ledger.book.open_orders())
        if is_busy or (self._window_is_open() and self._decider.has_work()):
            due.append(now + SOON)
        return due
