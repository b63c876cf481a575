"""How what happened is announced: written with the change itself, relayed to a bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Outbox(Protocol):
    """Announcements written with what they announce, waiting to be relayed."""

    def pending(self) -> int:
        """Return how many announcements wait."""
        ...

    def relay(self, bus: EventBus, *, at: datetime) -> int:
        """Announce what waits, oldest first whatever the channel, marking what was announced.

        Two relays at once announce nothing twice and nothing out of order. A crash between
        announcing and marking announces again, with the same id. Return how many were marked.

        Raises:
            StoreUnavailable: the bus or the store cannot be reached; the rest still waits.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A document for a channel, by an id of its own on it."""

    channel: str
    message_id: str
    document: str


class EventBus(Protocol):
    """Where events are announced."""

    def announce(self, announcements: Sequence[Announcement]) -> int:
        """Publish each on its channel, in order; a signal also goes on the stream, both or neither.

        One whose id was announced on the channel before is not repeated. Return how many, from the
        first on, are announced now or were before; the one behind them is refused.

        Raises:
            StoreUnavailable: the first is refused, or nothing is known; repeat them.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedEvent:
    """An event as it was announced; numbers grow, one by one or by more."""

    number: int
    channel: str
    document: str


class EventLog(Protocol):
    """What was announced, kept."""

    def latest(self) -> int:
        """Return the number of the newest event; 0: none was ever announced."""
        ...

    def after(self, number: int, *, limit: int) -> list[AnnouncedEvent]:
        """Return the events after one, in the order they were announced."""
        ...
