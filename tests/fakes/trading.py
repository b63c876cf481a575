"""The trading store and the kill switch in memory, over one memory that outlives its users.

A worker that dies is a new `InMemoryTradingStore` on the same `TradingMemory`. `at` of a store is
called by the name of each point it passes (`before commit`, `after commit` ...) and may raise, or
say `BLINK`. A store that goes away loses what was taken in and not settled, as a database that is
killed does; one that blinks is back before it is asked, and tells who has reason to know.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

from alpha_oracle.domain.orders import OrderStatus, with_commission
from alpha_oracle.domain.risk import KillSwitchRecord
from alpha_oracle.domain.trading_events import KillSwitchChanged
from alpha_oracle.domain.trading_records import ApprovalStatus, BookRecord, TakenIn
from alpha_oracle.errors import (
    ChangesRefused,
    ContradictsRecord,
    LeaseTaken,
    MalformedSignal,
    StoreUnavailable,
)

BLINK = "blink"


@dataclass
class TradingMemory:
    """What a database would hold. `is_away`: out of reach."""

    is_away: bool = False
    changes: set = field(default_factory=set)
    turns: dict = field(default_factory=dict)
    held: set = field(default_factory=set)
    inbox: dict = field(default_factory=dict)
    outcomes: dict = field(default_factory=dict)
    malformed: list = field(default_factory=list)
    documents: dict = field(default_factory=dict)
    orders: dict = field(default_factory=dict)
    states: dict = field(default_factory=dict)
    lots: dict = field(default_factory=dict)
    accepted: dict = field(default_factory=dict)
    deficits: dict = field(default_factory=dict)
    applied: dict = field(default_factory=dict)
    cascade_runs: list = field(default_factory=list)
    day_trade_decisions: list = field(default_factory=list)
    approvals: dict = field(default_factory=dict)
    qualities: dict = field(default_factory=dict)
    requests: dict = field(default_factory=dict)
    reconciliations: list = field(default_factory=list)
    announcements: list = field(default_factory=list)
    kill_switch: KillSwitchRecord = field(default_factory=KillSwitchRecord)
    kill_switch_changes: list = field(default_factory=list)
    activities: dict = field(default_factory=dict)
    unsettled: list = field(default_factory=list)
    durable: dict | None = None

    def defer(self):
        """Keep what there is: all after it is lost unless it is hardened, but what others keep."""
        self.durable = self.durable or {name: _copied(getattr(self, name)) for name in _CONTAINERS}

    def harden(self):
        """Let everything be durable, as whatever is written after it makes it."""
        self.unsettled.clear()
        self.durable = None

    def lose(self):
        """Lose what is not settled, as by kill -9."""
        for name, kept in (self.durable or {}).items():
            setattr(self, name, kept)
        self.durable = None
        for name, one in self.unsettled:
            kept = getattr(self, name)
            kept.pop(one, None) if isinstance(kept, dict) else kept.remove(one)
        self.unsettled.clear()

    def reach(self):
        if self.is_away:
            raise StoreUnavailable("the store is out of reach")

    def announced(self, channel):
        """The documents announced on a channel, oldest first."""
        return [event.document() for event in self.announcements if event.channel == channel]


_CONTAINERS = tuple(
    one.name
    for one in fields(TradingMemory)
    if one.default_factory in (dict, list, set) and one.name not in {"unsettled", "documents"}
)


def _copied(kept):
    if isinstance(kept, dict):
        return {key: _copied(one) for key, one in kept.items()}
    return kept.copy() if isinstance(kept, list | set) else kept


class InMemoryTradingStore:
    """`TradingStore` in memory."""

    def __init__(self, memory=None, *, at=None):
        self.memory = memory or TradingMemory()
        self.at = at or (lambda _point: None)
        self._turns = {}
        self._given = set()
        self._carried = {}
        self._is_unsettled = self._is_lost = self._is_cut = False
        self._batch, self._has_sent = None, False

    @contextmanager
    def only_worker(self, account):
        self.memory.reach()
        if account in self.memory.held:
            raise LeaseTaken(f"trading account {account} is in use by another worker")
        self.memory.held.add(account)
        turn = self.memory.turns[account] = self.memory.turns.get(account, 0) + 1
        self._turns[account] = turn
        try:
            yield
        finally:
            self.memory.held.discard(account)
            self._turns.pop(account, None)

    def load(self, account, *, since):
        memory = self._reached("load")
        self._refuse_replaced(account)
        self._harden()
        waiting = [one for key, one in memory.inbox.items() if self._waits(key, account)]
        self._given = {(account, one.signal_id) for one in waiting}
        kept = _kept(memory, account, since)
        lots = [
            lot
            for lot in memory.lots.values()
            if lot.account == account and (lot.quantity or lot.last_traded >= since)
        ]
        return BookRecord(
            state=memory.states.get(account),
            lots=tuple(sorted(lots, key=lambda lot: lot.key)),
            orders=tuple(kept),
            waiting=tuple(waiting),
            approvals=tuple(
                approval
                for order_id, approval in memory.approvals.items()
                if memory.orders[order_id].account == account
                and not memory.orders[order_id].is_final
            ),
            accepted=frozenset(memory.accepted.get(account, ())),
            deficits=tuple(
                deficit for (own, _), deficit in sorted(memory.deficits.items()) if own == account
            ),
            applied=frozenset(
                one.key for one in memory.applied.get(account, ()) if one.action.ex_date >= since
            ),
        )

    def recall(self, account, order_id):
        memory = self._asked("recall")
        order = memory.orders.get(order_id)
        if order is None or order.account != account:
            return []
        parent = memory.orders.get(order.parent_id)
        return [one for one in (parent, order) if one is not None]

    def take_in(self, account, arrivals, *, at):
        memory = self._reached("take in")
        if any("\x00" in signal.signal_id for signal in arrivals.signals):
            raise MalformedSignal("a text with a NUL cannot be kept")
        signals = {(account, signal.signal_id): signal for signal in arrivals.signals}
        is_new = len(signals) == len(arrivals.signals) and signals.keys().isdisjoint(memory.inbox)
        if arrivals.comes_again and is_new and not (arrivals.malformed or arrivals.announcements):
            self._carried |= signals
            self._given |= signals.keys()
            return TakenIn(new=arrivals.signals)
        for signal in arrivals.signals:
            self._put((account, signal.signal_id), signal)
        memory.malformed += arrivals.malformed
        memory.unsettled += [("malformed", one) for one in arrivals.malformed]
        memory.announcements += arrivals.announcements
        self._is_unsettled = True
        if arrivals.announcements:
            self._harden()
        self._pass("after take in")
        given = {(account, signal.signal_id) for signal in arrivals.signals} - self._given
        new = [key for key in memory.inbox if key in given and self._waits(key, account)]
        self._given.update(new)
        return TakenIn(
            new=tuple(memory.inbox[key] for key in new),
            contradicting=tuple(
                one for one in arrivals.signals if memory.inbox[account, one.signal_id] != one
            ),
        )

    def waiting(self, account):
        memory = self._reached("waiting")
        found = tuple(one for key, one in memory.inbox.items() if self._waits(key, account))
        self._given |= {(account, one.signal_id) for one in found}
        return found

    def settle(self):
        try:
            if self._carried or (self._is_unsettled and not self._is_lost):
                self._reached("settle")
                self._harden()
            if self._is_lost:
                raise StoreUnavailable("the store was away before it had kept what came in last")
        finally:
            self._is_lost = self._is_cut = False

    def commit(self, change, *, sends):
        if self._batch is not None:
            self._push()
            self._batch.append((change, sends))
            self._has_sent = self._has_sent or sends
            return True
        is_committed = self._committed(change, sends=sends)
        if is_committed:
            self._harden()
            self._pass("after commit")
        return is_committed

    @contextmanager
    def together(self):
        self._batch, self._has_sent = [], False
        try:
            yield
            self._push()
        finally:
            self._batch = None
        if self._is_unsettled or self._is_cut:
            self._reached("harden")
            self._harden()
        if self._has_sent and self.memory.kill_switch.is_active:
            raise ChangesRefused("the kill switch is active")

    def _push(self):
        """Commit what was taken for a block, as little durable as what is carried."""
        if self._batch is None:
            return
        given, self._batch = self._batch, []
        for change, sends in given:
            try:
                is_committed = self._committed(change, sends=sends, defers=True)
            except ContradictsRecord as error:
                raise ChangesRefused(str(error)) from None
            if not is_committed:
                raise ChangesRefused("the kill switch is active")
            self._is_unsettled = True
            self._pass("after commit")

    def _committed(self, change, *, sends, defers=False):
        memory = self._reached("commit")
        if change.change_id in memory.changes:
            return True
        self._refuse_replaced(change.account)
        if sends and memory.kill_switch.is_active:
            return False
        self._refuse_contradictions(change)
        if defers:
            memory.defer()
        self._apply(change)
        return True

    def missed(self, account, *, since):
        memory = self._reached("missed")
        return [
            document
            for signal_id, (session, document) in memory.documents.items()
            if session >= since and (account, signal_id) not in memory.inbox
        ]

    def operator_requests(self, account):
        memory = self._asked("operator requests")
        return [
            one
            for one in memory.requests.values()
            if one.account == account and one.answered_at is None
        ]

    def decided_approvals(self, account):
        self._asked("decided approvals")
        decided = [one for one in self._awaited(account) if one.status != ApprovalStatus.WAITING]
        return sorted(decided, key=lambda one: (one.decided_at, one.order_id))

    def save_reconciliation(self, found):
        memory = self._reached("save reconciliation")
        key = (found.account, found.at, found.occasion)
        if any((one.account, one.at, one.occasion) == key for one in memory.reconciliations):
            return
        memory.reconciliations.append(found)
        self._harden()

    def last_reconciliation(self, account):
        memory = self._asked("last reconciliation")
        own = [one for one in memory.reconciliations if one.account == account]
        return max(own, key=lambda one: one.at, default=None)

    def cut(self):
        """Be away for a moment: who asks next hears of it where something was not settled."""
        self._is_cut = self._is_unsettled
        self._lose()

    def _lose(self):
        self.memory.lose()
        self._is_lost, self._is_unsettled = self._is_lost or self._is_unsettled, False

    def _put(self, key, signal):
        if key not in self.memory.inbox:
            self.memory.inbox[key] = signal
            self.memory.unsettled.append(("inbox", key))
            self._is_unsettled = True

    def _unload(self):
        for key, signal in self._carried.items():
            self._put(key, signal)
        self._carried.clear()

    def _harden(self):
        self.memory.harden()
        self._is_unsettled = False

    def _asked(self, point):
        # By a way of its own, which knows nothing of what is on the other.
        self._push()
        self._pass(f"before {point}")
        return self.memory

    def _reached(self, point):
        self._push()
        self._pass(f"before {point}")
        if self._is_cut:
            self._is_cut = False
            raise StoreUnavailable("the store was away for a moment")
        self._unload()
        return self.memory

    def _pass(self, point):
        try:
            self.memory.reach()
            if self.at(point) == BLINK:
                self.cut()
        except StoreUnavailable:
            self._lose()
            raise

    def _waits(self, key, account):
        return key[0] == account and key not in self.memory.outcomes

    def _awaited(self, account):
        for order_id, approval in self.memory.approvals.items():
            order = self.memory.orders[order_id]
            if order.account == account and order.status is OrderStatus.AWAITING_APPROVAL:
                yield approval

    def _refuse_replaced(self, account):
        turn = self._turns.get(account)
        if turn is not None and turn != self.memory.turns[account]:
            raise LeaseTaken("another worker took over the account")

    def _refuse_contradictions(self, change):
        memory = self.memory
        new = {order.order_id for order in change.orders}
        known = memory.orders.keys() | new
        named = {
            *(order_id for order_id, _ in (*change.events, *change.commissions)),
            *(one.order_id for one in (*change.approvals, *change.qualities)),
            *(order.parent_id for order in change.orders if order.parent_id),
        }
        outcomes = {(change.account, one.signal_id) for one in change.outcomes}
        had = {one.key for one in memory.applied.get(change.account, ())}
        if (
            new & memory.orders.keys()
            or len(new) < len(change.orders)
            or named - known
            or outcomes & memory.outcomes.keys()
            or len(outcomes) < len(change.outcomes)
            or outcomes - memory.inbox.keys()
            or had & {one.key for one in change.applied}
        ):
            raise ContradictsRecord(f"change {change.change_id} contradicts the record")

    def _apply(self, change):
        memory = self.memory
        memory.changes.add(change.change_id)
        for order in change.orders:
            memory.orders[order.order_id] = order
        for order_id, event in change.events:
            memory.orders[order_id] = _after(memory.orders[order_id], event)
        for order_id, fill in change.commissions:
            own = memory.orders[order_id]
            for one in (order_id, own.parent_id):
                if one is not None:
                    memory.orders[one] = with_commission(memory.orders[one], fill)
        for outcome in change.outcomes:
            memory.outcomes[change.account, outcome.signal_id] = outcome
        self._apply_book(change)

    def _apply_book(self, change):
        memory = self.memory
        memory.cascade_runs += change.cascade_runs
        memory.day_trade_decisions += change.day_trade_decisions
        memory.announcements += change.announcements
        memory.qualities |= {one.order_id: one for one in change.qualities}
        memory.lots |= {(lot.account, *lot.key): lot for lot in change.lots}
        memory.accepted.setdefault(change.account, set()).update(change.accepted)
        memory.deficits |= {(change.account, one.session): one for one in change.deficits}
        memory.applied.setdefault(change.account, []).extend(change.applied)
        if change.state is not None:
            memory.states[change.state.account] = change.state
        for approval in change.approvals:
            known = memory.approvals.get(approval.order_id)
            if known is None or known.status is ApprovalStatus.WAITING:
                memory.approvals[approval.order_id] = approval
        for answer in change.answers:
            asked = memory.requests[answer.request_id]
            if asked.answered_at is None:
                memory.requests[answer.request_id] = replace(
                    asked, answered_at=change.at, answer=answer.answer
                )


class InMemoryKillSwitch:
    """`KillSwitchLedger` in memory."""

    def __init__(self, memory=None):
        self.memory = memory or TradingMemory()

    def record(self):
        self.memory.reach()
        return self.memory.kill_switch

    def change(self, record, *, at):
        self.memory.reach()
        memory, before = self.memory, self.memory.kill_switch
        key = (at, record.is_active, record.changed_by, record.reason)
        if key in memory.kill_switch_changes:
            return before
        if not record.is_active and record.activated_at != before.activated_at:
            raise ContradictsRecord("the kill switch was activated meanwhile")
        memory.harden()
        latest = max(filter(None, (before.activated_at, record.activated_at)), default=None)
        memory.kill_switch = replace(record, activated_at=latest)
        memory.kill_switch_changes.append(key)
        memory.announcements.append(
            KillSwitchChanged(
                is_active=record.is_active, by=record.changed_by, reason=record.reason, at=at
            )
        )
        return memory.kill_switch


class InMemoryKillSwitchMirror:
    """`KillSwitchMirror` in memory; `is_away`: out of reach."""

    def __init__(self):
        self.is_away = False
        self.is_there = False

    def says_active(self):
        self._reach()
        return self.is_there

    def show(self, record):
        self._reach()
        self.is_there = record.is_active

    def _reach(self):
        if self.is_away:
            raise StoreUnavailable("the mirror is out of reach")


class InMemoryOperators:
    """`ApprovalDesk`, `OperatorDesk` and `OperatorActivity` in memory."""

    def __init__(self, memory=None):
        self.memory = memory or TradingMemory()

    def decide(self, order_id, *, approve, by, at):
        self.memory.reach()
        known = self.memory.approvals.get(order_id)
        if known is None:
            return None
        order = self.memory.orders[order_id]
        waits = known.status is ApprovalStatus.WAITING and known.expires_at > at
        if waits and order.status is OrderStatus.AWAITING_APPROVAL:
            status = ApprovalStatus.APPROVED if approve else ApprovalStatus.REJECTED
            known = replace(known, status=status, decided_at=at, decided_by=by)
            self.memory.harden()
            self.memory.approvals[order_id] = known
        return known

    def ask(self, request):
        self.memory.reach()
        self.memory.harden()
        is_new = request.request_id not in self.memory.requests
        self.memory.requests.setdefault(request.request_id, request)
        return is_new

    def request(self, request_id):
        self.memory.reach()
        return self.memory.requests.get(request_id)

    def note(self, kind, *, by, at):
        self.memory.reach()
        self.memory.harden()
        self.memory.activities[kind] = max(at, self.memory.activities.get(kind, at))

    def latest(self):
        self.memory.reach()
        return max(self.memory.activities.values(), default=None)


def _kept(memory, account, since):
    own = [order for order in memory.orders.values() if order.account == account]
    open_ids = {order.order_id for order in own if not order.is_final}
    return [
        order
        for order in own
        if order.session >= since or order.order_id in open_ids or order.parent_id in open_ids
    ]


def _after(order, event):
    if order.has_seen(event):
        return order
    return replace(order, status=event.status, history=(*order.history, event))
