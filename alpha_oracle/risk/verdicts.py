"""How checks speak: a verdict says what was measured against which bound.

Which orders a check may hold back is data beside it. An exit only reduces risk, so it is held back
by the few checks that name `EVERY_ORDER`; what the others would say of it is not asked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from alpha_oracle.domain.orders import Order, OrderPurpose, Side
from alpha_oracle.domain.risk import Measure, RiskAction, RiskCheckResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from alpha_oracle.risk.facts import RiskFacts

EVERY_ORDER: Final = frozenset(OrderPurpose)
ENTRIES: Final = frozenset({OrderPurpose.ENTRY})

_BUY: Final = Side.BUY
_APPROVE: Final = RiskAction.APPROVE
_NO_INPUTS: Final[Mapping[str, Measure]] = {}


class Check(Protocol):
    """One question asked of an order, answered from the gathered facts alone."""

    @property
    def name(self) -> str:
        """What the check is called in verdicts and on record."""
        ...

    @property
    def holds_back(self) -> frozenset[OrderPurpose]:
        """The purposes of the orders it is asked about."""
        ...

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Return the verdict on an order."""
        ...


def effective_purpose(order: Order) -> OrderPurpose:
    """Return what an order does to risk: a purchase adds to it, whatever it says of itself."""
    return OrderPurpose.ENTRY if order.side is _BUY else order.purpose


@cache
def let_pass(check: str, reason: str = "") -> RiskCheckResult:
    """Return the approval of a check that had nothing to measure: one value, made once."""
    return RiskCheckResult(check=check, action=RiskAction.APPROVE, reason=reason, inputs=_NO_INPUTS)


def approve(
    check: str,
    reason: str = "",
    *,
    measured: Decimal | None = None,
    bound: Decimal | None = None,
    missing: tuple[str, ...] = (),
    inputs: Mapping[str, Measure] = _NO_INPUTS,
) -> RiskCheckResult:
    """Return that a check has nothing against an order."""
    # By place: it is made at every check of every order, and keywords take twice as long.
    return RiskCheckResult(check, _APPROVE, reason, measured, bound, None, missing, inputs)


def reject(
    check: str,
    reason: str,
    *,
    measured: Decimal | None = None,
    bound: Decimal | None = None,
    missing: tuple[str, ...] = (),
    inputs: Mapping[str, Measure] = _NO_INPUTS,
) -> RiskCheckResult:
    """Return that an order must not be sent."""
    return RiskCheckResult(
        check=check,
        action=RiskAction.REJECT,
        reason=reason,
        measured=measured,
        bound=bound,
        missing=missing,
        inputs=inputs,
    )


def reject_unknown(check: str, *missing: str, bound: Decimal | None = None) -> RiskCheckResult:
    """Return that an order must not be sent because a fact is not known."""
    reason = f"unknown: {', '.join(missing)}; order refused"
    return reject(check, reason, bound=bound, missing=missing)


def reduce_size(
    check: str,
    quantity: int,
    reason: str,
    *,
    measured: Decimal | None = None,
    bound: Decimal | None = None,
) -> RiskCheckResult:
    """Return that an order may have `quantity` shares, fewer than it asks for."""
    return RiskCheckResult(
        check=check,
        action=RiskAction.REDUCE_SIZE,
        reason=reason,
        measured=measured,
        bound=bound,
        quantity=quantity,
    )


def ask_human(
    check: str,
    reason: str,
    *,
    measured: Decimal | None = None,
    bound: Decimal | None = None,
    missing: tuple[str, ...] = (),
    inputs: Mapping[str, Measure] = _NO_INPUTS,
) -> RiskCheckResult:
    """Return that a human must approve an order before it is sent."""
    return RiskCheckResult(
        check=check,
        action=RiskAction.REQUIRE_HUMAN_APPROVAL,
        reason=reason,
        measured=measured,
        bound=bound,
        missing=missing,
        inputs=inputs,
    )


def fit(
    check: str,
    order: Order,
    room: Callable[[], int],
    *,
    measured: Decimal,
    bound: Decimal,
    what: str,
) -> RiskCheckResult:
    """Return approval where the whole order fits, else what does, or nothing.

    `measured` is what there would be after the whole order, `bound` what there may be; `room` are
    the shares that fit and is asked only where they are fewer; `what` names it in the reason.
    """
    if measured <= bound or (shares := room()) >= order.quantity:
        return approve(check, measured=measured, bound=bound)
    reason = f"{what}: {measured:.2f} USD would pass the bound of {bound:.2f}"
    if shares > 0:
        return reduce_size(check, shares, reason, measured=measured, bound=bound)
    return reject(check, reason, measured=measured, bound=bound)
