"""How the worker's book and decisions are kept: few operations, each one durable commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.risk import KillSwitchReading, KillSwitchRecord
    from alpha_oracle.domain.trading_records import (
        Approval,
        Arrivals,
        BookRecord,
        Change,
        OperatorRequest,
        Reconciliation,
        TakenIn,
    )


class TradingStore(Protocol):
    """One account's book, decisions and inbox. Safe against kill -9 between any two steps."""

    def only_worker(self, account: str) -> AbstractContextManager[None]:
        """Hold the account for the length of a block, or the life of the process.

        Whoever held it before can commit nothing from then on, even where it does not know yet.

        Raises:
            LeaseTaken: another process trades it; names it.
        """
        ...

    def load(self, account: str, *, since: Session) -> BookRecord:
        """Return the account's book, with all orders of sessions from `since` on.

        What it says is durable, and nothing this worker gave before is committed after it.

        Raises:
            LeaseTaken: another worker took the account over.
        """
        ...

    def recall(self, account: str, order_id: str) -> list[Order]:
        """Return an order as it is on record, before it the TWAP it is a slice of, if any.

        Nothing where the account has no such order.
        """
        ...

    def take_in(self, account: str, arrivals: Arrivals, *, at: datetime) -> TakenIn:
        """Keep what came in, all or nothing; return which of its signals are new.

        Each is given once to a worker, by this or by `load`, even where an answer was lost. Of
        documents that are no signals the latest thousand are kept, and all are counted.

        It outlives the worker at once, unless it comes again, and the store itself once `settle`
        has returned; with announcements both at once. Whoever gave it keeps hold of it until then.

        Raises:
            MalformedSignal: something in it cannot be kept; nothing of it was.
            StoreUnavailable: not known to be kept; it may be given again, with all that was taken
                in and is not settled.
        """
        ...

    def waiting(self, account: str) -> tuple[ReceivedSignal, ...]:
        """Return the signals nothing has become of yet, in the order they came.

        Those too that a worker took in which another has replaced since.
        """
        ...

    def settle(self) -> None:
        """See to it that all that was taken in is durable; a commit since then made it so.

        A store that was lost before says so to whoever asks it next, as what that builds on may be
        gone with it, and says it here.

        Raises:
            StoreUnavailable: what was taken in and not settled may be gone; give it again.
        """
        ...

    def commit(self, change: Change, *, sends: bool) -> bool:
        """Commit a change durably, in one round trip; one committed before changes nothing.

        With `sends` nothing is committed, and False returned, while the kill switch is active on
        record: who then sends, sends what was committed while it was not. A change committed
        before is True whatever the switch says by now.

        Raises:
            StoreUnavailable: not known to be committed; the same change may be tried again.
            LeaseTaken: another worker took the account over; nothing is committed.
            ContradictsRecord: an order, an outcome or a corporate action is on record already by
                another change, or one is named that is not; nothing is committed.
            RecordUnwritable: the record takes no such change, whatever it says.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Let the changes committed in a block be durable at its end, all at once.

        Until then `commit` says True, and nothing is sent. The switch is asked at the end of a
        block whose changes send.

        Raises:
            StoreUnavailable: any of them may be gone; what is left is those up to one of them.
            LeaseTaken: another worker took the account over.
            ChangesRefused: one of them was refused, or trading was halted before all were durable;
                those before it are on record.
        """
        ...

    def missed(self, account: str, *, since: Session) -> list[str]:
        """Return the documents of signals on record, of sessions from `since` on, never taken in.

        Oldest first. A bus that lost what it was told loses no signal.
        """
        ...

    def operator_requests(self, account: str) -> list[OperatorRequest]:
        """Return what operators asked and the worker has not answered, oldest first."""
        ...

    def decided_approvals(self, account: str) -> list[Approval]:
        """Return approvals that a human decided and whose order waits, first decided first."""
        ...

    def save_reconciliation(self, found: Reconciliation) -> None:
        """Keep what a reconciliation found."""
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
            ContradictsRecord: trading was to go on, and the switch was activated meanwhile.
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
