"""The bus of signals in memory: a stream with its consumer group, and the channel beside it.

A worker that dies is a new `InMemorySignalStream` at the same `SignalServer`. `at` of a stream is
called by the name of each point it passes (`before read`, `after read` ...) and may raise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from alpha_oracle.domain.signals import CHANNEL, STREAM
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.signal_stream import Delivery

CLAIM_AFTER = timedelta(seconds=120)


@dataclass
class Group:
    """A consumer group: the last entry delivered, and who sits on which entry since when."""

    last: int = 0
    pending: dict = field(default_factory=dict)


@dataclass
class SignalServer:
    """What a server would hold, and who listens; `is_away`: out of reach."""

    entries: dict = field(default_factory=dict)
    group: Group | None = None
    listeners: list = field(default_factory=list)
    is_away: bool = False
    added: int = 0

    def add(self, document):
        self.added += 1
        self.entries[self.added] = document

    def publish(self, document):
        for heard in self.listeners:
            heard.append(document)

    def deliver(self, consumer, *, at):
        """Give what nobody was given yet to a consumer; return it."""
        group = self.opened()
        new = [one for one in self.entries if one > group.last]
        group.last = max(new, default=group.last)
        group.pending |= dict.fromkeys(new, (consumer, at))
        return new

    def opened(self):
        """The group, which begins with the stream where there is none."""
        self.group = self.group or Group()
        return self.group

    def flush(self):
        """Lose all data: the stream and its group; who listens goes on listening."""
        self.entries, self.group = {}, None

    def lose_group(self):
        self.group = None

    def reach(self):
        if self.is_away:
            raise StoreUnavailable("the bus is out of reach")


class InMemorySignalStream:
    """`SignalStream` in memory."""

    def __init__(self, server, *, consumer, clock, at=None):
        self._server = server
        self._consumer = consumer
        self._clock = clock
        self._at = at or (lambda _point: None)
        self._heard = deque()
        self._is_begun = False
        # A process that died listens no more.
        server.listeners = [self._heard]

    def read(self, *, wait_seconds):
        try:
            return self._read()
        except StoreUnavailable:
            self._is_begun = False
            raise

    def acknowledge(self, deliveries):
        self._reach("before acknowledge")
        group = self._server.opened()
        for one in deliveries:
            group.pending.pop(one.entry_id, None)
        self._at("after acknowledge")

    def _read(self):
        self._reach("before read")
        found = [*self._own(), *self._claimed(), *self._new()]
        self._at("after read")
        if found:
            return [
                Delivery(document=self._server.entries[one], source=STREAM, entry_id=one)
                for one in found
            ]
        heard = [Delivery(document=one, source=CHANNEL) for one in self._heard]
        self._heard.clear()
        return heard

    def _own(self):
        if self._is_begun:
            return []
        self._is_begun = True
        pending = self._server.opened().pending
        return [one for one, (consumer, _) in sorted(pending.items()) if consumer == self._consumer]

    def _claimed(self):
        now, pending = self._clock.now(), self._server.opened().pending
        idle = [one for one, (_, since) in pending.items() if now - since >= CLAIM_AFTER]
        pending |= dict.fromkeys(idle, (self._consumer, now))
        return sorted(idle)

    def _new(self):
        return self._server.deliver(self._consumer, at=self._clock.now())

    def _reach(self, point):
        self._server.reach()
        self._at(point)
