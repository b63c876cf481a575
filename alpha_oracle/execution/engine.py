"""The engine: one worker, one thread, one thing at a time, from signals to fills.

It holds no truth of its own. The start and every recovery are one path: load the record, hold what
was about to be sent for unknown, ask the broker for everything, settle, go on. Whoever drives it
(the worker's loop, a demonstration in virtual time, a test) calls `step` and gives it what came in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.portfolio import AccountState
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_records import Arrivals, Change
from alpha_oracle.errors import BrokerAway, ChangesRefused, RecordUnwritable, StoreUnavailable
from alpha_oracle.execution.desk import Desk
from alpha_oracle.execution.halting import Halt, an_alert
from alpha_oracle.execution.intake import Intake
from alpha_oracle.execution.ledger import Ledger, history_start
from alpha_oracle.execution.outages import BROKER, STORE, Outages
from alpha_oracle.execution.recency import is_recent
from alpha_oracle.risk.facts import LinkState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.domain.trading_records import BookRecord
    from alpha_oracle.execution.book import Book
    from alpha_oracle.execution.surroundings import Companions, Ports, TradingRules

RETRY: Final = timedelta(seconds=1)
SWEEP: Final = timedelta(minutes=1)
"""How often the record is searched for signals that the bus, or another worker, lost."""

ON_RECORD: Final = "record"
UNWRITABLE: Final = "record_unwritable"


class ExecutionEngine:
    """Trades one account; `trouble` is what kept its last step from being whole, if anything.

    `outages` is told by who reads the bus how it is with that; of the rest it knows.
    """

    def __init__(self, ports: Ports, rules: TradingRules, companions: Companions) -> None:
        self._ports = ports
        self._rules = rules
        self._companions = companions
        self._halt = Halt(ports.switch, rules.kill_switch, ports.clock)
        self._intake = Intake(
            ports.broker.account,
            ports.store,
            window=rules.window,
            observe=companions.observe_malformed,
        )
        self._desk: Desk | None = None
        self.trouble = ""
        self.outages = Outages()
        self._untold: list[TradingEvent] = []
        self._unsent: set[str] = set()
        self._swept_at: datetime | None = None
        self._swept: frozenset[str] = frozenset()
        self._was_refused = False

    @property
    def book(self) -> Book | None:
        """The book as it stands; None while it is not known."""
        return None if self._desk is None else self._desk.ledger.book

    def receive(self, documents: Sequence[str], *, source: str) -> int:
        """Put what came in on record; return how many signals were new.

        Once it is settled it may be acknowledged.

        Raises:
            StoreUnavailable: nothing is known to be kept; give it again, with all before it that
                was not settled.
        """
        try:
            new = self._intake.receive(documents, source=source, at=self._ports.clock.now())
        except RecordUnwritable as error:
            self._alarm(str(error))
            raise StoreUnavailable(str(error)) from None
        except StoreUnavailable:
            self._forget()
            raise
        if self._desk is not None:
            self._desk.ledger.waiting |= {signal.signal_id: signal for signal in new}
        return len(new)

    def settle(self) -> None:
        """See to it that what was received outlives everything; cheap where a step decided on it.

        Raises:
            StoreUnavailable: what was received and not settled may be gone; give it again.
        """
        try:
            self._ports.store.settle()
        except StoreUnavailable:
            self._forget()
            raise

    def step(self) -> datetime:
        """Do all that is due now; return when to call again at the latest.

        Call sooner for what comes in, and twice a second for the kill switch and the broker's word.

        Raises:
            LeaseTaken: another worker trades the account; end.
        """
        try:
            look_at = self._worked()
            self._tell()
        except ChangesRefused as error:
            # The book is not what the record says: from there on, each change by itself.
            self._forget()
            self._was_refused, self.trouble = True, str(error)
            return self._ports.clock.now()
        except RecordUnwritable as error:
            self._alarm(str(error))
            return self._ports.clock.now() + RETRY
        except StoreUnavailable as error:
            self._forget()
            self.trouble = str(error)
            self._note(STORE, is_away=True)
            return self._ports.clock.now() + RETRY
        return look_at

    def _worked(self) -> datetime:
        self._desk = self._desk or self._opened()
        if self._desk is None:
            self.trouble = f"the broker of account {self._ports.broker.account} does not answer"
            self._note(BROKER, is_away=True)
            return self._ports.clock.now() + RETRY
        self._sweep()
        self._desk.work()
        self._was_refused = self._desk.ledger.one_by_one = False
        self._note(BROKER, is_away=self._desk.link.state is not LinkState.READY)
        self.trouble = ""
        return self._desk.next_look()

    def _tell(self) -> None:
        now = self._ports.clock.now()
        self._note(STORE, is_away=False)
        self._intake.tell(at=now)
        if self.outages.untold:
            told = Arrivals(announcements=tuple(self.outages.untold.values()))
            self._ports.store.take_in(self._ports.broker.account, told, at=now)
            self.outages.untold.clear()

    def _forget(self) -> None:
        # What was committed is not known: from here on it is what the record says.
        self._desk, self._swept_at, self._swept = None, None, frozenset()

    def _alarm(self, trouble: str) -> None:
        self._forget()
        # Once, unless the switch or the alert could not be put on record either.
        if self.trouble == trouble:
            return
        try:
            self._halt.trip(f"{UNWRITABLE}: {trouble}")
            at = self._ports.clock.now()
            told = an_alert(UNWRITABLE, trouble, severity=Severity.CRITICAL, at=at)
            arrivals = Arrivals(announcements=(told,))
            self._ports.store.take_in(self._ports.broker.account, arrivals, at=at)
        except StoreUnavailable as error:
            trouble = str(error)
        self.trouble = trouble

    def _note(self, what: str, *, is_away: bool) -> None:
        self.outages.note(what, is_away=is_away, at=self._ports.clock.now())

    def _sweep(self) -> None:
        now = self._ports.clock.now()
        if is_recent(self._swept_at, now, within=SWEEP):
            return
        since = calendar.shift_session(calendar.latest_opened_session(now), -1)
        account = self._ports.broker.account
        if self._desk is not None:
            # Taken in by a worker that did not know yet that this one replaced it.
            waiting = {one.signal_id: one for one in self._ports.store.waiting(account)}
            self._desk.ledger.waiting |= waiting
        missed = self._ports.store.missed(account, since=since)
        # What was looked at and is still missed is no signal: that is said once.
        new = [document for document in missed if document not in self._swept]
        if new:
            self.receive(new, source=ON_RECORD)
        self._swept_at, self._swept = now, frozenset(missed)

    def _opened(self) -> Desk | None:
        account, now = self._ports.broker.account, self._ports.clock.now()
        record = self._ports.store.load(account, since=history_start(now))
        try:
            state = record.state or self._new_account(account)
        except BrokerAway:
            return None
        desk = Desk(
            self._ports,
            self._rules,
            self._companions,
            self._ledger(record, state),
            halt=self._halt,
            untold=self._untold,
            unsent=self._unsent,
        )
        desk.open()
        return desk

    def _ledger(self, record: BookRecord, state: AccountState) -> Ledger:
        return Ledger(
            record,
            state,
            store=self._ports.store,
            clock=self._ports.clock,
            simulated=self._ports.broker.is_simulated,
            measure=self._companions.quality,
            observe=self._companions.observe,
            one_by_one=self._was_refused,
        )

    def _new_account(self, account: str) -> AccountState:
        told, now = self._ports.broker.snapshot().account, self._ports.clock.now()
        state = AccountState(
            account=account,
            cash_usd=told.cash,
            peak_equity_usd=told.equity,
            previous_close_equity_usd=told.equity,
            maintenance_margin_usd=told.maintenance_margin,
            at=now,
        )
        change = Change(change_id=f"{account}|opened", account=account, at=now, state=state)
        self._ports.store.commit(change, sends=False)
        return state
