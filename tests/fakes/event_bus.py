"""A bus in memory that can lose its way before or after it announced."""

from __future__ import annotations

from alpha_oracle.errors import StoreUnavailable


class InMemoryEventBus:
    """Announces each id of a channel once; `calls` counts what it was asked, repetitions too."""

    def __init__(self) -> None:
        self.announced: dict[str, str] = {}
        self.channels: dict[str, str] = {}
        self.calls: list[str] = []
        self.fails_before: set[str] = set()
        self.fails_after: set[str] = set()

    def announce(self, announcements) -> int:
        for place, one in enumerate(announcements):
            self.calls.append(one.message_id)
            if one.message_id in self.fails_before:
                if place:
                    return place
                raise StoreUnavailable("the bus is away; repeat it")
            self.announced.setdefault(one.message_id, one.document)
            self.channels.setdefault(one.message_id, one.channel)
            if one.message_id in self.fails_after:
                raise StoreUnavailable("the answer was lost; repeat it")
        return len(announcements)
