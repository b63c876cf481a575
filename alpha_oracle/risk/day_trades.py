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
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

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
        self._counts: dict[_Key, _Count] = {}
        self._bought: dict[Session, frozenset[LotKey]] = {}
        self._made: DayTradeTally | None = None

    def put(self, name: str, fill: OwnFill) -> None:
        """Take in an execution, in the place of an earlier one of the same name."""
        key = (fill.session, fill.symbol)
        group = self._groups[key]
        group[name] = fill
        self._counts[key] = _count(group.values())
        if fill.side is Side.BUY:
            bought = self._bought.get(fill.session, frozenset())
            self._bought[fill.session] = bought | {(fill.strategy, fill.symbol)}
        self._made = None

    def sides(self, session: Session, symbol: Symbol) -> frozenset[Side]:
        """Return what was done with a symbol in a session: bought, sold, both or nothing."""
        return self._counts.get((session, symbol), _NOTHING).sides

    def tally(self, window: Sequence[Session], *, working: Iterable[OwnFill] = ()) -> DayTradeTally:
        """Return the count since the first session of a window.

        `working` stands for orders that may fill yet, each as one fill at the present instant. What
        happened at one instant is taken in the order that gives the most.
        """
        made, hoped = self._of_fills(tuple(window)), 0
        for key, orders in _by_symbol_and_session(working).items():
            fills = self._groups.get(key, {}).values()
            hoped += _count([*fills, *orders]).most - self._counts.get(key, _NOTHING).most
        return replace(made, expected=made.counted + hoped) if hoped else made

    def forget(self, *, before: Session) -> None:
        """Forget the executions of sessions before."""
        kept = {key: group for key, group in self._groups.items() if key[0] >= before}
        self._groups = defaultdict(dict, kept)
        self._counts = {key: count for key, count in self._counts.items() if key[0] >= before}
        self._bought = {key: lots for key, lots in self._bought.items() if key >= before}
        self._made = None

    def _of_fills(self, window: tuple[Session, ...]) -> DayTradeTally:
        # Between two executions it is the same for every decision.
        if self._made is None or self._made.window != window:
            self._made = self._tallied(window)
        return self._made

    def _tallied(self, window: tuple[Session, ...]) -> DayTradeTally:
        counts = [one for (session, _), one in self._counts.items() if session >= window[0]]
        counted = sum(one.most for one in counts)
        bought = (lots for session, lots in self._bought.items() if session >= window[-1])
        return DayTradeTally(
            window=window,
            pairwise=sum(one.pairs for one in counts),
            direction_changes=sum(one.changes for one in counts),
            counted=counted,
            expected=counted,
            bought_today=frozenset().union(*bought),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    sides: frozenset[Side]
    pairs: int
    changes: int

    @property
    def most(self) -> int:
        return max(self.pairs, self.changes)


_NOTHING: Final = _Count(sides=frozenset(), pairs=0, changes=0)


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


def _count(fills: Iterable[OwnFill]) -> _Count:
    # At one instant purchases come first: so the most of them pair.
    ordered = sorted(fills, key=lambda fill: (fill.at, fill.side is Side.SELL))
    sides = frozenset(fill.side for fill in ordered)
    if len(sides) < len(Side):
        return _Count(sides=sides, pairs=0, changes=0)
    return _Count(sides=sides, pairs=_pairs(ordered), changes=_changes(ordered))


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
