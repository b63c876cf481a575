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

    def announce(self, document: str, *, channel: str, message_id: str) -> bool:
        self.calls.append(message_id)
        if message_id in self.fails_before:
            raise StoreUnavailable("the bus is away; repeat it")
        is_new = message_id not in self.announced
        self.announced.setdefault(message_id, document)
        self.channels.setdefault(message_id, channel)
        if message_id in self.fails_after:
            raise StoreUnavailable("the answer was lost; repeat it")
        return is_new
