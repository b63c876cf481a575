"""States of the account and of the world that halt entries: measured, and held against a bound.

The same reading refuses an order, is shown to an operator and raises an alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from alpha_oracle.risk.verdicts import ENTRIES, approve, reject

if TYPE_CHECKING:
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.risk import RiskCheckResult
    from alpha_oracle.risk.facts import RiskFacts


class Reading(NamedTuple):
    """What a gauge shows. What cannot be measured counts as breached and names what is missing."""

    name: str
    measured: Decimal | None
    bound: Decimal
    is_breached: bool
    reason: str = ""
    missing: tuple[str, ...] = ()


class Gauge(Protocol):
    """Something measured from the facts alone, whatever the order."""

    @property
    def name(self) -> str:
        """What it is called in verdicts, alerts and on record."""
        ...

    def read(self, facts: RiskFacts) -> Reading:
        """Return what it shows."""
        ...


def measure(name: str, measured: Decimal, *, bound: Decimal, what: str) -> Reading:
    """Return a reading that is breached from its bound on; `what` names it in the reason."""
    if measured < bound:
        return Reading(name=name, measured=measured, bound=bound, is_breached=False)
    reason = f"{what} is {measured:.2f}, bound {bound:.2f}"
    return Reading(name=name, measured=measured, bound=bound, is_breached=True, reason=reason)


def unmeasured(name: str, *missing: str, bound: Decimal) -> Reading:
    """Return the reading of what cannot be measured."""
    reason = f"unknown: {', '.join(missing)}"
    return Reading(
        name=name, measured=None, bound=bound, is_breached=True, reason=reason, missing=missing
    )


@dataclass(frozen=True, slots=True)
class Halt:
    """No entry while a gauge shows a breach."""

    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    gauge: Gauge

    @property
    def name(self) -> str:
        """The gauge's."""
        return self.gauge.name

    def check(self, _order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject while the gauge shows a breach."""
        shown = self.gauge.read(facts)
        if not shown.is_breached:
            return approve(shown.name, measured=shown.measured, bound=shown.bound)
        return reject(
            shown.name,
            shown.reason,
            measured=shown.measured,
            bound=shown.bound,
            missing=shown.missing,
        )
