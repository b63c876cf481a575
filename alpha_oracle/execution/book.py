"""The worker's book of one account: what it holds, what works and what waits for a human.

It is loaded from the store and changed by what was committed there, never before: a worker that
dies between the two finds the change when it starts again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import Side
from alpha_oracle.execution.booking import BookChange, Execution, booking_of, key_of
from alpha_oracle.risk.exposure import Commitment, commit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.orders import BestPrices, Fill, Order
    from alpha_oracle.domain.portfolio import AccountState, Lot, LotKey


@dataclass(slots=True, kw_only=True)
class Book:
    """An account in memory.

    `orders` are those open and those closed lately (a fill may overtake an end), by id, changed by
    `keep` alone; `executions` those that count, by stem; `marks` what a share counts at, USD. What
    is asked at every decision is found without looking at every order.
    """

    state: AccountState
    lots: dict[LotKey, Lot] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    marks: dict[Symbol, Decimal] = field(default_factory=dict)
    _open: dict[str, Order] = field(init=False, default_factory=dict)
    _committed: dict[str, tuple[Decimal | None, Commitment]] = field(
        init=False, default_factory=dict
    )
    _slices: dict[str, set[str]] = field(init=False, default_factory=dict)
    _sales: dict[tuple[LotKey, Session], set[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for order in self.orders.values():
            self._index(order)

    def keep(self, order: Order) -> None:
        """Take over an order as it stands now."""
        self.orders[order.order_id] = order
        self._index(order)

    def on_fill(self, order_id: str, fill: Fill, *, market: BestPrices | None = None) -> BookChange:
        """Return what a fill changes, to be committed and then applied; nothing changes yet.

        Raises:
            KeyError: no order of that id is in the book.
        """
        order = self.orders[order_id]
        return booking_of(
            fill,
            order,
            parent=self.orders.get(order.parent_id or ""),
            known=self.executions.get(fill.stem),
            lot=self.lots.get(key_of(order)),
            market=market,
        )

    def apply(self, change: BookChange) -> None:
        """Take over a change that is committed."""
        for order in change.orders:
            self.keep(order)
        if change.lot is not None:
            self.lots[change.lot.key] = change.lot
        if change.execution is not None:
            self.executions[change.execution.fill.stem] = change.execution
        if change.cash_usd:
            self.state = replace(self.state, cash_usd=self.state.cash_usd + change.cash_usd)

    def open_orders(self) -> Iterator[Order]:
        """The orders that work or wait for a human, a TWAP once: for its slices."""
        for order in self._open.values():
            if order.parent_id is None or self._is_over(order.parent_id):
                yield order

    def unfinished(self) -> list[Order]:
        """The orders that are not final, TWAPs and their slices both."""
        return [*self._open.values()]

    def working(self) -> list[Order]:
        """The orders a broker has, may have or is about to have, and the TWAPs that are worked."""
        return [order for order in self._open.values() if order.is_working]

    def slices_of(self, parent_id: str) -> list[Order]:
        """The slices of a TWAP so far, in the order they were sent."""
        slices = [self.orders[one] for one in self._slices.get(parent_id, ())]
        return sorted(slices, key=lambda order: order.slice_number or 0)

    def sales_of(self, lot: LotKey, session: Session) -> list[Order]:
        """The orders by which a lot was to be sold in a session, the first one first."""
        sales = [self.orders[one] for one in self._sales.get((lot, session), ())]
        return sorted(sales, key=lambda order: order.created_at)

    def equity_usd(self) -> Decimal | None:
        """Cash and what the lots count at; None while a mark is missing."""
        equity = self.state.cash_usd
        for lot in self.lots.values():
            if lot.quantity:
                mark = self.marks.get(lot.symbol)
                if mark is None:
                    return None
                equity += lot.quantity * mark
        return equity

    def unmarked(self) -> tuple[Symbol, ...]:
        """The symbols held that no mark is known of."""
        held = {lot.symbol for lot in self.lots.values() if lot.quantity}
        return tuple(sorted(held - self.marks.keys()))

    def shares(self) -> dict[LotKey, int]:
        """How many shares each lot holds."""
        return {key: lot.quantity for key, lot in self.lots.items() if lot.quantity}

    def commitments(self, *, besides: Order | None = None) -> tuple[Commitment, ...] | None:
        """What open orders may still buy or sell; None while a purchase has no price.

        `besides` is the order about to be checked: it is none of them, and its TWAP commits only
        to what it wants beyond that slice. Without a limit the dearer of the mark and the price
        at submission is reckoned with, else the price at the decision, which may be another day's;
        at what a sale brings nothing is reckoned.
        """
        found = []
        for order in self.open_orders():
            one = self._commitment(order)
            if one is None:
                return None
            if besides is not None:
                one = _apart(one, besides)
            if one.quantity:
                found.append(one)
        return tuple(found)

    def forget(self, *, before: Session) -> None:
        """Drop what was closed in sessions before: lots sold out, closed orders, executions."""
        self.lots = {
            key: lot for key, lot in self.lots.items() if not lot.was_closed_before(before)
        }
        kept = [one for one in self.orders.values() if not one.is_final or one.session >= before]
        self.orders = {order.order_id: order for order in kept}
        self._open, self._committed, self._slices, self._sales = {}, {}, {}, {}
        for order in kept:
            self._index(order)
        self.executions = {
            stem: execution
            for stem, execution in self.executions.items()
            if execution.order_id in self.orders or execution.session >= before
        }

    def _index(self, order: Order) -> None:
        self._committed.pop(order.order_id, None)
        if order.is_final:
            self._open.pop(order.order_id, None)
        else:
            self._open[order.order_id] = order
        if order.parent_id is not None:
            self._slices.setdefault(order.parent_id, set()).add(order.order_id)
        elif order.side is Side.SELL:
            self._sales.setdefault((key_of(order), order.session), set()).add(order.order_id)

    def _is_over(self, parent_id: str) -> bool:
        parent = self.orders.get(parent_id)
        return parent is None or parent.is_final

    def _commitment(self, order: Order) -> Commitment | None:
        # Reckoned once for all decisions between two changes of the order or of its mark.
        mark, known = self.marks.get(order.symbol), self._committed.get(order.order_id)
        if known is not None and known[0] == mark:
            return known[1]
        price = _dearest(order, mark)
        if price is None and order.side is Side.BUY:
            return None
        one = commit(order, price=price or Decimal(0))
        self._committed[order.order_id] = (mark, one)
        return one


def _dearest(order: Order, mark: Decimal | None) -> Decimal | None:
    if order.limit_price is not None:
        return order.limit_price
    known = (order.arrival_price, mark)
    return max((one for one in known if one is not None), default=order.reference_price)


def _apart(one: Commitment, besides: Order) -> Commitment:
    if one.order_id == besides.order_id:
        return replace(one, quantity=0)
    if one.order_id == besides.parent_id:
        return replace(one, quantity=max(one.quantity - besides.quantity, 0))
    return one
