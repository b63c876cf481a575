"""What people are told: notices of what happened, episodes of what lasts, alerts to deliver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alpha_oracle.domain.risk import Severity

RANK: Final[Mapping[Severity | None, int]] = {
    None: 0,
    Severity.WARNING: 1,
    Severity.HIGH: 2,
    Severity.CRITICAL: 3,
}
"""How bad is worse; None: nothing is wrong, people are told all the same."""

APPROVAL: Final = "approval_required"
"""The type of notices about an order that waits for a human."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that happened and that people are to know.

    The same `type` about the same `subject` is the same news. One that `is_over` ends whatever
    lasts about its subject. One that `is_once` is told each time and lasts not; an `is_echo` says
    what another notice of the same type says too, and is told only where that one was not.
    """

    type: str
    subject: str
    severity: Severity | None
    text: str
    at: datetime
    is_over: bool = False
    is_once: bool = False
    is_echo: bool = False

    @property
    def key(self) -> str:
        """What makes it the same news."""
        return f"{self.type}:{self.subject}" if self.subject else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """News that people were told and that may last.

    `text` is the newest of it, `times` how often it came, `untold` how often since it was told at
    `told_at`; `reminders` counts how often it was told without coming again.
    """

    key: str
    type: str
    subject: str
    severity: Severity | None
    text: str
    began_at: datetime
    told_at: datetime
    times: int = 1
    untold: int = 0
    reminders: int = 0
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A message for every channel; `cause` names what it is told for, once."""

    cause: str
    type: str
    severity: Severity | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAlert:
    """An alert that a channel has not delivered yet, after so many attempts."""

    alert_id: int
    severity: Severity | None
    text: str
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How often people are told: see `alerts` of the settings."""

    window: timedelta = timedelta(minutes=15)
    most_per_minute: int = 10
    repeats: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {
            Severity.CRITICAL: timedelta(minutes=15),
            Severity.HIGH: timedelta(hours=1),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAlert:
    """An alert on record: the channels that have delivered it, and those that are still to."""

    alert_id: int
    type: str
    severity: Severity | None
    text: str
    at: datetime
    delivered: tuple[str, ...]
    waiting: tuple[str, ...]
