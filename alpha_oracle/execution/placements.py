"""What may come of placing an order: it is on record, it waits for something, or risk declines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.risk.fat_finger import OrderRate
from alpha_oracle.risk.kill_switch import KillSwitchCheck

if TYPE_CHECKING:
    from collections.abc import Collection

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.trading_records import CascadeRun, DayTradeDecision
    from alpha_oracle.risk.cascade import Clearance

MOMENTARY: Final = frozenset({"link", "stale_data", "quote_known", "quote_fresh", "order_rate"})
"""Checks that the next moment may answer otherwise: what they refuse waits."""

_QUOTED: Final = frozenset({"quote", "bid", "ask", "ask price", "equity"})
_PRICE: Final = "price of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order is on record: sent, worked in slices, or waiting for a human."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Nothing is decided: what is missing may come. `check` is who waits, where a check does."""

    reason: str
    check: str = ""

    @property
    def ends_the_pass(self) -> bool:
        """Whether no other entry may go before this one: it waits for its turn alone."""
        return self.check == OrderRate.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Risk refuses; nothing is on record yet."""

    reason: str
    runs: tuple[CascadeRun, ...] = ()
    decisions: tuple[DayTradeDecision, ...] = ()


Placement: TypeAlias = Placed | Waits | Declined


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An order, what the cascade said of it last, and all it said on the way there."""

    order: Order
    clearance: Clearance
    runs: tuple[CascadeRun, ...]


def is_momentary(clearance: Clearance) -> bool:
    """Whether a refusal may be another verdict in a moment: it decides nothing."""
    deciding = clearance.deciding
    is_unread = deciding.check == KillSwitchCheck.name and bool(deciding.missing)
    return deciding.check in MOMENTARY or is_unread or may_come(deciding.missing)


def may_come(missing: Collection[str]) -> bool:
    """Whether all that is missing, if anything, is what the next quote tells.

    Without a price of all that is held the equity is not known.
    """
    return bool(missing) and all(one in _QUOTED or one.startswith(_PRICE) for one in missing)
