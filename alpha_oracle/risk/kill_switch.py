"""The kill switch: one typed word stops all sending, another lets it go on, not too soon.

Active if either store says so or cannot be read. Rules only: the record is the database's, the
mirror Redis's, and both are somebody else's to read and write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from alpha_oracle.risk.verdicts import EVERY_ORDER, let_pass, reject

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.risk import KillSwitchRecord, RiskCheckResult
    from alpha_oracle.risk.facts import RiskFacts

KILL_WORD: Final = "KILL"
RESUME_WORD: Final = "RESUME"

_MINUTE: Final = timedelta(minutes=1)
_DIFFER: Final = "book and broker differ; see `reconcile show`"
_UNKNOWN: Final = (
    "book and broker are not known to agree since the activation; the worker looks within minutes"
    " while it runs"
)


class KillSwitchRefusal(StrEnum):
    """Why a wish to move the switch is not followed."""

    WRONG_WORD = "wrong_word"
    COOLING_DOWN = "cooling_down"
    NOT_RECONCILED = "not_reconciled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedChange:
    """A change of the switch that was refused; whole minutes, rounded up, while cooling down."""

    refusal: KillSwitchRefusal
    reason: str
    remaining_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchRules:
    """When the switch may be moved. Every activation starts the cool-down anew."""

    cooldown_minutes: int

    def activate(
        self, record: KillSwitchRecord, *, word: str, now: datetime, by: str, reason: str
    ) -> KillSwitchRecord | RefusedChange:
        """Return the record after a person's activation, or why there is none."""
        if word != KILL_WORD:
            return _wrong_word(KILL_WORD)
        return self.trip(record, now=now, by=by, reason=reason)

    def trip(
        self, record: KillSwitchRecord, *, now: datetime, by: str, reason: str
    ) -> KillSwitchRecord:
        """Return the record after an activation by the system: a critical alert needs no word.

        A clock that went back leaves the later activation on record.
        """
        at = now if record.activated_at is None else max(now, record.activated_at)
        return replace(record, is_active=True, activated_at=at, changed_by=by, reason=reason)

    def resume(
        self,
        record: KillSwitchRecord,
        *,
        word: str,
        now: datetime,
        by: str,
        is_reconciled: bool | None,
    ) -> KillSwitchRecord | RefusedChange:
        """Return the record after trading may go on, or why it may not.

        `is_reconciled` is of the account since the last activation; None: nobody looked.
        """
        if word != RESUME_WORD:
            return _wrong_word(RESUME_WORD)
        minutes = self.remaining_minutes(record, now=now)
        if minutes > 0:
            return RefusedChange(
                refusal=KillSwitchRefusal.COOLING_DOWN,
                reason=f"cooling down: {minutes} of {self.cooldown_minutes} minutes remain",
                remaining_minutes=minutes,
            )
        if is_reconciled is not True:
            reason = _DIFFER if is_reconciled is False else _UNKNOWN
            return RefusedChange(refusal=KillSwitchRefusal.NOT_RECONCILED, reason=reason)
        return replace(record, is_active=False, changed_by=by, reason="")

    def remaining_minutes(self, record: KillSwitchRecord, *, now: datetime) -> int:
        """Return the whole minutes until a resume is considered, rounded up; 0 when it is."""
        if record.activated_at is None:
            return 0
        left = record.activated_at + self.cooldown_minutes * _MINUTE - now
        return max(-(-left // _MINUTE), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchCheck:
    """Nothing is sent while the switch is active."""

    name: ClassVar[str] = "kill_switch"
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    def check(self, _order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject while either store says active or cannot be read."""
        reading = facts.system.kill_switch
        if not reading.is_active:
            return let_pass(self.name)
        unread = tuple(
            f"kill switch in {store}"
            for store, says in (("database", reading.database), ("mirror", reading.mirror))
            if says is None
        )
        reason = f"kill switch is active ({reading.explanation})"
        return reject(self.name, reason, missing=unread)


def _wrong_word(expected: str) -> RefusedChange:
    return RefusedChange(
        refusal=KillSwitchRefusal.WRONG_WORD, reason=f"type {expected} to confirm, exactly"
    )
