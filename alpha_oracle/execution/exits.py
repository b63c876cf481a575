"""Which lots are sold in a session, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.orders import OrderPurpose
from alpha_oracle.execution.identity import exit_order_id
from alpha_oracle.execution.order_requests import nothing_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.portfolio import Lot, LotKey
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.execution.order_requests import Refusal


class ExitReason(StrEnum):
    """Why a lot is sold."""

    STRATEGY = "strategy"
    END_OF_LIFE = "end_of_life"
    LIMIT_BREACH = "limit_breach"
    OPERATOR = "operator"


PURPOSE: Final = {
    ExitReason.STRATEGY: OrderPurpose.EXIT,
    ExitReason.END_OF_LIFE: OrderPurpose.PROTECTIVE,
    ExitReason.LIMIT_BREACH: OrderPurpose.PROTECTIVE,
    ExitReason.OPERATOR: OrderPurpose.PROTECTIVE,
}
"""What kind of order sells a lot for a reason: rule 7 tells a strategy's exits from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueExit:
    """A lot to sell, `quantity` shares of it: what no open order sells already.

    `attempt` counts the orders of this session that were to sell it before.
    """

    lot: Lot
    quantity: int
    reason: ExitReason
    attempt: int = 0

    @property
    def purpose(self) -> OrderPurpose:
        """What kind of order sells it."""
        return PURPOSE[self.reason]

    def order_id(self, session: Session) -> str:
        """Return the id of the order that sells it."""
        return exit_order_id(self.lot, reason=self.reason, session=session, attempt=self.attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitDecision:
    """A lot that wants out, once and for all, and what of it is sold now.

    `due` is None before its shortest hold is over, or while open orders sell all of it.
    """

    lot: Lot
    due: DueExit | None


def due_lots(
    lots: Iterable[Lot], session: Session, *, sellable: Mapping[LotKey, int]
) -> list[DueExit]:
    """Return what is to be sold in a session, by symbol and strategy.

    Due is a lot whose strategy wants out, once its shortest hold is over, and any at the end of its
    longest. `sellable` are the shares of each that no open order sells already.
    """
    due = (due_exit(lot, session, sellable=sellable.get(lot.key, 0)) for lot in lots)
    return sorted(
        (one for one in due if one is not None),
        key=lambda one: (one.lot.symbol, one.lot.strategy),
    )


def due_exit(lot: Lot, session: Session, *, sellable: int) -> DueExit | None:
    """Return what of a lot is to be sold in a session; None: nothing."""
    reason = _reason(lot, age_sessions(lot, session))
    return None if reason is None else exit_of(lot, reason, sellable=sellable)


def exit_of(lot: Lot, reason: ExitReason, *, sellable: int) -> DueExit | None:
    """Return the sale of what is sellable of a lot, never more than it holds; None: nothing."""
    quantity = min(lot.quantity, sellable)
    return DueExit(lot=lot, quantity=quantity, reason=reason) if quantity > 0 else None


def age_sessions(lot: Lot, session: Session) -> int:
    """Return how many sessions ago a lot was opened; its entry session is 0."""
    return _sessions_after(lot.opened, session)


def on_exit_signal(
    signal: ReceivedSignal, lot: Lot | None, session: Session, *, sellable: int
) -> ExitDecision | Refusal:
    """Return what a SHORT or FLAT does to the own lot of its strategy: no other's, never more.

    A lot opened after the signal's session is not the one it wanted out of.

    Raises:
        ValueError: the signal is no wish to leave this lot.
    """
    if signal.is_entry or (lot is not None and lot.key != (signal.strategy, signal.symbol)):
        raise ValueError(f"{signal.direction} of {signal.symbol} does not close {lot}")
    if lot is None or lot.quantity <= 0 or lot.opened > signal.session:
        return nothing_held(signal)
    wanting_out = replace(lot, wants_out=True)
    return ExitDecision(lot=wanting_out, due=due_exit(wanting_out, session, sellable=sellable))


@lru_cache(maxsize=1_024)
def _sessions_after(opened: Session, session: Session) -> int:
    return len(calendar.sessions_between(opened, session)) - 1


def _reason(lot: Lot, age: int) -> ExitReason | None:
    if lot.hold is not None and age >= lot.hold.max_days:
        return ExitReason.END_OF_LIFE
    if lot.wants_out and (lot.hold is None or age >= lot.hold.min_days):
        return ExitReason.STRATEGY
    return None
