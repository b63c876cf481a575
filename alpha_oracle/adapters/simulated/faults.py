"""What goes wrong at the simulated broker, drawn from its seed and the order alone: repeatable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.config import SimulatedFaultSettings

WORDS: Final = 2**64
SMALLEST_PART: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The faults of the settings, under a seed."""

    seed: int
    settings: SimulatedFaultSettings

    @property
    def latency(self) -> timedelta:
        """How long an order, or its end, is on its way."""
        return timedelta(seconds=self.settings.latency_seconds)

    @property
    def commission_delay(self) -> timedelta:
        """How long after an execution its commission is told; 0: with it."""
        return timedelta(seconds=self.settings.commission_delay_seconds)

    def rejects(self, order_id: str) -> bool:
        """Whether an order is rejected for no reason of its own."""
        return self._hits(self.settings.rejected_pct, order_id, "rejected")

    def loses_order(self, command: str) -> bool:
        """Whether a command is lost on its way, and with it every word of it."""
        return self._hits(self.settings.lost_order_pct, command, "lost order")

    def loses_answer(self, command: str) -> bool:
        """Whether a command arrives, and its answer does not."""
        return self._hits(self.settings.lost_answer_pct, command, "lost answer")

    def repeats(self, event: str) -> bool:
        """Whether an event is told twice."""
        return self._hits(self.settings.repeated_event_pct, event, "repeated")

    def part(self, order_id: str, quantity: int, *, number: int) -> int:
        """Return how much of `quantity` shares the order's execution `number` (from 0) fills."""
        purpose = f"partial {number}"
        if not self._hits(self.settings.partial_fill_pct, order_id, purpose):
            return quantity
        share = SMALLEST_PART + (1 - SMALLEST_PART) * self._draw(order_id, f"{purpose} size")
        return min(ceil(quantity * share), quantity)

    def is_link_down(self, now: datetime) -> bool:
        """Whether nobody can reach the broker."""
        up, down = self.settings.link_up_seconds, self.settings.link_down_seconds
        return down > 0 and now.timestamp() % (up + down) >= up

    def _hits(self, pct: float, subject: str, purpose: str) -> bool:
        return pct > 0 and self._draw(subject, purpose) * 100 < pct

    def _draw(self, subject: str, purpose: str) -> float:
        digest = sha256(f"{self.seed}|{subject}|{purpose}".encode()).digest()
        return int.from_bytes(digest[:8]) / WORDS
