"""Where a worker may die, and where a store, the bus or the broker may be gone for a moment."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from alpha_oracle.errors import StoreUnavailable
from tests.fakes.trading import BLINK

STORE_POINTS = (
    "before load",
    "before take in",
    "after take in",
    "before commit",
    "after commit",
    "before save reconciliation",
)
BUS_POINTS = ("before read", "after read", "before acknowledge", "after acknowledge")
RELAY_POINTS = ("before announce", "after announce")
POINTS = (
    *STORE_POINTS,
    *BUS_POINTS,
    *RELAY_POINTS,
    "before decided approvals",
    "before operator requests",
    "before missed",
    "before submit",
    "after submit",
    "before cancel",
    "after cancel",
    "before events",
    "after events",
    "before snapshot",
    "after snapshot",
)
AWAY_POINTS = STORE_POINTS + BUS_POINTS + RELAY_POINTS
BLINK_POINTS = (
    *("before load", "before take in", "before commit", "before save reconciliation"),
    *("before missed", "before waiting", "before settle", "before harden"),
)


class Died(BaseException):
    """The worker ends here, as by kill -9."""


@dataclass
class Fate:
    """What happens at which passing of which point: `die` or `away`.

    At any passing of a store's it may blink, with a chance of `blinks`.
    """

    plan: dict = field(default_factory=dict)
    passed: Counter = field(default_factory=Counter)
    struck: int = 0
    is_over: bool = False
    blinks: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def __call__(self, point):
        if self.is_over:
            return ""
        self.passed[point] += 1
        what = self.plan.get((point, self.passed[point]))
        self.struck += what is not None
        if what == "die":
            raise Died(point)
        if what == "away":
            raise StoreUnavailable(f"gone {point}")
        return BLINK if point in BLINK_POINTS and self.dice.random() < self.blinks else ""


class WatchedBroker:
    """A broker at whose every door fate waits, and whose every command a judge looks at first."""

    def __init__(self, broker, fate, judge):
        self._broker = broker
        self._fate = fate
        self._judge = judge

    account = property(lambda self: self._broker.account)
    is_simulated = property(lambda self: self._broker.is_simulated)
    is_paper = property(lambda self: self._broker.is_paper)
    is_linked = property(lambda self: self._broker.is_linked)

    def submit_order(self, order):
        self._judge(order)
        self._passing("submit", lambda: self._broker.submit_order(order))

    def cancel_order(self, order):
        self._passing("cancel", lambda: self._broker.cancel_order(order))

    def events(self):
        return self._passing("events", self._broker.events)

    def snapshot(self):
        return self._passing("snapshot", self._broker.snapshot)

    def _passing(self, name, act):
        self._fate(f"before {name}")
        answer = act()
        self._fate(f"after {name}")
        return answer
