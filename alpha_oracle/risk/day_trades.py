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
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from alpha_oracle import calendar
from alpha_oracle.domain.orders import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.trading_pages import TradedFill
    from alpha_oracle.risk.exposure import LotKey


_Key: TypeAlias = "tuple[Session, Symbol]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFill:
    """An execution of ours; `session` is the New York date of `at`, whatever the hour."""

    session: Session
    symbol: Symbol
    side: Side
    order_id: str
    strategy: str
    at: datetime


def own_fill(of: Order | TradedFill, *, at: datetime) -> OwnFill:
    """Return an execution at an instant; `of` says whose it is."""
    return OwnFill(
        session=at.astimezone(calendar.NEW_YORK).date(),
        symbol=of.symbol,
        side=of.side,
        order_id=of.order_id,
        strategy=of.strategy,
        at=at,
    )


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


class DayTradeLog:
    """An account's executions, counted as they come: no decision looks at all of them."""

    def __init__(self) -> None:
        self._groups: dict[_Key, dict[str, OwnFill]] = defaultdict(dict)
        self._ways: dict[_Key, tuple[int, int]] = {}
        self._bought: dict[Session, frozenset[LotKey]] = {}

    def put(self, name: str, fill: OwnFill) -> None:
        """Take in an execution, in the place of an earlier one of the same name."""
        key = (fill.session, fill.symbol)
        group = self._groups[key]
        group[name] = fill
        self._ways[key] = _count(group.values())
        if fill.side is Side.BUY:
            bought = self._bought.get(fill.session, frozenset())
            self._bought[fill.session] = bought | {(fill.strategy, fill.symbol)}

    def sides(self, session: Session, symbol: Symbol) -> set[Side]:
        """Return what was done with a symbol in a session: bought, sold, both or nothing."""
        return {fill.side for fill in self._groups.get((session, symbol), {}).values()}

    def tally(self, window: Sequence[Session], *, working: Iterable[OwnFill] = ()) -> DayTradeTally:
        """Return the count since the first session of a window.

        `working` stands for orders that may fill yet, each as one fill at the present instant. What
        happened at one instant is taken in the order that gives the most.
        """
        ways = [way for (session, _), way in self._ways.items() if session >= window[0]]
        counted = sum(max(way) for way in ways)
        hoped = 0
        for key, orders in _by_symbol_and_session(working).items():
            made = self._groups.get(key, {}).values()
            hoped += max(_count([*made, *orders])) - max(self._ways.get(key, (0, 0)))
        bought = [lots for session, lots in self._bought.items() if session >= window[-1]]
        return DayTradeTally(
            window=tuple(window),
            pairwise=sum(pairs for pairs, _ in ways),
            direction_changes=sum(changes for _, changes in ways),
            counted=counted,
            expected=counted + hoped,
            bought_today=bought[0] if len(bought) == 1 else frozenset().union(*bought),
        )

    def forget(self, *, before: Session) -> None:
        """Forget the executions of sessions before."""
        kept = {key: group for key, group in self._groups.items() if key[0] >= before}
        self._groups = defaultdict(dict, kept)
        self._ways = {key: way for key, way in self._ways.items() if key[0] >= before}
        self._bought = {key: lots for key, lots in self._bought.items() if key >= before}


def tally_day_trades(
    fills: Iterable[OwnFill], *, window: Sequence[Session], working: Iterable[OwnFill] = ()
) -> DayTradeTally:
    """Return the count of an account's fills since the first session of a window."""
    log = DayTradeLog()
    for place, fill in enumerate(fills):
        log.put(str(place), fill)
    return log.tally(window, working=working)


def _by_symbol_and_session(fills: Iterable[OwnFill]) -> dict[_Key, list[OwnFill]]:
    groups: dict[_Key, list[OwnFill]] = defaultdict(list)
    for fill in fills:
        groups[fill.session, fill.symbol].append(fill)
    return groups


def _count(fills: Iterable[OwnFill]) -> tuple[int, int]:
    # At one instant purchases come first: so the most of them pair.
    ordered = sorted(fills, key=lambda fill: (fill.at, fill.side is Side.SELL))
    if len({fill.side for fill in ordered}) < len(Side):
        return 0, 0
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
    # What happened at one instant goes to and fro as often as it can.
    changes, has_bought = 0, False
    for _, together in groupby(ordered, key=lambda fill: fill.at):
        sides = [fill.side for fill in together]
        bought = sides.count(Side.BUY) + has_bought
        turns = min(sides.count(Side.SELL), bought)
        changes, has_bought = changes + turns, bought > turns
    return changes
