"""The cascade: a tuple of checks, one loop, every verdict kept.

A rejection ends it; a reduction is what the next check sees; a wish for a human is remembered while
the rest still checks; an exception inside a check is a rejection that names the check.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import Order, OrderPurpose
from alpha_oracle.domain.risk import RiskAction, RiskCheckResult
from alpha_oracle.risk.verdicts import Check, effective_purpose, let_pass, reject

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alpha_oracle.risk.facts import RiskFacts

_APPROVE: Final = RiskAction.APPROVE
_NOT_ASKED: Final = {purpose: f"holds back no {purpose} order" for purpose in OrderPurpose}
_PASSED: Final = let_pass("cascade", "every check passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """What became of an order: the deciding verdict, the shares it may have, all verdicts in order.

    `action` is REQUIRE_HUMAN_APPROVAL also where the size was reduced: `quantity` tells. It is 0
    where the order was rejected.
    """

    action: RiskAction
    quantity: int
    deciding: RiskCheckResult
    verdicts: tuple[RiskCheckResult, ...]

    @property
    def may_be_sent(self) -> bool:
        """Whether the order, at `quantity`, may go out now."""
        return self.action in (RiskAction.APPROVE, RiskAction.REDUCE_SIZE)

    @property
    def reason(self) -> str:
        """Why, in one line: the deciding check and what it said."""
        return f"{self.deciding.check}: {self.deciding.reason}"

    @property
    def asking(self) -> frozenset[str]:
        """The checks that want a human: what an approval answers."""
        return frozenset(
            verdict.check
            for verdict in self.verdicts
            if verdict.action is RiskAction.REQUIRE_HUMAN_APPROVAL
        )


def run_cascade(
    checks: Sequence[Check], order: Order, facts: RiskFacts, *, answered: Collection[str] = ()
) -> Clearance:
    """Ask every check about an order.

    `answered` are the checks whose wish for a human a human has already met; their verdicts are
    kept and decide nothing.
    """
    purpose, quantity = effective_purpose(order), order.quantity
    verdicts: list[RiskCheckResult] = []
    deciding = _PASSED
    for check in checks:
        if purpose not in check.holds_back:
            verdicts.append(let_pass(check.name, _NOT_ASKED[purpose]))
            continue
        verdict = _ask(check, order, facts)
        verdicts.append(verdict)
        if verdict.action is _APPROVE:
            continue
        if verdict.action is RiskAction.REJECT:
            return _clearance(verdict, 0, verdicts)
        if verdict.quantity is not None:
            quantity = verdict.quantity
            order = replace(order, quantity=quantity)
        if verdict.check not in answered:
            deciding = _graver(deciding, verdict)
    return _clearance(deciding, quantity, verdicts)


def _ask(check: Check, order: Order, facts: RiskFacts) -> RiskCheckResult:
    try:
        verdict = check.check(order, facts)
        return verdict if verdict.action is _APPROVE else _sound(verdict, check, order)
    except Exception as error:  # noqa: BLE001 - A check that fails has refused, whatever it raised.
        return reject(check.name, f"check failed ({type(error).__name__}: {error}); order refused")


def _sound(verdict: RiskCheckResult, check: Check, order: Order) -> RiskCheckResult:
    if verdict.action is not RiskAction.REDUCE_SIZE and verdict.quantity is None:
        return verdict
    if verdict.quantity is None or not 0 < verdict.quantity < order.quantity:
        reason = f"reduced {order.quantity} shares to {verdict.quantity}; order refused"
        return reject(check.name, reason)
    return verdict


def _graver(deciding: RiskCheckResult, verdict: RiskCheckResult) -> RiskCheckResult:
    return deciding if deciding.action is RiskAction.REQUIRE_HUMAN_APPROVAL else verdict


def _clearance(
    deciding: RiskCheckResult, quantity: int, verdicts: Sequence[RiskCheckResult]
) -> Clearance:
    return Clearance(
        action=deciding.action, quantity=quantity, deciding=deciding, verdicts=tuple(verdicts)
    )
