"""How many day trades an account made: counted twice, the larger counts.

A day trade is the purchase and the sale of one security on one session, pre- and post-market
included (FINRA rule 4210(f)(8)(B), as in force until 2026-06-04). Shares held overnight and sold
before any new purchase make none; there are no short sales, so a sale before any purchase is of
such shares. Two ways of counting are in use (interpretation /02):

- pairwise: every purchase pairs with at most one later sale, order by order, so that the partial
  fills of one order are one purchase or one sale;
- changes of direction: purchases in a row, then sales in a row, are one day trade.

The clause that excuses day trades of at most 6 % of all trades is not used: it only ever allows
more.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.risk.exposure import LotKey


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFill:
    """An execution of ours; `session` is the New York date of `at`, whatever the hour."""

    session: Session
    symbol: Symbol
    side: Side
    order_id: str
    strategy: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTradeTally:
    """The day trades of a window of sessions that ends with the current one.

    `counted` is from fills alone, `expected` with every working order filled at its worst; both
    take the larger way in each symbol and session. `bought_today` are the lots that were added to.
    """

    window: tuple[Session, ...]
    pairwise: int
    direction_changes: int
    counted: int
    expected: int
    bought_today: frozenset[LotKey]

    @property
    def fewest(self) -> int:
        """What the more lenient way of counting says."""
        return min(self.pairwise, self.direction_changes)


def tally_day_trades(
    fills: Iterable[OwnFill], *, window: Sequence[Session], working: Iterable[OwnFill] = ()
) -> DayTradeTally:
    """Return the count of an account's fills since the first session of a window.

    `working` stands for orders that may fill yet, each as one fill at the present instant. What
    happened at one instant is taken in the order that gives the most.
    """
    made = [fill for fill in fills if fill.session >= window[0]]
    ways = [_count(one) for one in _by_symbol_and_session(made)]
    hoped = [_count(one) for one in _by_symbol_and_session([*made, *working])]
    return DayTradeTally(
        window=tuple(window),
        pairwise=sum(pairs for pairs, _ in ways),
        direction_changes=sum(changes for _, changes in ways),
        counted=sum(max(way) for way in ways),
        expected=sum(max(way) for way in hoped),
        bought_today=frozenset(
            (fill.strategy, fill.symbol)
            for fill in made
            if fill.side is Side.BUY and fill.session >= window[-1]
        ),
    )


def _by_symbol_and_session(fills: Iterable[OwnFill]) -> list[list[OwnFill]]:
    groups: dict[tuple[Session, Symbol], list[OwnFill]] = defaultdict(list)
    for fill in fills:
        groups[fill.session, fill.symbol].append(fill)
    return list(groups.values())


def _count(fills: Sequence[OwnFill]) -> tuple[int, int]:
    # At one instant purchases come first: the order that gives the most.
    ordered = sorted(fills, key=lambda fill: (fill.at, fill.side is Side.SELL))
    return _pairs(ordered), _changes(ordered)


def _pairs(ordered: Sequence[OwnFill]) -> int:
    # An order buys from its first fill on and sells until its last: the widest it can pair.
    first_buys = {fill.order_id: place for place, fill in _reversed(ordered, Side.BUY)}
    last_sales = {
        fill.order_id: place for place, fill in enumerate(ordered) if fill.side is Side.SELL
    }
    buys = sorted(first_buys.values())
    pairs = 0
    for sale in sorted(last_sales.values()):
        if pairs < len(buys) and buys[pairs] < sale:
            pairs += 1
    return pairs


def _reversed(ordered: Sequence[OwnFill], side: Side) -> Iterable[tuple[int, OwnFill]]:
    places = range(len(ordered) - 1, -1, -1)
    return ((place, ordered[place]) for place in places if ordered[place].side is side)


def _changes(ordered: Sequence[OwnFill]) -> int:
    changes, has_bought = 0, False
    for fill in ordered:
        if fill.side is Side.BUY:
            has_bought = True
        elif has_bought:
            changes, has_bought = changes + 1, False
    return changes
