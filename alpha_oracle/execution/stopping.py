"""The kill switch at work: all that works is cancelled, and a complete snapshot proves its end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity
from alpha_oracle.execution.halting import an_alert
from alpha_oracle.execution.surroundings import SETTLE
from alpha_oracle.risk.facts import LinkState

if TYPE_CHECKING:
    from alpha_oracle.execution.following import Follower
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.slicing import Slicer
    from alpha_oracle.ports.clock import Clock

KILLED: Final = "kill_switch"
LONGEST_WAIT: Final = timedelta(seconds=60)
"""How rarely everything is asked at the most while the end of something is not proven."""


class Stopper:
    """Ends what works, on record or at the broker alone."""

    def __init__(
        self,
        ledger: Ledger,
        follower: Follower,
        *,
        slicer: Slicer,
        sender: Sender,
        link: Link,
        clock: Clock,
        reconcile_every: timedelta,
    ) -> None:
        self._ledger = ledger
        self._follower = follower
        self._slicer = slicer
        self._sender = sender
        self._link = link
        self._clock = clock
        self._reconcile_every = reconcile_every
        self.rest()

    def rest(self) -> None:
        """Note that the switch is not active: what works may."""
        self._told: frozenset[str] = frozenset()
        self._wait = SETTLE

    def stop(self) -> None:
        """End it all, and have everything asked until none of it is left."""
        now, asked = self._clock.now(), self._link.asked_at
        self._slicer.stop("kill switch")
        for order in self._ledger.book.working():
            self._sender.cancel(order)
        for order in self._follower.closed_but_working:
            self._sender.end(order)
        if self._left():
            self._link.ask_by(now if asked is None else max(asked + self._wait, now), KILLED)
        elif asked is not None and self._link.state is LinkState.READY:
            # Who wants to resume needs to know, at whatever hour, that book and broker agree.
            self._link.ask_by(max(asked + self._reconcile_every, now), "halted")

    def look(self) -> None:
        """Say once what a snapshot still shows; the longer it stays, the rarer the next ones."""
        left = self._left()
        if left and left == self._told:
            self._wait = min(self._wait * 2, LONGEST_WAIT)
            return
        self._told, self._wait = left, SETTLE
        if left:
            message = f"the kill switch is active and orders still work: {', '.join(sorted(left))}"
            now = self._clock.now()
            self._ledger.announce(
                [an_alert("orders_still_working", message, severity=Severity.HIGH, at=now)]
            )

    def _left(self) -> frozenset[str]:
        both = (*self._ledger.book.working(), *self._follower.closed_but_working)
        return frozenset(order.order_id for order in both)
