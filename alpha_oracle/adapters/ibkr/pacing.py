"""How fast one connection asks."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets requests through one by one, evenly spaced, and none while a pause lasts.

    Belongs to one event loop.
    """

    def __init__(self, *, requests_per_second: float) -> None:
        self._spacing_seconds = 1.0 / requests_per_second
        self._free_at = 0.0
        self._door = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for the next free moment, and take it."""
        loop = asyncio.get_running_loop()
        async with self._door:
            # A pause may begin while we wait.
            while True:
                wait_seconds = self._free_at - loop.time()
                if wait_seconds <= 0.0:
                    break
                await asyncio.sleep(wait_seconds)
            self._free_at = loop.time() + self._spacing_seconds

    def pause(self, seconds: float) -> None:
        """Let nothing through for some time."""
        self._free_at = max(self._free_at, asyncio.get_running_loop().time() + seconds)
