"""The execution worker in the foreground: an always-on process that ends cleanly on SIGTERM."""

from __future__ import annotations

import sys

from alpha_oracle.bootstrap.worker import run_worker
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.endings import ending_on_signals, exit_code_of
from alpha_oracle.telemetry import configure_logging


def main(*, started_by: str | None) -> int:
    """Trade until told to end; return the exit code.

    `started_by` is the operator who started it by hand; None: a supervisor did.

    Raises:
        AlphaOracleError: it cannot start; says what to mend.
    """
    configure_logging(json=not sys.stderr.isatty(), level="INFO")
    ending = ending_on_signals()
    run_worker(load_settings(), ending=ending, started_by=started_by)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(lambda: main(started_by=None)))
