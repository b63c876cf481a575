"""The way of announcements out, which may be lost at every step."""

from __future__ import annotations

from alpha_oracle.domain.trading_events import encode_event
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.events import Announcement

BATCH = 7


class StormyBus:
    """An `EventBus` that announces each id once, in order; `is_away`: out of reach."""

    def __init__(self):
        self.is_away = False
        self.announced = {}

    def announce(self, announcements):
        if self.is_away:
            raise StoreUnavailable("the bus is out of reach")
        for one in announcements:
            self.announced.setdefault(one.message_id, one.document)
        return len(announcements)


class OrderedOutbox:
    """An `Outbox` over what a memory holds announced; what is marked outlives the worker."""

    def __init__(self, memory, *, at):
        self._memory = memory
        self._at = at
        self.marked = 0

    def pending(self):
        return len(self._memory.announcements) - self.marked

    def relay(self, bus, *, at):
        before = self.marked
        while self.pending():
            self._memory.reach()
            self._at("before announce")
            told = bus.announce(self._waiting())
            self._at("after announce")
            self.marked += told
            # To mark is to commit, and that keeps all before it.
            self._memory.harden()
        return self.marked - before

    def _waiting(self):
        oldest = self._memory.announcements[self.marked : self.marked + BATCH]
        return [
            Announcement(channel=one.channel, message_id=str(number), document=encode_event(one))
            for number, one in enumerate(oldest, self.marked)
        ]
