"""How an order is worked, from its size, the spread and how much it hurries: the table is data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from alpha_oracle.domain.orders import OrderPurpose, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.domain.quotes import Quote


class SizeClass(StrEnum):
    """An order's quantity beside the shares traded on an average day."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class SpreadClass(StrEnum):
    """The spread beside its bound."""

    TIGHT = "tight"
    WIDE = "wide"


class Urgency(StrEnum):
    """How much an order hurries: protective exits do."""

    NORMAL = "normal"
    HIGH = "high"


_SMALL, _MEDIUM, _LARGE = SizeClass
_TIGHT, _WIDE = SpreadClass
_NORMAL, _HIGH = Urgency
ROUTES: Final[Mapping[tuple[SizeClass, SpreadClass, Urgency], OrderType]] = {
    (_SMALL, _TIGHT, _NORMAL): OrderType.MARKET,
    (_MEDIUM, _TIGHT, _NORMAL): OrderType.LIMIT,
    (_LARGE, _TIGHT, _NORMAL): OrderType.TWAP,
    (_SMALL, _WIDE, _NORMAL): OrderType.TWAP,
    (_MEDIUM, _WIDE, _NORMAL): OrderType.TWAP,
    (_LARGE, _WIDE, _NORMAL): OrderType.TWAP,
    # Who protects does not wait for slices. Where a market order could fall through a thin book,
    # a limit at the touch takes at once what is there.
    (_SMALL, _TIGHT, _HIGH): OrderType.MARKET,
    (_MEDIUM, _TIGHT, _HIGH): OrderType.LIMIT,
    (_LARGE, _TIGHT, _HIGH): OrderType.LIMIT,
    (_SMALL, _WIDE, _HIGH): OrderType.LIMIT,
    (_MEDIUM, _WIDE, _HIGH): OrderType.LIMIT,
    (_LARGE, _WIDE, _HIGH): OrderType.LIMIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How an order is worked; only a limit order has a `limit_price`, USD."""

    order_type: OrderType
    limit_price: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoute:
    """An order that cannot be worked until what is `missing` is known."""

    missing: tuple[str, ...]

    @property
    def reason(self) -> str:
        """What is missing, in words."""
        return f"{' and '.join(self.missing)} unknown; order not routed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartOrderRouter:
    """Chooses between market order, limit and TWAP.

    `small_adv_pct` and `large_adv_pct` are percent of the average daily volume, `wide_spread_bps`
    basis points of the mid; on a bound the more cautious class is taken. A market order needs a
    live quote younger than `fresh_seconds`, else it becomes a limit.
    """

    small_adv_pct: Decimal
    large_adv_pct: Decimal
    wide_spread_bps: Decimal
    fresh_seconds: float = 5.0

    URGENCY: ClassVar[Mapping[OrderPurpose, Urgency]] = {
        OrderPurpose.ENTRY: Urgency.NORMAL,
        OrderPurpose.EXIT: Urgency.NORMAL,
        OrderPurpose.PROTECTIVE: Urgency.HIGH,
    }

    def route(
        self,
        side: Side,
        quantity: int,
        *,
        purpose: OrderPurpose,
        quote: Quote | None,
        adv_shares: int | None,
        now: datetime,
    ) -> Route | NoRoute:
        """Return how an order is worked, or what is missing.

        `adv_shares` is the average daily volume. An exit is not held back by what it can do
        without: unknown, its size counts as large and its spread as wide.
        """
        missing = _missing(side, purpose, quote, adv_shares)
        if quote is None or missing:
            return NoRoute(missing=missing)
        size, spread = self.size_class(quantity, adv_shares), self.spread_class(quote)
        urgency = self.URGENCY[purpose]
        order_type = ROUTES[size, spread, urgency]
        reason = f"{size} order, {spread} spread, {urgency} urgency"
        if order_type is OrderType.MARKET and not quote.is_fresh(
            now, within_seconds=self.fresh_seconds
        ):
            order_type, reason = OrderType.LIMIT, f"{reason}, quote not fresh"
        limit = marketable_limit(side, quote) if order_type is OrderType.LIMIT else None
        return Route(order_type=order_type, limit_price=limit, reason=reason)

    def size_class(self, quantity: int, adv_shares: int | None) -> SizeClass:
        """Return the class of a quantity; beside an unknown volume, large."""
        if adv_shares is None or adv_shares <= 0:
            return SizeClass.LARGE
        share_pct = Decimal(quantity * 100) / adv_shares
        if share_pct < self.small_adv_pct:
            return SizeClass.SMALL
        return SizeClass.MEDIUM if share_pct < self.large_adv_pct else SizeClass.LARGE

    def spread_class(self, quote: Quote) -> SpreadClass:
        """Return the class of a quote's spread; where one side is missing, wide."""
        spread = quote.spread_bps
        is_tight = spread is not None and spread < self.wide_spread_bps
        return SpreadClass.TIGHT if is_tight else SpreadClass.WIDE


def marketable_limit(side: Side, quote: Quote) -> Decimal | None:
    """Return the price that trades at once: the ask to buy, the bid to sell; None if not given."""
    return quote.ask if side is Side.BUY else quote.bid


def _missing(
    side: Side, purpose: OrderPurpose, quote: Quote | None, adv_shares: int | None
) -> tuple[str, ...]:
    if quote is None:
        needed: dict[str, object] = {"quote": None}
    elif purpose is OrderPurpose.ENTRY:
        needed = {"bid": quote.bid, "ask": quote.ask}
    else:
        needed = {"ask" if side is Side.BUY else "bid": marketable_limit(side, quote)}
    if purpose is OrderPurpose.ENTRY:
        needed["ADV"] = adv_shares or None
    return tuple(name for name, value in needed.items() if value is None)
