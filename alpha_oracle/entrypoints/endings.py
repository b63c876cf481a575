"""How an always-on process hears that it is to end."""

from __future__ import annotations

import signal
import threading


def ending_on_signals() -> threading.Event:
    """Return what is set once the process is told to end, by SIGTERM or Ctrl-C."""
    ending = threading.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, lambda *_: ending.set())
    return ending
