"""The way of announcements out, which may be lost at every step."""

from __future__ import annotations

from alpha_oracle.errors import StoreUnavailable


class StormyBus:
    """An `EventBus` that announces each id once; `is_away`: out of reach."""

    def __init__(self):
        self.is_away = False
        self.announced = {}

    def announce(self, document, *, channel, message_id):
        if self.is_away:
            raise StoreUnavailable("the bus is out of reach")
        is_new = message_id not in self.announced
        self.announced.setdefault(message_id, document)
        return is_new


class OrderedOutbox:
    """An `Outbox` over what a memory holds announced; what is marked outlives the worker."""

    def __init__(self, memory, *, at):
        self._memory = memory
        self._at = at
        self.marked = 0

    def pending(self):
        return len(self._memory.announcements) - self.marked

    def relay(self, bus, *, at):
        self._memory.reach()
        before = self.marked
        while self.pending():
            event = self._memory.announcements[self.marked]
            self._at("before announce")
            bus.announce(event, channel=event.channel, message_id=self.marked)
            self._at("after announce")
            self.marked += 1
        return self.marked - before
