"""An event loop in which nobody waits: its clock goes on by as long as it would have slept."""

import asyncio
import selectors


class _Sleepless(selectors.DefaultSelector):
    """Looks what has come, and lets the time pass in which nothing did."""

    def __init__(self):
        super().__init__()
        self.passed_seconds = 0.0

    def select(self, timeout=None):
        found = super().select(timeout if timeout is None else 0.0)
        if not found and timeout:
            self.passed_seconds += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop at a clock of its own, from 0; for conversations within one thread."""

    def __init__(self):
        self._sleepless = _Sleepless()
        super().__init__(self._sleepless)

    def time(self):
        """Return the seconds that would have passed."""
        return self._sleepless.passed_seconds


def run_in_virtual_time(conversation):
    """Return what a coroutine returns, without a wait."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(conversation)
