"""Changes committed together: on their way as soon as Postgres is free, durable at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg2

from alpha_oracle.adapters.postgres.trading_script import script_of_changes, script_of_steps
from alpha_oracle.adapters.postgres.trading_session import WRITE_ANYHOW, joined, unwritable
from alpha_oracle.errors import ChangesRefused, ContradictsRecord, LeaseTaken

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.trading_script import Script, Step
    from alpha_oracle.adapters.postgres.trading_session import PreparedSession
    from alpha_oracle.domain.trading_records import Change

REPLACED: Final = "AO001"
HALTED: Final = "AO002"
_COMMITTED_BEFORE: Final = "trading_changes_pkey"
_CONTRADICTIONS: Final = ("22", "23")
"""The classes of codes of values no column takes, and of rows no other row allows."""

_KILLED: Final = "the kill switch is active"
_IS_HALTED: Final[Script] = ("EXECUTE ao_is_halted", [])
_NOTHING: Final[Script] = (WRITE_ANYHOW, [])


@dataclass(frozen=True, slots=True)
class _Kept:
    change: Change
    steps: list[Step]
    sends: bool


class ChangeBatch:
    """Takes changes one after the other, and none of their answers before the end.

    While Postgres works on what it was given the next ones are decided, and go there as one. What
    is refused among others is tried once more by itself, in its order, and all that follows.
    """

    def __init__(self, session: PreparedSession) -> None:
        self._session = session
        self._kept: list[_Kept] = []
        self._given: list[_Kept] = []
        self._refused: list[_Kept] = []
        self._has_sent = False

    def add(self, change: Change, steps: list[Step], *, sends: bool) -> None:
        """Take a change; those before it are given, where nothing is under way.

        Raises:
            StoreUnavailable: any of the changes may be gone.
        """
        if self._kept and not self._session.is_busy():
            self.push()
        self._kept.append(_Kept(change, steps, sends))
        self._has_sent = self._has_sent or sends

    def push(self) -> None:
        """Give what was taken, unless it is to be run one by one.

        Raises:
            StoreUnavailable: any of the changes may be gone.
        """
        self._session.collect()
        if self._kept and not self._refused:
            self._given, self._kept = self._kept, []
            self._session.give(_script_of(self._given), refused=self._refuse)

    def end(self) -> None:
        """Let everything be durable.

        Raises:
            StoreUnavailable: any of the changes may be gone.
            LeaseTaken: another worker took the account over.
            ChangesRefused: one of them was refused; those before it are on record.
            RecordUnwritable: likewise, and no other would be taken.
        """
        if not self._kept and not self._given:
            return
        self._session.collect()
        if self._refused or not self._is_run_as_one():
            self._run_one_by_one()

    def _refuse(self, _error: Exception) -> None:
        self._refused = self._given

    def _is_run_as_one(self) -> bool:
        # A change that sends looks at the switch itself.
        looks = self._has_sent and not any(one.sends for one in self._kept)
        try:
            self._harden(_script_of(self._kept) if self._kept else _NOTHING, looks=looks)
        except psycopg2.Error:
            return False
        return True

    def _run_one_by_one(self) -> None:
        for one in (*self._refused, *self._kept):
            try:
                self._session.run_unsettled(script_of_steps(one.steps))
            except psycopg2.Error as error:
                self._judge(error, one.change)
        self._harden(_NOTHING, looks=self._has_sent)

    def _harden(self, script: Script, *, looks: bool) -> None:
        # The switch is looked at once all that it lets be sent is there.
        rows = self._session.run(joined([script, _IS_HALTED]) if looks else script)
        if looks and (not rows or rows[0].is_active):
            raise ChangesRefused(_KILLED)

    def _judge(self, error: psycopg2.Error, change: Change) -> None:
        try:
            is_on_record = is_committed(error, change)
        except ContradictsRecord as contradiction:
            raise ChangesRefused(str(contradiction)) from None
        if not is_on_record:
            raise ChangesRefused(_KILLED)


def _script_of(kept: list[_Kept]) -> Script:
    return script_of_changes([one.steps for one in kept])


def is_committed(error: psycopg2.Error, change: Change) -> bool:
    """Return whether a change that was refused is on record already; False: trading is halted.

    Raises:
        LeaseTaken: another worker took the account over.
        ContradictsRecord: the record says otherwise.
        RecordUnwritable: it was refused for neither.
    """
    code = error.pgcode or ""
    if code == HALTED:
        return False
    if code == REPLACED:
        raise replaced(change.account) from None
    told = error.diag.message_primary or "no reason given"
    if not code.startswith(_CONTRADICTIONS):
        raise unwritable(told) from None
    if error.diag.constraint_name == _COMMITTED_BEFORE:
        return True
    raise ContradictsRecord(
        f"change {change.change_id} of account {change.account} contradicts the record ({told}); "
        "nothing of it was kept"
    ) from None


def replaced(account: str) -> LeaseTaken:
    """Return what a worker is told whose account another one took over."""
    return LeaseTaken(f"another worker took over account {account}; this one is to end")
