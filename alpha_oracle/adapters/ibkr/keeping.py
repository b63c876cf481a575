"""How a connection is kept up for good: tried with growing pauses, and left once it is silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.5

L = TypeVar("L")


class Heartbeat(Protocol):
    """A connection that can be asked whether it lives."""

    async def until_gone(self) -> None:
        """Wait for the end of the socket."""

    async def is_alive(self) -> bool:
        """Whether the gateway answers at all."""
        ...


async def keep(
    tried: Callable[[], Awaitable[L | None]],
    watched: Callable[[L], Awaitable[None]],
    *,
    waits_seconds: tuple[float, ...],
) -> None:
    """Try, watch what came of it until its end, and try again, for ever.

    After a try that came to nothing there is a pause; the last of them is repeated.
    """
    waits = 0
    while True:
        try:
            link = await tried()
            if link is not None:
                waits = 0
                await watched(link)
                continue
        except Exception:
            # Whatever it was: nobody else would ever connect again.
            log.exception("gateway_connection_failed")
        await asyncio.sleep(waits_seconds[min(waits, len(waits_seconds) - 1)])
        waits += 1


async def watch(
    link: Heartbeat, *, every_seconds: float, look: Callable[[], None], place: str
) -> None:
    """Return once a connection is gone or silent; `look` is called twice a second meanwhile."""
    loop = asyncio.get_running_loop()
    gone = asyncio.ensure_future(link.until_gone())
    asked_at = loop.time()
    try:
        while not gone.done():
            await asyncio.wait({gone}, timeout=LOOK_SECONDS)
            look()
            if loop.time() - asked_at < every_seconds or gone.done():
                continue
            asked_at = loop.time()
            if not await link.is_alive() and not gone.done():
                log.warning("gateway_half_dead", gateway=place)
                return
    finally:
        gone.cancel()
