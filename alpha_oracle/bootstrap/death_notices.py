"""What people are told of processes that end though they should run: put on record as alerts.

Whoever keeps a process running is not held up for it: where the record is away, perhaps because its
server is what has ended, it is tried again until it is back.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.postgres.outbox import announce
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.bootstrap.children import ChildReport
    from alpha_oracle.ports.clock import Clock

ENDED: Final = "process_ended"
CRASH_LOOP: Final = "process_crash_loop"
RETRY_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class DeathNotices:
    """Announces deaths, each on a thread of its own, from when it knows the record."""

    def __init__(self, clock: Clock, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._ending = threading.Event()
        self.database: Database | None = None

    def tell_end(self, report: ChildReport) -> None:
        """Tell that a process ended and is started again."""
        how = f" ({report.last_exit})" if report.last_exit else ""
        message = f"{report.name} ended{how} and is started again; see {report.name}.log"
        self._begin(ENDED, report.name, message, severity=Severity.WARNING)

    def tell_loop(self, report: ChildReport) -> None:
        """Tell that a process ends again and again."""
        message = (
            f"the {report.name} ends again and again (the last time: {report.last_exit}); "
            f"it is tried on once a minute; see {report.name}.log, mend what it says"
        )
        self._begin(CRASH_LOOP, report.name, message, severity=Severity.HIGH)

    def close(self) -> None:
        """Try no more."""
        self._ending.set()

    def _begin(self, kind: str, subject: str, message: str, *, severity: Severity) -> None:
        alert = RiskAlert(
            type=kind,
            severity=severity,
            value=None,
            threshold=None,
            message=message,
            at=self._clock.now(),
            subject=subject,
        )
        # One that hangs on its store must not keep this process from its end.
        threading.Thread(target=self._announce, args=(alert,), daemon=True).start()

    def _announce(self, alert: RiskAlert) -> None:
        is_logged = False
        while not self._ending.is_set():
            try:
                if self.database is not None:
                    self._record(self.database, alert)
                    return
            except AlphaOracleError as error:
                if not is_logged:
                    log.warning("death_not_told_yet", name=alert.subject, reason=str(error))
                is_logged = True
            self._ending.wait(self._retry_seconds)

    def _record(self, database: Database, alert: RiskAlert) -> None:
        cause = f"{alert.type}|{alert.subject}|{alert.at.isoformat()}"
        with database.begin() as connection:
            announce(connection, cause, [alert], at=self._clock.now())
