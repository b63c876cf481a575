"""The simulated broker's book in memory."""

from __future__ import annotations

from dataclasses import replace
from threading import RLock

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.simulated import Book, BookGlance, BookStatement
from alpha_oracle.errors import StoreUnavailable

WORKING = {OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED}


class InMemorySimulatedBook:
    """The book of one account; `is_away`: out of reach, `away_for`: out of reach of some calls."""

    def __init__(self) -> None:
        self.is_away = False
        self.away_for = set()
        self.cash = None
        self.positions = {}
        self.orders = {}
        self.executions = {}
        self.events = []
        self.actions = []
        self._guard = RLock()

    def open(self, *, cash, at):
        self._reach("open")
        self.cash = cash if self.cash is None else self.cash

    def receive(self, order):
        self._reach("receive")
        with self._guard:
            is_new = order.order_id not in self.orders
            self.orders.setdefault(order.order_id, order)
            return is_new

    def ask_cancel(self, order_id, *, at):
        self._reach("ask_cancel")
        with self._guard:
            order = self.orders.get(order_id)
            if order is not None and order.cancel_asked_at is None:
                self.orders[order_id] = replace(order, cancel_asked_at=at)
            return order is not None

    def glance(self, *, after):
        self._reach("glance")
        with self._guard:
            newest = len(self.events)
            return BookGlance(
                events=tuple(self.events[after:]) if after is not None else (),
                newest=newest,
                orders=self._working(),
                has_untold=any(not one.is_commission_told for one in self.executions.values()),
            )

    def change(self, decide, *, since):
        self._reach("change")
        with self._guard:
            change = decide(
                Book(
                    cash=self.cash,
                    positions=dict(self.positions),
                    orders=self._working(),
                    executions=self._since(since),
                    applied={one.key: one for one in self.actions},
                )
            )
            self._write(change)
            return change

    def statement(self, *, since):
        self._reach("statement")
        with self._guard:
            return BookStatement(
                cash=self.cash,
                positions=dict(self.positions),
                orders=tuple(
                    order
                    for order in self.orders.values()
                    if order.session >= since or order.status in WORKING
                ),
                executions=self._since(since),
            )

    def _write(self, change):
        self.cash = change.cash
        self.positions |= change.positions
        for symbol in [one for one, position in self.positions.items() if not position.quantity]:
            del self.positions[symbol]
        self.orders |= {order.order_id: order for order in change.orders}
        self.executions |= {one.execution_id: one for one in change.executions}
        for told in change.told:
            self.executions[told] = replace(self.executions[told], is_commission_told=True)
        self.events += change.events
        self.actions += change.actions

    def _working(self):
        return tuple(order for order in self.orders.values() if order.status in WORKING)

    def _since(self, since):
        return tuple(
            one
            for one in self.executions.values()
            if one.session >= since or not one.is_commission_told
        )

    def _reach(self, call):
        if self.is_away or call in self.away_for:
            raise StoreUnavailable("the book is out of reach")
