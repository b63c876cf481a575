"""How watchdogs tell: by the record of what is announced, or a person at once without it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.risk.watchdogs import over

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.domain.trading_events import RiskAlert
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.watchdogs import WatchRecord
    from alpha_oracle.risk.watchdogs import Trouble

STEADY_SECONDS: Final = 60.0
"""How long all must be well, in real time, before it is told: what dies again and again is not."""

log = structlog.get_logger(__name__)


class Teller:
    """Tells of a trouble once while it lasts, and once when it is over, restarts or not.

    What is on record is announced like any other alert, and told by whoever reads those. While
    `is_recordable` says no, a person is told by `say`, which returns whether that was delivered;
    the record follows if the trouble outlasts that. Each subject is for one thread.
    """

    def __init__(
        self,
        record: WatchRecord,
        clock: Clock,
        *,
        is_recordable: Callable[[], bool],
        say: Callable[[RiskAlert], bool],
        tick: Callable[[], float] = time.monotonic,
        steady_seconds: float = STEADY_SECONDS,
    ) -> None:
        self._record = record
        self._clock = clock
        self._is_recordable = is_recordable
        self._say = say
        self._tick = tick
        self._steady_seconds = steady_seconds
        self._well_since: dict[str, float] = {}
        self._open: dict[str, str | None] = {}
        self._said: dict[str, str] = {}

    def note(self, subject: str, trouble: Trouble | None, *, is_settled: bool = False) -> None:
        """Note how it is with a subject; None: well, once it was so for a while or `is_settled`.

        Raises:
            StoreUnavailable: it is not on record; note it again.
        """
        if trouble is None:
            if self._is_steady(subject) or is_settled:
                self._note_well(subject)
            return
        self._well_since.pop(subject, None)
        if self._is_recordable():
            self._announce(trouble)
        elif not self._is_said(trouble) and self._say(trouble.alert):
            self._said[subject] = trouble.occurrence or trouble.alert.at.isoformat()
            log.warning("trouble_told_directly", subject=subject, message=trouble.alert.message)

    def _is_steady(self, subject: str) -> bool:
        now = self._tick()
        return now - self._well_since.setdefault(subject, now) >= self._steady_seconds

    def _is_said(self, trouble: Trouble) -> bool:
        said = self._said.get(trouble.subject)
        return said is not None and trouble.occurrence in {"", said}

    def _announce(self, trouble: Trouble) -> None:
        alert, known = trouble.alert, self._open_occurrence(trouble.subject)
        occurrence = trouble.occurrence or known or alert.at.isoformat()
        if occurrence == known:
            return
        self._record.announce(trouble.subject, occurrence, alert, at=self._clock.now())
        self._open[trouble.subject] = occurrence
        log.warning("trouble_found", subject=trouble.subject, message=alert.message)

    def _note_well(self, subject: str) -> None:
        now = self._clock.now()
        if self._is_recordable():
            occurrence = self._open_occurrence(subject) or self._said.get(subject)
            if occurrence is not None:
                self._record.close(subject, occurrence, over(subject, now=now), at=now)
                log.info("trouble_over", subject=subject)
            self._open[subject] = None
            self._said.pop(subject, None)
        elif subject in self._said and self._say(over(subject, now=now)):
            del self._said[subject]

    def _open_occurrence(self, subject: str) -> str | None:
        if subject not in self._open:
            self._open[subject] = self._record.open_occurrence(subject)
        return self._open[subject]
