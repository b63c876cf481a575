"""Limits of one position: its size, its sector, its price, and that cash alone pays for it.

What working orders and pending approvals may add counts as held. An order that does not fit is
reduced to what does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alpha_oracle.domain.orders import Side
from alpha_oracle.risk.commissions import cost
from alpha_oracle.risk.limits import is_price_allowed, room_usd
from alpha_oracle.risk.sizing import affordable_shares, whole_shares
from alpha_oracle.risk.verdicts import (
    ENTRIES,
    EVERY_ORDER,
    approve,
    fit,
    let_pass,
    reduce_size,
    reject,
    reject_unknown,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.risk import RiskCheckResult
    from alpha_oracle.risk.commissions import Commission
    from alpha_oracle.risk.facts import RiskFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShortSale:
    """A sale closes the own lot of its strategy, never more than what is not being sold already."""

    name: ClassVar[str] = "no_short_sale"
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reduce a sale to the shares its lot has left, reject it where there are none."""
        if order.side is Side.BUY:
            return let_pass(self.name)
        held = facts.exposure.sellable.get((order.strategy, order.symbol), 0)
        if held >= order.quantity:
            return let_pass(self.name)
        reason = f"{order.strategy} has {held} shares of {order.symbol} left to sell"
        return reduce_size(self.name, held, reason) if held > 0 else reject(self.name, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLimit:
    """No position above `max_position_pct` percent of equity."""

    name: ClassVar[str] = "position_limit"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_position_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reduce an order to the room its symbol has."""
        price, equity = facts.order_price(order), facts.account.equity_usd
        if price is None or equity is None or order.symbol in facts.exposure.unpriced:
            missing = "equity" if equity is None else f"price of {order.symbol}"
            return reject_unknown(self.name, missing)
        held = facts.exposure.usd_of(order.symbol)
        return fit(
            self.name,
            order,
            lambda: whole_shares(room_usd(equity, held, self.max_position_pct), price),
            measured=held + order.quantity * price,
            bound=equity * self.max_position_pct / 100,
            what=f"position in {order.symbol}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorLimit:
    """No sector above `max_sector_pct` percent of equity.

    A symbol held whose sector nobody knows may be of any: it counts in every one.
    """

    name: ClassVar[str] = "sector_limit"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_sector_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reduce an order to the room its sector has; reject it where the sector is unknown."""
        sector = facts.market.sectors.get(order.symbol)
        price, equity = facts.order_price(order), facts.account.equity_usd
        if sector is None or price is None or equity is None:
            return reject_unknown(self.name, *_unknown_of(order, facts))
        unpriced = _unpriced_in(sector, facts)
        if unpriced:
            return reject_unknown(self.name, *(f"price of {symbol}" for symbol in unpriced))
        sums = facts.exposure.by_sector
        held = sums.get(sector, equity * 0) + sums.get(None, equity * 0)
        return fit(
            self.name,
            order,
            lambda: whole_shares(room_usd(equity, held, self.max_sector_pct), price),
            measured=held + order.quantity * price,
            bound=equity * self.max_sector_pct / 100,
            what=f"sector {sector}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MinPrice:
    """No penny stocks: neither the market's price nor the limit lies below `min_price` USD."""

    name: ClassVar[str] = "min_price"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    min_price: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject a share below the minimum."""
        price = facts.market.prices.get(order.symbol)
        if price is None:
            return reject_unknown(self.name, f"price of {order.symbol}", bound=self.min_price)
        lowest = price if order.limit_price is None else min(price, order.limit_price)
        if is_price_allowed(lowest, self.min_price):
            return approve(self.name, measured=lowest, bound=self.min_price)
        reason = f"{order.symbol} at {lowest} USD is below the minimum of {self.min_price}"
        return reject(self.name, reason, measured=lowest, bound=self.min_price)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLeverage:
    """Cash alone pays, less what other purchases reserve; commission included."""

    name: ClassVar[str] = "no_leverage"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    commission: Commission[Decimal]

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reduce an order to what free cash pays for."""
        price, cash = facts.order_price(order), facts.account.cash_usd
        if price is None or cash is None:
            missing = "cash" if cash is None else f"price of {order.symbol}"
            return reject_unknown(self.name, missing)
        free = cash - facts.exposure.reserved_usd
        return fit(
            self.name,
            order,
            lambda: affordable_shares(free, price, self.commission),
            measured=cost(order.quantity, price, self.commission),
            bound=free,
            what="cost against free cash",
        )


def _unpriced_in(sector: str, facts: RiskFacts) -> list[str]:
    sectors = facts.market.sectors
    return sorted(
        symbol for symbol in facts.exposure.unpriced if sectors.get(symbol, sector) == sector
    )


def _unknown_of(order: Order, facts: RiskFacts) -> list[str]:
    told = (
        (f"sector of {order.symbol}", facts.market.sectors.get(order.symbol)),
        (f"price of {order.symbol}", facts.order_price(order)),
        ("equity", facts.account.equity_usd),
    )
    return [name for name, value in told if value is None]
