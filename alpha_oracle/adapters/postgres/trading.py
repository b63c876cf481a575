"""The worker's book and decisions in Postgres: each change one round trip, one durable commit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import psycopg2
from sqlalchemy import text

from alpha_oracle.adapters.postgres import trading_inbox as inbox
from alpha_oracle.adapters.postgres import trading_reading as reading
from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.leases import PostgresLeases
from alpha_oracle.adapters.postgres.trading_batch import ChangeBatch, is_committed, replaced
from alpha_oracle.adapters.postgres.trading_reconciliations import script_of_reconciliation
from alpha_oracle.adapters.postgres.trading_script import script_of_steps, steps_of
from alpha_oracle.adapters.postgres.trading_session import PreparedSession
from alpha_oracle.adapters.postgres.trading_statements import PREPARED
from alpha_oracle.domain.trading_records import ApprovalStatus, TakenIn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import (
        Approval,
        Arrivals,
        BookRecord,
        Change,
        OperatorRequest,
        Reconciliation,
    )

TAKEOVER_SECONDS: Final = 1.0
"""How long a worker that starts waits for the end of one that was just killed."""

_TAKE_TURN: Final = """
INSERT INTO trading_workers AS worker (account, epoch, since)
VALUES (:account, 1, clock_timestamp())
ON CONFLICT (account) DO UPDATE SET epoch = worker.epoch + 1, since = clock_timestamp()
RETURNING epoch, since
"""
# Whoever commits shares the row until that is over, and names the turn it began with.
_TAKE_NEXT_TURN: Final = """
SET LOCAL lock_timeout = '5s';
UPDATE trading_workers SET epoch = epoch + 1 WHERE account = :account AND since = :since
RETURNING epoch
"""
_REQUESTS: Final = """
SELECT request_id, account, kind, asked_at, asked_by, amount_usd, answered_at, answer
FROM operator_requests WHERE account = :account AND answered_at IS NULL ORDER BY number
"""


class PostgresTradingStore:
    """`TradingStore` on Postgres.

    What comes in and changes go over a connection of its own, everything else over the pool.
    Whoever takes an account gets a turn, which every commit names: one that lost its lease without
    noticing, and was replaced, commits nothing more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = PreparedSession(database, PREPARED | inbox.PREPARED)
        self._leases = PostgresLeases(database)
        self._turns: dict[str, int] = {}
        self._held_since: dict[str, datetime] = {}
        self._given: set[tuple[str, str]] = set()
        self._on_record: dict[str, tuple[Session, set[str]]] = {}
        self._batch: ChangeBatch | None = None

    @contextmanager
    def only_worker(self, account: str) -> Iterator[None]:
        """Hold the account for the length of a block, or the life of the process.

        Raises:
            LeaseTaken: another process trades it; names it.
            StoreUnavailable: Postgres cannot be reached, or the lease was lost in the block.
        """
        with self._leases.held(f"trading account {account}", wait_seconds=TAKEOVER_SECONDS):
            with self._database.at_once() as connection:
                turn = connection.execute(text(_TAKE_TURN), {"account": account}).one()
            self._turns[account], self._held_since[account] = turn
            try:
                yield
            finally:
                del self._turns[account], self._held_since[account]

    def load(self, account: str, *, since: Session) -> BookRecord:
        """Return the account's book, with all orders of sessions from `since` on, all durable.

        What is still under way on a connection that was lost is waited for, or never committed.

        Raises:
            LeaseTaken: another worker took the account over.
            StoreUnavailable: Postgres cannot be reached.
        """
        self._take_next_turn(account)
        self._session.harden()
        with self._database.begin() as connection:
            book = reading.book(connection, account, since=since)
            self._on_record[account] = (since, inbox.on_record(connection, account, since=since))
        self._given = {(account, signal.signal_id) for signal in book.waiting}
        return book

    def _take_next_turn(self, account: str) -> None:
        if account not in self._turns:
            return
        # By when it was taken over: a turn whose answer is lost is none of another worker's.
        own = {"account": account, "since": self._held_since[account]}
        with self._database.at_once() as connection:
            turn = connection.execute(text(_TAKE_NEXT_TURN), own).scalar_one_or_none()
        if turn is None:
            raise replaced(account)
        self._turns[account] = turn

    def recall(self, account: str, order_id: str) -> list[Order]:
        """Return an order as it is on record, before it the TWAP it is a slice of, if any."""
        self._unload()
        with self._database.begin() as connection:
            return list(reading.recalled(connection, account, order_id))

    def take_in(self, account: str, arrivals: Arrivals, *, at: datetime) -> TakenIn:
        """Keep what came in, all or nothing; return which of its signals are new.

        Signals that come again, and are new by what is known of the record, go there with the next
        change: that is most often the decision on them.

        Raises:
            MalformedSignal: something in it cannot be kept; nothing of it was.
            StoreUnavailable: not known to be kept, nor is what was not settled before.
        """
        if arrivals.comes_again and self._are_surely_new(account, arrivals):
            self._session.carry(inbox.script_of_signals(account, arrivals, at=at))
            self._note_as_given(account, arrivals.signals)
            return TakenIn(new=arrivals.signals)
        self._session.refused_carried = False
        with inbox.refusals_told():
            found = self._session.run_unsettled(inbox.script_of(account, arrivals, at=at))
        if arrivals.announcements:
            # What others are told of is not given again by anyone.
            self._session.harden()
        taken = inbox.taken(arrivals, found)
        new = tuple(one for one in taken.new if (account, one.signal_id) not in self._given)
        self._note_as_given(account, new)
        return replace(taken, new=new)

    def _are_surely_new(self, account: str, arrivals: Arrivals) -> bool:
        is_more = bool(arrivals.malformed or arrivals.announcements)
        # One the database refused is among what comes again: it is found where each is taken in.
        if is_more or self._session.refused_carried or account not in self._on_record:
            return False
        since, known = self._on_record[account]
        told = {signal.signal_id for signal in arrivals.signals if signal.session >= since}
        return len(told) == len(arrivals.signals) and told.isdisjoint(known)

    def _note_as_given(self, account: str, signals: Iterable[ReceivedSignal]) -> None:
        told = {signal.signal_id for signal in signals}
        self._given |= {(account, signal_id) for signal_id in told}
        if account in self._on_record:
            self._on_record[account][1].update(told)

    def waiting(self, account: str) -> tuple[ReceivedSignal, ...]:
        """Return the signals nothing has become of yet, in the order they came."""
        self._unload()
        with self._database.at_once() as connection:
            found = reading.waiting(connection, account)
        self._note_as_given(account, found)
        return found

    def settle(self) -> None:
        """See to it that all that was taken in is durable: a commit since then made it so.

        Raises:
            StoreUnavailable: what was taken in and not settled may be gone; give it again.
        """
        self._session.settle()

    def commit(self, change: Change, *, sends: bool) -> bool:
        """Commit a change durably, in one round trip; False: the kill switch is active.

        In a block that commits together it is under way at best, and True.

        Raises:
            StoreUnavailable: not known to be committed; the same change may be tried again.
            LeaseTaken: another worker took the account over; nothing is committed.
            ContradictsRecord: the record says otherwise; nothing is committed.
            RecordUnwritable: the database keeps no such change.
        """
        steps = steps_of(change, sends=sends, epoch=self._turns.get(change.account))
        # What has its outcome waits no more: it need not be known as given.
        decided = {(change.account, one.signal_id) for one in change.outcomes}
        if self._batch is not None:
            self._batch.add(change, steps, sends=sends)
            self._given -= decided
            return True
        try:
            self._session.run(script_of_steps(steps))
        except psycopg2.Error as error:
            return is_committed(error, change)
        self._given -= decided
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let the changes of a block be durable at its end, all at once.

        Raises:
            StoreUnavailable: any of them may be gone.
            LeaseTaken: another worker took the account over.
            ChangesRefused: one of them was refused; those before it are on record.
        """
        self._batch = batch = ChangeBatch(self._session)
        try:
            yield
        finally:
            self._batch = None
        batch.end()

    def missed(self, account: str, *, since: Session) -> list[str]:
        """Return the documents of signals on record from `since` on that were never taken in."""
        self._unload()
        with self._database.at_once() as connection:
            return inbox.missed(connection, account, since=since)

    def operator_requests(self, account: str) -> list[OperatorRequest]:
        """Return what operators asked and the worker has not answered, oldest first."""
        with self._database.at_once() as connection:
            found = connection.execute(text(_REQUESTS), {"account": account})
            return [rows.to_request(row) for row in found]

    def decided_approvals(self, account: str) -> list[Approval]:
        """Return approvals that a human decided and whose order waits, first decided first."""
        with self._database.at_once() as connection:
            awaited = reading.awaited(connection, account)
        decided = [one for one in awaited if one.status is not ApprovalStatus.WAITING]
        return sorted(decided, key=lambda one: (one.decided_at or one.requested_at, one.order_id))

    def save_reconciliation(self, found: Reconciliation) -> None:
        """Keep what a reconciliation found; once."""
        self._session.run(script_of_reconciliation(found))

    def last_reconciliation(self, account: str) -> Reconciliation | None:
        """Return the newest reconciliation on record."""
        newest = "WHERE account = :account ORDER BY at DESC, number DESC LIMIT 1"
        with self._database.begin() as connection:
            found = reading.reconciliations(connection, newest, {"account": account})
        return found[0] if found else None

    def _unload(self) -> None:
        if self._batch is not None:
            self._batch.push()
        self._session.unload()

    def close(self) -> None:
        """Close the connection that changes go over."""
        self._session.close()
