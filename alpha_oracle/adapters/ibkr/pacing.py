"""How fast one connection asks, and how long it bears to be put off."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

MOST_A_SECOND: Final = 40
"""Requests of any kind; the gateway hangs up on more than 50, as it counts them."""


class Pace:
    """Lets requests through one by one, evenly spaced, and none while a pause lasts.

    Belongs to one event loop.
    """

    def __init__(self, *, requests_per_second: float) -> None:
        self._spacing_seconds = 1.0 / requests_per_second
        self._least_seconds = min(self._spacing_seconds, 1.0 / MOST_A_SECOND)
        self._free_at = 0.0
        self._door = asyncio.Lock()

    async def turn(self, *, share: float = 1.0) -> None:
        """Wait for the next free moment, and take it, or for a light request a share of it."""
        loop = asyncio.get_running_loop()
        async with self._door:
            # A pause may begin while we wait.
            while True:
                wait_seconds = self._free_at - loop.time()
                if wait_seconds <= 0.0:
                    break
                await asyncio.sleep(wait_seconds)
            self._free_at = loop.time() + max(self._spacing_seconds * share, self._least_seconds)

    def pause(self, seconds: float) -> None:
        """Let nothing through for some time."""
        self._free_at = max(self._free_at, asyncio.get_running_loop().time() + seconds)


class Burst:
    """Lets requests through at once, and no more of them in a second than a gateway takes.

    Belongs to one event loop.
    """

    def __init__(self, most_a_second: int = MOST_A_SECOND) -> None:
        self._sent_at: deque[float] = deque(maxlen=most_a_second)
        self._paused_until = 0.0

    async def turn(self) -> None:
        """Wait until one more may be sent, and count it."""
        loop = asyncio.get_running_loop()
        while True:
            wait_seconds = self._free_at() - loop.time()
            if wait_seconds <= 0.0:
                break
            await asyncio.sleep(wait_seconds)
        self._sent_at.append(loop.time())

    def pause(self, seconds: float) -> None:
        """Let nothing through for some time."""
        self._paused_until = asyncio.get_running_loop().time() + seconds

    def _free_at(self) -> float:
        is_full = len(self._sent_at) == self._sent_at.maxlen
        return max(self._paused_until, self._sent_at[0] + 1.0 if is_full else 0.0)


class Forbearance:
    """Pauses for refusals that pass, shared by all requests, for all are refused alike.

    Each pause is longer than the one before. After the last of them who is refused is not heard
    again, until an answer comes. Belongs to one event loop.
    """

    def __init__(self, pace: Pace, *, waits_seconds: tuple[float, ...]) -> None:
        self._pace = pace
        self._waits_seconds = waits_seconds
        self._used = 0
        self._paused_until = 0.0

    @property
    def most(self) -> int:
        """How often one request may be put off."""
        return len(self._waits_seconds)

    def bears(self, *, sent_at: float) -> bool:
        """Pause, and return whether to ask again; for a request sent then by the loop's time."""
        now = asyncio.get_running_loop().time()
        if sent_at < self._paused_until:
            # Sent before another's refusal: their pause is ours.
            return True
        if self._used == self.most:
            return False
        wait_seconds = self._waits_seconds[self._used]
        self._used += 1
        self._paused_until = now + wait_seconds
        self._pace.pause(wait_seconds)
        return True

    def relieve(self) -> None:
        """Take note of an answer."""
        self._used = 0
