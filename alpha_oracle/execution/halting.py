"""The kill switch as the engine sees it, and the engine's own hand on it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import KillSwitchReading, Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.execution.recency import is_recent

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.trading import KillSwitchStore
    from alpha_oracle.risk.kill_switch import KillSwitchRules

POLL: Final = timedelta(milliseconds=500)
"""How old a reading may be that something is sent by."""

SYSTEM: Final = "system"


class Halt:
    """Reads the switch, and trips it where integrity is in doubt."""

    def __init__(self, switch: KillSwitchStore, rules: KillSwitchRules, clock: Clock) -> None:
        self._switch = switch
        self._rules = rules
        self._clock = clock
        self._reading = KillSwitchReading(database=None, mirror=None)
        self._read_at: datetime | None = None

    def reading(self) -> KillSwitchReading:
        """Return what the stores say, read less than half a second ago."""
        now = self._clock.now()
        if not is_recent(self._read_at, now, within=POLL):
            self._reading, self._read_at = self._switch.read(), now
            if self._reading.database is True and self._reading.mirror is False:
                self._repair()
        return self._reading

    def _repair(self) -> None:
        # A mirror that alone says active is left so: the record may not know of it yet.
        with suppress(StoreUnavailable):
            self._switch.repair_mirror()

    def says_active(self) -> bool:
        """Whether a store says that the switch is on; unread, it only keeps all from being sent.

        What works at the broker is cancelled upon somebody's word, not for a store being away.
        """
        reading = self.reading()
        return reading.database is True or reading.mirror is True

    def trip(self, reason: str) -> None:
        """Activate the switch, on record before anything else is: it needs no word.

        An active one is activated anew: nobody resumes before this has cooled down. The mirror
        follows by itself where it cannot be reached now.

        Raises:
            StoreUnavailable: it is not on record: repeat it.
        """
        now = self._clock.now()
        tripped = self._rules.trip(self._switch.record(), now=now, by=SYSTEM, reason=reason)
        self._read_at = None
        try:
            self._switch.change(tripped, at=now)
        except StoreUnavailable:
            on_record = self._switch.record()
            if not (on_record.is_active and on_record.activated_at == tripped.activated_at):
                raise

    def alarm(self, ledger: Ledger, kind: str, message: str) -> None:
        """Trip the switch, then say why: integrity is in doubt."""
        self.trip(f"{kind}: {message}")
        now = self._clock.now()
        ledger.announce([an_alert(kind, message, severity=Severity.CRITICAL, at=now)])


def an_alert(kind: str, message: str, *, severity: Severity, at: datetime) -> RiskAlert:
    """Return an alert of something that is or is not, and has no measure."""
    return RiskAlert(
        type=kind, severity=severity, value=None, threshold=None, message=message, at=at
    )
