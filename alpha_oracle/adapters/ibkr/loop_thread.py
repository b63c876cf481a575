"""A thread with an event loop of its own, for work that other threads hand it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Final, TypeVar

from alpha_oracle.errors import SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
_CANCEL_AGAIN_SECONDS: Final = 2.0


class LoopThread:
    """Runs coroutines for any thread; its own thread starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in the thread and return its result; not to be called from within.

        Raises:
            SourceAway: the thread was closed before the work was done.
        """
        with self._guard:
            # Handed over under the guard, so that `close` finds it.
            loop = self._started()
            future = asyncio.run_coroutine_threadsafe(work(), loop)
        try:
            return future.result()
        except CancelledError:
            raise SourceAway(f"{self._name} was closed before it was done") from None
        except BaseException:
            # An interrupt reaches the caller alone: the work must not go on without it.
            future.cancel()
            raise

    def close(self, farewell: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """End all work, run a last coroutine, and end the thread for good; safe to repeat."""
        with self._guard:
            self._is_closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(_end(farewell), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise SourceAway(f"{self._name} is closed")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon: who forgets to close must still come to an end.
            self._thread = threading.Thread(
                target=_serve, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    # The library asks for the thread's loop by the policy, not for the running one.
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _end(farewell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    # Before Python 3.12 `wait_for` swallows a cancel that meets its answer: once is not enough.
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        done, _ = await asyncio.wait(others, timeout=_CANCEL_AGAIN_SECONDS)
        await asyncio.gather(*done, return_exceptions=True)
    await farewell()
