"""The two stores of the kill switch: the database's record and its mirror in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.risk import KillSwitchRecord


class KillSwitchLedger(Protocol):
    """The record."""

    def record(self) -> KillSwitchRecord:
        """Return the record.

        Raises:
            StoreUnavailable: the database cannot be read.
            ConfigurationError: its schema, or the row itself, is not there.
        """
        ...

    def change(self, record: KillSwitchRecord, *, at: datetime) -> KillSwitchRecord:
        """Put a change on record, announced and audited; the same once more changes nothing.

        Return what then is on record: of two activations the later instant stands.

        Raises:
            StoreUnavailable: it is not known to be on record; repeat it.
            ContradictsRecord: trading was to go on, and the switch was activated meanwhile.
        """
        ...


class KillSwitchMirror(Protocol):
    """The mirror: something is there while the switch is active, and nothing while it is not."""

    def says_active(self) -> bool:
        """Return whether anything is there, whatever it is.

        Raises:
            StoreUnavailable: Redis cannot be read.
        """
        ...

    def show(self, record: KillSwitchRecord) -> None:
        """Say what the record says.

        Raises:
            StoreUnavailable: Redis cannot be reached; it may say either.
        """
        ...
