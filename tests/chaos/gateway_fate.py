"""Each point of an order's life, and what may be cut there: worker, Postgres, connection, server.

A cut is `(victim, point, when)`. The worker's and Postgres's points are what the worker does next;
those of the connection and the server are messages of the gateway.
"""

from __future__ import annotations

from collections import Counter

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from tests.chaos.breakages import Wrapped
from tests.chaos.fate import Died
from tests.chaos.wire import BACK, THERE
from tests.peers.tws.faults import (
    AnswerThenClose,
    Close,
    DoThenClose,
    DoThenRestart,
    Point,
    Restart,
)

BEFORE, AFTER = "before", "after"
WORKER, POSTGRES, CONNECTION, SERVER = "worker", "Postgres", "connection", "server"
KEPT = {
    OrderStatus.SUBMITTED: "acceptance kept",
    OrderStatus.PARTIALLY_FILLED: "part kept",
    OrderStatus.FILLED: "execution kept",
    OrderStatus.CANCELLED: "end kept",
    OrderStatus.EXPIRED: "end kept",
    OrderStatus.REJECTED: "end kept",
}
STORED = ("signal kept", "intent kept", *dict.fromkeys(KEPT.values()), "record read")
COMMANDED = ("order sent", "cancel sent", "news read", "everything asked")
COMMANDS = (Point.PLACE_ORDER, Point.CANCEL_ORDER)
TOLD = (Point.OPEN_ORDER_TOLD, Point.STATUS_TOLD, Point.EXECUTION_TOLD, Point.COMMISSION_TOLD)
ASKED = (
    *(Point.POSITIONS, Point.OPEN_ORDERS, Point.COMPLETED_ORDERS, Point.EXECUTIONS),
    *(Point.ACCOUNT_SUMMARY, Point.START_API),
)
OUTAGE_SECONDS = 0.05
EFFECTS = {
    (CONNECTION, BEFORE): Close(),
    (SERVER, BEFORE): Restart(OUTAGE_SECONDS),
    (SERVER, AFTER): DoThenRestart(OUTAGE_SECONDS),
}
CUTS = (
    *((WORKER, point, when) for point in (*STORED, *COMMANDED) for when in (BEFORE, AFTER)),
    *((POSTGRES, point, when) for point in STORED for when in (BEFORE, AFTER)),
    *(
        (victim, point, when)
        for victim in (CONNECTION, SERVER)
        for point in (*COMMANDS, *TOLD, *ASKED)
        for when in (BEFORE, AFTER)
    ),
)


def effect_of(victim, point, when):
    """What a gateway does at a cut of its own."""
    if (victim, when) == (CONNECTION, AFTER):
        return DoThenClose() if point in COMMANDS else AnswerThenClose()
    return EFFECTS[victim, when]


def moment_of(change, *, sends):
    """Which point of an order's life a change keeps; empty where it is none."""
    if sends:
        return "intent kept"
    kept = [KEPT[event.status] for _, event in change.events if event.status in KEPT]
    return kept[-1] if kept else ""


class Fate:
    """Counts each point down to its cut; `struck` are the cuts that happened."""

    def __init__(self, wire):
        self.wire = wire
        self.due = Counter()
        self.struck = []
        self.is_over = False

    def plan(self, cut, *, skip):
        """Let a cut happen at a passing of its point; the next one, or as many later."""
        self.due[cut] = skip + 1

    def strikes(self, *cut):
        """Count a passing; whether it is cut."""
        if self.is_over or cut not in self.due:
            return False
        self.due[cut] -= 1
        if self.due[cut]:
            return False
        del self.due[cut]
        self.struck.append(cut)
        return True

    def passing(self, point, act):
        """Do something at whose both sides the worker may die, and Postgres be cut off."""
        if self.strikes(WORKER, point, BEFORE):
            raise Died(point)
        way = next(
            (way for way, when in ((THERE, BEFORE), (BACK, AFTER)) if self._cuts_off(point, when)),
            "",
        )
        with self.wire.cutting(way):
            answer = act()
        if self.strikes(WORKER, point, AFTER):
            raise Died(point)
        return answer

    def _cuts_off(self, point, when):
        return point in STORED and self.strikes(POSTGRES, point, when)


class FatedStore(Wrapped):
    """A store at whose doors fate waits."""

    def __init__(self, whole, fate):
        super().__init__(whole)
        self._fate = fate

    def load(self, account, *, since):
        return self._fate.passing("record read", lambda: self._whole.load(account, since=since))

    def take_in(self, account, arrivals, *, at):
        return self._fate.passing(
            "signal kept", lambda: self._whole.take_in(account, arrivals, at=at)
        )

    def commit(self, change, *, sends):
        return self._fate.passing(
            moment_of(change, sends=sends), lambda: self._whole.commit(change, sends=sends)
        )


class FatedBroker(Wrapped):
    """A broker at whose doors fate waits; `calls` are what was sent, and what came of it."""

    def __init__(self, whole, fate, calls):
        super().__init__(whole)
        self._fate = fate
        self._calls = calls

    def submit_order(self, order):
        assert order.order_id not in self._calls, "sent twice"
        self._fate.passing("order sent", lambda: self._submit(order))

    def cancel_order(self, order):
        self._fate.passing("cancel sent", lambda: self._whole.cancel_order(order))

    def events(self):
        return self._fate.passing("news read", self._whole.events)

    def snapshot(self):
        return self._fate.passing("everything asked", self._whole.snapshot)

    def _submit(self, order):
        self._calls[order.order_id] = "sent"
        try:
            self._whole.submit_order(order)
        except (OrderRefused, OutcomeUnknown) as error:
            self._calls[order.order_id] = type(error).__name__
            raise
