"""The feed in the foreground: an always-on process that ends cleanly on SIGTERM."""

from __future__ import annotations

import sys

from alpha_oracle.bootstrap.feed import run_feed
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.endings import ending_on_signals, exit_code_of
from alpha_oracle.telemetry import configure_logging


def main() -> int:
    """Run until told to end; return the exit code.

    Raises:
        AlphaOracleError: it cannot start; says what to mend.
    """
    configure_logging(json=not sys.stderr.isatty(), level="INFO")
    ending = ending_on_signals()
    run_feed(load_settings(), ending=ending)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
