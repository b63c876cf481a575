"""What operators hold in their hands: the kill switch, approvals, requests to the worker.

Imports little, so that the switch is thrown within a second or two.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.operators import (
    PostgresApprovalDesk,
    PostgresOperatorActivity,
    PostgresOperatorDesk,
)
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.bootstrap.presence import traded_account
from alpha_oracle.bootstrap.stores import clock_of, opened_database, opened_redis
from alpha_oracle.config import load_settings
from alpha_oracle.domain.trading_records import OperatorRequest
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from alpha_oracle.risk.kill_switch import KillSwitchRules, RefusedChange
from alpha_oracle.risk.kill_switch_stores import KillSwitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.redis.connection import RedisConnection
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.risk import KillSwitchReading, KillSwitchRecord
    from alpha_oracle.domain.trading_pages import SignalFile
    from alpha_oracle.domain.trading_records import (
        Approval,
        OperatorRequestKind,
        Reconciliation,
    )
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import EventBus, Outbox
    from alpha_oracle.ports.operators import ApprovalDesk, OperatorDesk
    from alpha_oracle.ports.trading import KillSwitchStore, OperatorActivity
    from alpha_oracle.ports.trading_records import TradingRecords

POLL_SECONDS: Final = 0.2
MIRROR_PATIENCE_SECONDS: Final = 1.0
"""How long the mirror may take to answer: longer, and it cannot be read, which counts as active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPosition:
    """The kill switch as each store says, its record, and until when no resume is considered."""

    reading: KillSwitchReading
    record: KillSwitchRecord
    remaining_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What `by` can do for the account traded; all that changes something counts as being there."""

    by: str
    traded: str
    clock: Clock
    switch: KillSwitchStore
    rules: KillSwitchRules
    activity: OperatorActivity
    approvals: ApprovalDesk
    desk: OperatorDesk
    records: TradingRecords
    outbox: Outbox
    bus: EventBus

    def switch_position(self) -> SwitchPosition:
        """Return where the kill switch stands."""
        record = self.switch.record()
        return SwitchPosition(
            reading=self.switch.read(),
            record=record,
            remaining_minutes=self.rules.remaining_minutes(record, now=self._now),
        )

    def activate(self, word: str, *, reason: str) -> KillSwitchRecord | RefusedChange:
        """Halt all trading.

        Raises:
            StoreUnavailable: it is not on record; or it is, and the mirror does not say so yet.
        """
        record, now = self.switch.record(), self._now
        changed = self.rules.activate(record, word=word, now=now, by=self.by, reason=reason)
        return self._changed(changed, "kill_activate")

    def resume(self, word: str) -> KillSwitchRecord | RefusedChange:
        """Let trading go on, where the rules let it.

        Raises:
            StoreUnavailable: a store cannot be reached.
            ContradictsRecord: the switch was activated meanwhile.
        """
        record = self.switch.record()
        changed = self.rules.resume(
            record,
            word=word,
            now=self._now,
            by=self.by,
            is_reconciled=self._is_reconciled(since=record.activated_at),
        )
        return self._changed(changed, "kill_resume")

    def decide(self, order_id: str, *, approve: bool) -> Approval:
        """Decide an order that waits for a human; return the approval as it then stands.

        Raises:
            ConfigurationError: no order of that id ever waited.
        """
        now = self._now
        found = self.approvals.decide(order_id, approve=approve, by=self.by, at=now)
        if found is None:
            raise ConfigurationError(
                f"no order {order_id} waits for a human; see `alpha-oracle approvals list`"
            )
        self.activity.note("approve" if approve else "reject", by=self.by, at=now)
        return found

    def ask(
        self,
        kind: OperatorRequestKind,
        *,
        account: str,
        wait_seconds: float,
        amount_usd: Decimal | None = None,
    ) -> OperatorRequest:
        """Ask the worker for something; return the request, with its answer if it came in time.

        It does what was asked later too.
        """
        now = self._now
        request = OperatorRequest(
            request_id=uuid4().hex,
            account=account,
            kind=kind,
            asked_at=now,
            asked_by=self.by,
            amount_usd=amount_usd,
        )
        self.desk.ask(request)
        self.activity.note(kind.value, by=self.by, at=now)
        return self._answered(request, wait_seconds=wait_seconds)

    def note(self, kind: str) -> None:
        """Put on record that an operator is there."""
        self.activity.note(kind, by=self.by, at=self._now)

    def last_reconciliations(self) -> list[Reconciliation]:
        """Return the newest reconciliation of each account that is traded."""
        pages = [
            self.records.reconciliations(account=account, limit=1).rows
            for account in self.records.accounts()
        ]
        return [page[0] for page in pages if page]

    def signal(self, signal_id: str, *, account: str | None = None) -> SignalFile | None:
        """Return a signal that came in for an account, or for any that was traded, by its name."""
        names = self.records.accounts() if account is None else [account]
        found = (self.records.signal(name, signal_id) for name in names)
        return next((one for one in found if one is not None), None)

    def account(self) -> str:
        """Return the account that is traded.

        Raises:
            ConfigurationError: it was not traded yet.
        """
        if self.traded not in self.records.accounts():
            raise ConfigurationError(
                f"account {self.traded or 'of the settings'} is not traded yet; start "
                "`alpha-oracle worker`"
            )
        return self.traded

    @property
    def _now(self) -> datetime:
        return self.clock.now()

    def _is_reconciled(self, *, since: datetime | None) -> bool | None:
        # What agreed before the switch was activated says nothing of what activated it.
        found = self.records.reconciliations(account=self.traded, limit=1).rows
        is_known = bool(found) and (since is None or found[0].at >= since)
        return found[0].is_green if is_known else None

    def _changed(
        self, changed: KillSwitchRecord | RefusedChange, kind: str
    ) -> KillSwitchRecord | RefusedChange:
        if not isinstance(changed, RefusedChange):
            now = self._now
            self.switch.change(changed, at=now)
            self.activity.note(kind, by=self.by, at=now)
            # Others are told at once, whoever runs; what cannot be told now is when somebody can.
            with suppress(StoreUnavailable):
                self.outbox.relay(self.bus, at=now)
        return changed

    def _answered(self, request: OperatorRequest, *, wait_seconds: float) -> OperatorRequest:
        deadline = time.monotonic() + wait_seconds
        while time.monotonic() < deadline:
            found = self.desk.request(request.request_id)
            if found is not None and found.answered_at is not None:
                return found
            time.sleep(POLL_SECONDS)
        return request


def note_operator(kind: str, *, by: str) -> None:
    """Put on record that an operator did something, Postgres alone being opened for it.

    Raises:
        ConfigurationError: the settings, or the schema, are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with opened_database(settings) as database:
        PostgresOperatorActivity(database).note(kind, by=by, at=clock_of(settings).now())


@contextmanager
def opened_operations(by: str) -> Iterator[Operations]:
    """Open what an operator needs for the length of a block.

    Raises:
        ConfigurationError: the settings, or the schema, are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with (
        opened_database(settings) as database,
        opened_redis(settings, patience_seconds=MIRROR_PATIENCE_SECONDS) as redis,
    ):
        yield operations_on(settings, database, redis, by=by)


def operations_on(
    settings: Settings, database: Database, redis: RedisConnection, *, by: str
) -> Operations:
    """Return what an operator can do on open stores."""
    return Operations(
        by=by,
        traded=traded_account(settings),
        clock=clock_of(settings),
        switch=KillSwitch(PostgresKillSwitch(database), RedisKillSwitchMirror(redis)),
        rules=KillSwitchRules(cooldown_minutes=settings.risk.kill_switch.cooldown_minutes),
        activity=PostgresOperatorActivity(database),
        approvals=PostgresApprovalDesk(database),
        desk=PostgresOperatorDesk(database),
        records=PostgresTradingRecords(database),
        outbox=PostgresOutbox(database, waits=False),
        bus=RedisEventBus(redis),
    )
