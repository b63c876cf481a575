"""The feed in the foreground: an always-on process that ends cleanly on SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading

from alpha_oracle.bootstrap.feed import run_feed
from alpha_oracle.config import load_settings
from alpha_oracle.telemetry import configure_logging


def main() -> int:
    """Run until told to end; return the exit code.

    Raises:
        AlphaOracleError: it cannot start; says what to mend.
    """
    configure_logging(json=not sys.stderr.isatty(), level="INFO")
    ending = threading.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, lambda *_: ending.set())
    run_feed(load_settings(), ending=ending)
    return 0


if __name__ == "__main__":
    sys.exit(main())
