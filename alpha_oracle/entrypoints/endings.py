"""How an always-on process hears that it is to end, and how it says that it cannot run."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import structlog

from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)


def ending_on_signals() -> threading.Event:
    """Return what is set once the process is told to end, by SIGTERM or Ctrl-C."""
    ending = threading.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, lambda *_: ending.set())
    return ending


def exit_code_of(main: Callable[[], int]) -> int:
    """Run a process started by a supervisor: what it cannot mend is one line of its log, and 1."""
    try:
        return main()
    except AlphaOracleError as error:
        log.error("process_cannot_run", error=str(error))  # noqa: TRY400 - its text is enough.
        return 1
