"""What the risk cascade says of an order, and where the kill switch stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Measure: TypeAlias = Decimal | int | str | bool | None
"""What a check may say it saw: plain, so that it can be recorded and read back."""


class RiskAction(StrEnum):
    """What is to become of an order."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REQUIRE_HUMAN_APPROVAL = "REQUIRE_HUMAN_APPROVAL"
    REDUCE_SIZE = "REDUCE_SIZE"


class Severity(StrEnum):
    """How bad an alert is: critical is integrity and activates the kill switch."""

    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


class AutonomyMode(StrEnum):
    """How much the system may do by itself."""

    PAPER_ONLY = "PAPER_ONLY"
    MANUAL_APPROVAL = "MANUAL_APPROVAL"
    BOUNDED_AUTONOMOUS = "BOUNDED_AUTONOMOUS"
    FULL_AUTONOMOUS = "FULL_AUTONOMOUS"


class DayTradeRegime(StrEnum):
    """Which day-trade rules bind an account; `both`: the stricter of the first two."""

    BOTH = "both"
    PDT = "pdt"
    INTRADAY_MARGIN = "intraday_margin"
    CASH = "cash"


class RiskCheckResult(NamedTuple):
    """A check's verdict: what it measured against which bound, and what it looked at.

    `quantity` is what a reduced order may have, None otherwise. `missing` names the facts that
    were unknown; what adds risk is refused for them. A tuple: every order makes some two dozen,
    and a frozen dataclass takes three times as long to make.
    """

    check: str
    action: RiskAction
    reason: str = ""
    measured: Decimal | None = None
    bound: Decimal | None = None
    quantity: int | None = None
    missing: tuple[str, ...] = ()
    inputs: Mapping[str, Measure] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchReading:
    """What each store says of the switch; None: it could not be read."""

    database: bool | None
    mirror: bool | None

    @property
    def is_active(self) -> bool:
        """Whether trading is halted: unless both say otherwise, it is."""
        return not (self.database is False and self.mirror is False)

    @property
    def explanation(self) -> str:
        """Why it counts as active, by store; empty where it does not."""
        told = (("database", self.database), ("mirror", self.mirror))
        return "; ".join(
            f"{store} unreadable" if says is None else f"{store} says active"
            for store, says in told
            if says is not False
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchRecord:
    """The switch as the database keeps it. `activated_at` is the latest activation, if any."""

    is_active: bool = False
    activated_at: datetime | None = None
    changed_by: str = ""
    reason: str = ""
