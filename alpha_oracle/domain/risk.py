"""What the risk cascade says of an order: a value, kept whatever it says."""

from collections.abc import Mapping
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
