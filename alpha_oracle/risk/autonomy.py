"""The autonomy gate, last of all: what may be sent without a human.

PAPER_ONLY trades the book `paper` and never reaches a real broker. FULL_AUTONOMOUS is for live
accounts above its threshold; anywhere else it behaves as MANUAL_APPROVAL and an alert says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from alpha_oracle.domain.risk import AutonomyMode, RiskCheckResult
from alpha_oracle.risk.verdicts import EVERY_ORDER, ask_human, let_pass, reject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.risk.facts import RiskFacts

NAME: Final = "autonomy_gate"
PAPER_ACCOUNT: Final = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutonomyGate:
    """Which orders go out by themselves; `full_above_usd` is the equity full autonomy needs."""

    name: ClassVar[str] = NAME
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    full_above_usd: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Return what the mode says of an order that every other check has passed."""
        return _GATES[facts.system.mode](self, order, facts)

    def is_full_withheld(self, facts: RiskFacts) -> bool:
        """Whether full autonomy is set where it may not be: an alert is due."""
        is_full = facts.system.mode is AutonomyMode.FULL_AUTONOMOUS
        return is_full and not self._may_be_full(facts)

    def _may_be_full(self, facts: RiskFacts) -> bool:
        equity = facts.account.equity_usd
        return facts.account.is_live and equity is not None and equity > self.full_above_usd


def _paper(_gate: AutonomyGate, order: Order, facts: RiskFacts) -> RiskCheckResult:
    is_paper = order.simulated and order.account == PAPER_ACCOUNT and not facts.account.is_live
    if is_paper:
        return let_pass(NAME, "simulated")
    return reject(NAME, f"PAPER_ONLY trades the book {PAPER_ACCOUNT}, not {order.account}")


def _manual(_gate: AutonomyGate, _order: Order, _facts: RiskFacts) -> RiskCheckResult:
    return ask_human(NAME, "every order waits for a human in MANUAL_APPROVAL")


def _bounded(_gate: AutonomyGate, _order: Order, _facts: RiskFacts) -> RiskCheckResult:
    return let_pass(NAME, "within limits")


def _full(gate: AutonomyGate, _order: Order, facts: RiskFacts) -> RiskCheckResult:
    if not gate.is_full_withheld(facts):
        return let_pass(NAME, "full autonomy")
    reason = f"FULL_AUTONOMOUS needs a live account above {gate.full_above_usd} USD"
    equity = facts.account.equity_usd
    return ask_human(NAME, reason, measured=equity, bound=gate.full_above_usd)


_GATES: Final[
    Mapping[AutonomyMode, Callable[[AutonomyGate, Order, RiskFacts], RiskCheckResult]]
] = MappingProxyType(
    {
        AutonomyMode.PAPER_ONLY: _paper,
        AutonomyMode.MANUAL_APPROVAL: _manual,
        AutonomyMode.BOUNDED_AUTONOMOUS: _bounded,
        AutonomyMode.FULL_AUTONOMOUS: _full,
    }
)
