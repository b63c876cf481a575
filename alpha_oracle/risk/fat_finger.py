"""Erroneous and duplicate orders: a price out of line, too many at once, too large, sent before.

After SEC rule 15c3-5(c)(1)(ii): by order and over a short period.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from alpha_oracle.risk.verdicts import (
    ENTRIES,
    EVERY_ORDER,
    approve,
    ask_human,
    let_pass,
    reject,
    reject_unknown,
)

if TYPE_CHECKING:
    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.risk import RiskCheckResult
    from alpha_oracle.risk.facts import RiskFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateId:
    """An order whose command went out is never sent again: one intent, one order."""

    name: ClassVar[str] = "duplicate_id"
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject an order that was sent before."""
        if order.order_id in facts.activity.sent_order_ids:
            return reject(self.name, f"order {order.order_id} was sent before")
        return let_pass(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateIntent:
    """No second entry of a strategy in a symbol while its first may still fill."""

    name: ClassVar[str] = "duplicate_intent"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject an entry beside another one; a slice belongs to its parent."""
        other = facts.exposure.intents.get((order.strategy, order.symbol, order.side))
        if other is None or other in (order.order_id, order.parent_id):
            return let_pass(self.name)
        reason = f"order {other} already wants {order.side} {order.symbol} for {order.strategy}"
        return reject(self.name, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCollar:
    """A limit lies within `max_distance_pct` percent of the mid, or of the last trade."""

    name: ClassVar[str] = "price_collar"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_distance_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject a limit on the collar or outside; an order without a limit has nothing to hold."""
        if order.limit_price is None:
            return let_pass(self.name, "no limit")
        quote = facts.market.quotes.get(order.symbol)
        mark = None if quote is None else quote.mark
        if mark is None:
            missing = f"mid or last trade of {order.symbol}"
            return reject_unknown(self.name, missing, bound=self.max_distance_pct)
        distance = distance_pct(order.limit_price, mark)
        if distance < self.max_distance_pct:
            return approve(self.name, measured=distance, bound=self.max_distance_pct)
        reason = f"limit {order.limit_price} is {distance:.2f} % from the market at {mark}"
        return reject(self.name, reason, measured=distance, bound=self.max_distance_pct)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRate:
    """At most so many orders a second and a minute."""

    name: ClassVar[str] = "order_rate"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_per_second: int
    max_per_minute: int

    def check(self, _order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject an order that would be one too many."""
        second, minute = facts.activity.sends_last_second, facts.activity.sends_last_minute
        if second is None or minute is None:
            return reject_unknown(self.name, "orders sent in the last minute")
        if second >= self.max_per_second:
            return self._too_many(second, self.max_per_second, "second")
        if minute >= self.max_per_minute:
            return self._too_many(minute, self.max_per_minute, "minute")
        return approve(self.name, measured=Decimal(minute), bound=Decimal(self.max_per_minute))

    def _too_many(self, sent: int, bound: int, span: str) -> RiskCheckResult:
        reason = f"{sent} orders in the last {span}, at most {bound}"
        return reject(self.name, reason, measured=Decimal(sent), bound=Decimal(bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfVolume:
    """An order of `max_adv_pct` percent of the average daily volume or more asks a human."""

    name: ClassVar[str] = "share_of_volume"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_adv_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Ask a human on the bound and above; reject where nobody knows the volume."""
        adv = facts.market.adv_shares.get(order.symbol, 0)
        if adv <= 0:
            missing = f"average daily volume of {order.symbol}"
            return reject_unknown(self.name, missing, bound=self.max_adv_pct)
        share = Decimal(order.quantity * 100) / adv
        if share < self.max_adv_pct:
            return approve(self.name, measured=share, bound=self.max_adv_pct)
        reason = f"{order.quantity} shares are {share:.2f} % of a day's volume in {order.symbol}"
        return ask_human(self.name, reason, measured=share, bound=self.max_adv_pct)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDistance:
    """A price `max_distance_pct` percent or more from the one decided at asks a human."""

    name: ClassVar[str] = "reference_distance"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_distance_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Ask a human on the bound and above; reject where either price is unknown."""
        price, reference = facts.order_price(order), order.reference_price
        if price is None or reference is None:
            missing = "reference price" if reference is None else f"price of {order.symbol}"
            return reject_unknown(self.name, missing, bound=self.max_distance_pct)
        distance = distance_pct(price, reference)
        if distance < self.max_distance_pct:
            return approve(self.name, measured=distance, bound=self.max_distance_pct)
        reason = f"{price} USD is {distance:.2f} % from the {reference} it was decided at"
        return ask_human(self.name, reason, measured=distance, bound=self.max_distance_pct)


def distance_pct(price: Decimal, reference: Decimal) -> Decimal:
    """Return how far a price lies from a reference, in percent of the reference."""
    return abs(price - reference) / reference * 100
