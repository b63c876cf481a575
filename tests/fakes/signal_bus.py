"""A bus in memory that can lose its way before or after it announced."""

from __future__ import annotations

from alpha_oracle.errors import StoreUnavailable


class InMemorySignalBus:
    """Announces each id once; `calls` counts what it was asked, repetitions included."""

    def __init__(self) -> None:
        self.announced: dict[str, str] = {}
        self.calls: list[str] = []
        self.fails_before: set[str] = set()
        self.fails_after: set[str] = set()

    def announce(self, document: str, *, signal_id: str) -> bool:
        self.calls.append(signal_id)
        if signal_id in self.fails_before:
            raise StoreUnavailable("the bus is away; repeat it")
        is_new = signal_id not in self.announced
        self.announced.setdefault(signal_id, document)
        if signal_id in self.fails_after:
            raise StoreUnavailable("the answer was lost; repeat it")
        return is_new
