"""The worker's loop: what comes in, all that is due, what is to be announced; again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from threading import Event

    from alpha_oracle.bootstrap.presence import Pulse
    from alpha_oracle.bootstrap.worker import Worker
    from alpha_oracle.bootstrap.worker_metrics import WorkerMetrics

POLL_SECONDS: Final = 0.5
"""How long the worker waits at the most before it looks at the kill switch and the broker."""

HEARTBEAT_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


class WorkerLoop:
    """Drives a worker until told to end."""

    def __init__(
        self, worker: Worker, ending: Event, metrics: WorkerMetrics, *, pulse: Pulse
    ) -> None:
        self._worker = worker
        self._pulse = pulse
        self._metrics = metrics
        self._ending = ending
        self._look_at = worker.clock.now()
        self._is_interrupted = False
        self._signals = self._announced = 0
        self._told_at = time.monotonic()

    def run(self) -> None:
        """Work; what is out of reach is tried again.

        Raises:
            AlphaOracleError: trying again is of no use.
        """
        while not self._ending.is_set():
            started = time.monotonic()
            self._pulse.beat()
            tried = [self._tried(one) for one in (self._take_in, self._step, self._relay)]
            self._note(is_whole=all(tried))
            if not all(tried):
                # Who could not wait for what comes in waits here.
                self._ending.wait(max(POLL_SECONDS - (time.monotonic() - started), 0.0))
            if time.monotonic() - self._told_at >= HEARTBEAT_SECONDS:
                self._tell()

    def _take_in(self) -> None:
        left = (self._look_at - self._worker.clock.now()).total_seconds()
        wait = min(max(left, 0.0), POLL_SECONDS)
        new = self._worker.take_in(wait_seconds=wait)
        self._signals += new
        self._metrics.signals.inc(new)

    def _step(self) -> None:
        with self._metrics.looks.time():
            self._look_at = self._worker.step()

    def _relay(self) -> None:
        announced = self._worker.relay()
        self._announced += announced
        self._metrics.announced.inc(announced)

    def _tried(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except StoreUnavailable as error:
            if not self._is_interrupted:
                log.warning("worker_interrupted", error=str(error))
            self._is_interrupted = True
            return False
        return True

    def _note(self, *, is_whole: bool) -> None:
        self._metrics.interrupted.set(not is_whole)
        if is_whole and self._is_interrupted:
            self._is_interrupted = False
            log.info("worker_resumed")

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        log.info(
            "worker_alive",
            now=self._worker.clock.now().isoformat(),
            looks_again=_told(self._look_at),
            signals=self._signals,
            announced=self._announced,
            is_interrupted=self._is_interrupted,
        )
        self._signals = self._announced = 0


def _told(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
