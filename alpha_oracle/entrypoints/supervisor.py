"""The always-on part of an installation: stores, Prefect server, deployments, processes, flow runs.

`alpha-oracle up` starts it detached; it ends on SIGTERM (`alpha-oracle down`) and takes what it
started with it.
"""

from __future__ import annotations

import sys

import structlog

from alpha_oracle.bootstrap.supervision import supervised
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.endings import ending_on_signals
from alpha_oracle.errors import AlphaOracleError
from alpha_oracle.telemetry import configure_logging, disable_dependency_telemetry

log = structlog.get_logger(__name__)


def main() -> int:
    """Run until told to end; return the exit code."""
    disable_dependency_telemetry()
    configure_logging(json=True)
    ending = ending_on_signals()
    try:
        with supervised(load_settings()):
            log.info("installation_up")
            ending.wait()
    except AlphaOracleError as error:
        log.error("installation_failed", error=str(error))  # noqa: TRY400 - its text is enough.
        return 1
    except OSError as error:
        told = f"{error}; check that the place is writable and its disk has room"
        log.exception("installation_failed", error=told)
        return 1
    log.info("installation_down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
