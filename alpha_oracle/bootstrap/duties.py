"""Things done again and again, each on a thread of its own: what one meets stays its trouble."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

END_SECONDS: Final = 15.0
"""How long the duties at work may take once the process is told to end."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something done again and again, `every_seconds` of real time, on a thread of its own.

    `perform` may raise: that is logged, and it is performed again when it is due.
    """

    name: str
    every_seconds: float
    perform: Callable[[], object]


def perform_until(ending: Event, duties: Sequence[Duty]) -> None:
    """Perform duties, side by side, until told to end; one that hangs is left behind."""
    threads = [
        threading.Thread(target=_perform, args=(duty, ending), name=duty.name, daemon=True)
        for duty in duties
    ]
    for thread in threads:
        thread.start()
    ending.wait()
    deadline = time.monotonic() + END_SECONDS
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.0))


def _perform(duty: Duty, ending: Event) -> None:
    trouble = ""
    while not ending.is_set():
        started = time.monotonic()
        told = _trouble_of(duty)
        if told and told != trouble:
            log.warning("duty_failed", duty=duty.name, error=told)
        if trouble and not told:
            log.info("duty_resumed", duty=duty.name)
        trouble = told
        ending.wait(max(duty.every_seconds - (time.monotonic() - started), 0.0))


def _trouble_of(duty: Duty) -> str:
    try:
        duty.perform()
    except Exception as error:  # noqa: BLE001 - the top of a loop: no duty may end another.
        return f"{type(error).__name__}: {error}"
    return ""
