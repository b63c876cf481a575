"""Where signals come in: a stream that outlives a restart, and a channel beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A document that came in, read by nobody yet.

    `source` is the stream or the channel. `entry_id` is its place on the stream, which delivers it
    again until it is acknowledged; None for what came on the channel.
    """

    document: str
    source: str
    entry_id: str | None = None


class SignalStream(Protocol):
    """Delivers each document at least once, from the stream, the channel or both."""

    def read(self, *, wait_seconds: float) -> list[Delivery]:
        """Return what came in, waiting at most so long for the first of it.

        What an earlier process was delivered and never acknowledged comes first.

        Raises:
            StoreUnavailable: the bus cannot be reached.
        """
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Have the stream deliver these no more: they are on record.

        Raises:
            StoreUnavailable: the bus cannot be reached; they may come again.
        """
        ...
