"""The kill switch over its two stores: the database's record and its mirror in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.domain.risk import KillSwitchReading
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from alpha_oracle.domain.risk import KillSwitchRecord
    from alpha_oracle.ports.kill_switch import KillSwitchLedger, KillSwitchMirror


class KillSwitch:
    """`KillSwitchStore`: the record is written first, the mirror then says the same.

    In between, and whenever they differ, the one that says active is believed.
    """

    def __init__(self, ledger: KillSwitchLedger, mirror: KillSwitchMirror) -> None:
        self._ledger = ledger
        self._mirror = mirror

    def is_active(self) -> bool:
        """Whether trading is halted: either store says so, or cannot be read."""
        return self.read().is_active

    def read(self) -> KillSwitchReading:
        """Return what each store says; None for one that cannot be read. Never raises."""
        return KillSwitchReading(
            database=_told(lambda: self._ledger.record().is_active),
            mirror=_told(self._mirror.says_active),
        )

    def record(self) -> KillSwitchRecord:
        """Return the record.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        return self._ledger.record()

    def change(self, record: KillSwitchRecord, *, at: datetime) -> None:
        """Put a change on record, announced and audited, then mirror it.

        Raises:
            StoreUnavailable: it is not on record; or it is, and the mirror is not: repeat it.
            ContradictsRecord: trading was to go on, and the switch was activated meanwhile.
        """
        self._mirror.show(self._ledger.change(record, at=at))

    def repair_mirror(self) -> bool:
        """Make the mirror say what the record says; return whether it said something else."""
        record = self._ledger.record()
        if self._mirror.says_active() is record.is_active:
            return False
        self._mirror.show(record)
        return True


def _told(ask: Callable[[], bool]) -> bool | None:
    try:
        return ask()
    except AlphaOracleError:
        return None
