"""How the worker's book and decisions are kept: few operations, each one durable commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.risk import KillSwitchReading, KillSwitchRecord
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.domain.trading_records import (
        Approval,
        Arrivals,
        BookRecord,
        Change,
        Reconciliation,
    )


class TradingStore(Protocol):
    """One account's book, decisions and inbox. Safe against kill -9 between any two steps."""

    def only_worker(self, account: str) -> AbstractContextManager[None]:
        """Hold the account for the length of a block, or the life of the process.

        Raises:
            LeaseTaken: another process trades it; names it.
        """
        ...

    def load(self, account: str, *, since: Session) -> BookRecord:
        """Return the account's book, with all orders of sessions from `since` on."""
        ...

    def take_in(self, account: str, arrivals: Arrivals, *, at: datetime) -> list[ReceivedSignal]:
        """Keep what came in; return the signals that were not on record before, in their order."""
        ...

    def commit(self, change: Change, *, sends: bool) -> bool:
        """Commit a change durably, in one round trip; one committed before changes nothing.

        With `sends` nothing is committed, and False returned, while the kill switch is active on
        record: who then sends, sends what was committed while it was not.

        Raises:
            StoreUnavailable: not known to be committed; the same change may be tried again.
        """
        ...

    def decided_approvals(self, account: str) -> list[Approval]:
        """Return approvals that a human decided and the worker has not yet acted on."""
        ...

    def save_reconciliation(self, found: Reconciliation, events: Sequence[TradingEvent]) -> None:
        """Keep what a reconciliation found, with what others are told of it."""
        ...

    def last_reconciliation(self, account: str) -> Reconciliation | None:
        """Return the newest reconciliation on record."""
        ...


class KillSwitchStore(Protocol):
    """The switch: the database's record and its mirror, which every change writes in that order."""

    def read(self) -> KillSwitchReading:
        """Return what each store says; None for one that cannot be read. Never raises."""
        ...

    def record(self) -> KillSwitchRecord:
        """Return the record.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        ...

    def change(self, record: KillSwitchRecord, *, at: datetime) -> None:
        """Put a change on record, announced and audited, then mirror it.

        Raises:
            StoreUnavailable: it is not on record; or it is, and the mirror is not: repeat it.
        """
        ...

    def repair_mirror(self) -> bool:
        """Make the mirror say what the record says; return whether it said something else."""
        ...


class OperatorActivity(Protocol):
    """When an operator last did something that counts for the dead man switch."""

    def note(self, kind: str, *, by: str, at: datetime) -> None:
        """Put an activity on record."""
        ...

    def latest(self) -> datetime | None:
        """Return when the last one was; None: never."""
        ...
