"""What a book has at stake: summed once, before any check looks at it.

A working order and one that waits for a human count as if they were filled: a purchase adds to
exposure and reserves its cash, a sale takes from what may still be sold. Of a TWAP the parent's
remainder counts and its slices do not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Order, Side
from alpha_oracle.risk.commissions import Commission, order_commission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LotKey: TypeAlias = tuple[str, Symbol]
"""A strategy and the symbol it holds."""

_NOTHING: Final = Decimal(0)

Intent: TypeAlias = tuple[str, Symbol, Side]
"""What a strategy wants done with a symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What an order may still buy or sell: `quantity` shares at `price` USD at most."""

    order_id: str
    strategy: str
    symbol: Symbol
    side: Side
    quantity: int
    price: Decimal

    @property
    def notional(self) -> Decimal:
        """USD it may move."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The sums of a book, USD; sales that may yet fail take nothing off them.

    `by_symbol` and `by_sector` hold positions and purchases that may fill; None in `by_sector`
    stands for the symbols whose sector nobody knows. `reserved_usd` is the cash those purchases
    need, commission included. `sellable` is by lot, less what is being sold. `unpriced` are the
    symbols held without a price: their exposure is not known. `intents` name the order behind each.
    """

    by_symbol: Mapping[Symbol, Decimal]
    by_sector: Mapping[str | None, Decimal]
    reserved_usd: Decimal
    sellable: Mapping[LotKey, int]
    intents: Mapping[Intent, str]
    unpriced: frozenset[Symbol] = frozenset()

    @property
    def positions(self) -> int:
        """How many symbols are held or being bought."""
        return len(self.by_symbol)

    def usd_of(self, symbol: Symbol) -> Decimal:
        """Return what is held of a symbol or being bought, USD."""
        return self.by_symbol.get(symbol, Decimal(0))


def sum_lots(
    lots: Mapping[LotKey, int], *, prices: Mapping[Symbol, Decimal], sectors: Mapping[Symbol, str]
) -> Exposure:
    """Return the sums of lots (shares held) while nothing is bought or sold."""
    by_symbol: dict[Symbol, Decimal] = defaultdict(Decimal)
    for (_, symbol), quantity in lots.items():
        if quantity:
            by_symbol[symbol] += quantity * prices.get(symbol, _NOTHING)
    by_sector: dict[str | None, Decimal] = defaultdict(Decimal)
    for symbol, usd in by_symbol.items():
        by_sector[sectors.get(symbol)] += usd
    return Exposure(
        by_symbol=dict(by_symbol),
        by_sector=dict(by_sector),
        reserved_usd=_NOTHING,
        sellable=dict(lots),
        intents={},
        unpriced=_unpriced(by_symbol, prices),
    )


def add_commitments(
    held: Exposure,
    commitments: Iterable[Commitment],
    *,
    prices: Mapping[Symbol, Decimal],
    sectors: Mapping[Symbol, str],
    commission: Commission[Decimal],
) -> Exposure:
    """Return sums with what may yet be bought or sold beside them.

    The order about to be checked is none of the commitments; of its TWAP parent, only what the
    parent wants beyond it is.
    """
    by_symbol, by_sector = dict(held.by_symbol), dict(held.by_sector)
    sellable, intents = dict(held.sellable), dict(held.intents)
    reserved = held.reserved_usd
    for one in commitments:
        intents[one.strategy, one.symbol, one.side] = one.order_id
        if one.side is Side.SELL:
            key = (one.strategy, one.symbol)
            sellable[key] = sellable.get(key, 0) - one.quantity
            continue
        notional, sector = one.notional, sectors.get(one.symbol)
        by_symbol[one.symbol] = by_symbol.get(one.symbol, _NOTHING) + notional
        by_sector[sector] = by_sector.get(sector, _NOTHING) + notional
        reserved += notional + _commission(one.quantity, one.price, commission)
    return Exposure(
        by_symbol=by_symbol,
        by_sector=by_sector,
        reserved_usd=reserved,
        sellable=sellable,
        intents=intents,
        unpriced=_unpriced(by_symbol, prices),
    )


def _unpriced(symbols: Iterable[Symbol], prices: Mapping[Symbol, Decimal]) -> frozenset[Symbol]:
    return frozenset(symbols).difference(prices)


@lru_cache(maxsize=4096)
def _commission(quantity: int, price: Decimal, commission: Commission[Decimal]) -> Decimal:
    # The same open orders are summed at every decision.
    return order_commission(quantity, price, commission)


def commit(order: Order, *, price: Decimal) -> Commitment:
    """Return what an order may still do, at its limit or else at `price` USD."""
    return Commitment(
        order_id=order.order_id,
        strategy=order.strategy,
        symbol=order.symbol,
        side=order.side,
        quantity=order.remaining_quantity,
        price=price if order.limit_price is None else order.limit_price,
    )
