"""A large order in slices: what to do next follows from the plan, the fills and the time.

Nothing is kept beside them, so that a worker started again goes on where the fills say it stands.
A slice is never changed: what is left of it when the next is due is cancelled first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class TwapPlan:
    """`quantity` shares in `slices` orders, `interval_seconds` apart, none sent from `stops_at` on.

    `stops_at` is the end of the execution window: what works then is cancelled.
    """

    quantity: int
    slices: int
    interval_seconds: int
    starts_at: datetime
    stops_at: datetime

    def __post_init__(self) -> None:
        if not 1 <= self.slices <= self.quantity:
            raise ValueError(f"{self.slices} slices of {self.quantity} shares; give 1 or more each")
        if self.interval_seconds <= 0:
            raise ValueError(f"slices {self.interval_seconds} s apart; give 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwapProgress:
    """How far a plan has come: slices sent, shares filled by all, shares the last one still works.

    A slice that was refused counts as sent. `last_sent_at` is None before the first.
    """

    sent: int = 0
    filled: int = 0
    working: int = 0
    last_sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSlice:
    """Send slice `number`, counted from 0, of `quantity` shares."""

    number: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSlice:
    """Cancel what works of the last slice, and ask again when that is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """Do nothing before `at`, unless a fill comes."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Nothing more is sent; `unfilled` shares stay untraded, for the reason given."""

    unfilled: int
    reason: str


TwapStep: TypeAlias = SendSlice | CancelSlice | WaitUntil | Finished


def plan_twap(
    quantity: int,
    *,
    slices: int,
    interval_seconds: int,
    starts_at: datetime,
    stops_at: datetime,
) -> TwapPlan:
    """Return the plan of an order: `slices` of them, fewer where there are fewer shares."""
    return TwapPlan(
        quantity=quantity,
        slices=min(slices, quantity),
        interval_seconds=interval_seconds,
        starts_at=starts_at,
        stops_at=stops_at,
    )


def progress_of(slices: Sequence[Order]) -> TwapProgress:
    """Return how far the slices sent so far have brought a plan."""
    return TwapProgress(
        sent=len(slices),
        filled=sum(order.filled_quantity for order in slices),
        working=sum(order.remaining_quantity for order in slices),
        last_sent_at=max((order.created_at for order in slices), default=None),
    )


def next_step(plan: TwapPlan, progress: TwapProgress, now: datetime) -> TwapStep:
    """Return what is to be done now.

    A slice takes its even share of what is left, rounded up, over the slices that still fit before
    the end: what one leaves unfilled goes to the later ones.
    """
    unfilled = plan.quantity - progress.filled
    if unfilled <= 0:
        # A slice that still works then would buy more than was asked for.
        return CancelSlice() if progress.working else Finished(unfilled=0, reason="filled")
    due_at = _due_at(plan, progress)
    if now < due_at and now < plan.stops_at:
        return WaitUntil(at=min(due_at, plan.stops_at))
    if progress.working:
        return CancelSlice()
    if now >= plan.stops_at:
        return Finished(unfilled=unfilled, reason="the execution window ended")
    if progress.sent >= plan.slices:
        return Finished(unfilled=unfilled, reason="every slice was sent")
    return SendSlice(
        number=progress.sent, quantity=-(-unfilled // _slices_left(plan, progress, now))
    )


def _due_at(plan: TwapPlan, progress: TwapProgress) -> datetime:
    if progress.last_sent_at is None:
        return plan.starts_at
    return progress.last_sent_at + timedelta(seconds=plan.interval_seconds)


def _slices_left(plan: TwapPlan, progress: TwapProgress, now: datetime) -> int:
    # The last instant before the end counts: a slice at `stops_at` itself is none.
    left_seconds = (plan.stops_at - now).total_seconds()
    fitting = int(-(-left_seconds // plan.interval_seconds))
    return min(plan.slices - progress.sent, fitting)
