"""A worker at a gateway, on Postgres, cut where a seed says so: real sockets, virtual time."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import timedelta

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import SourceAway, StoreUnavailable
from tests.chaos.fate import Died
from tests.chaos.gateway_fate import CONNECTION, CUTS, POSTGRES, SERVER, WORKER, Fate, effect_of
from tests.fakes.broker import close_of_the_session
from tests.fakes.gateway_market import quiet
from tests.peers.tws import notices
from tests.peers.tws.faults import (
    Adding,
    Cut,
    Fault,
    Overtaken,
    Point,
    Refuse,
    Silent,
    Twice,
    Unanswered,
    Withheld,
)
from tests.unit.execution.trading_day import SYMBOLS, a_document

COMMANDS = (
    Silent(),
    Unanswered(),
    Refuse(notices.REJECTED_LATE),
    Adding(notices.TIF_PRESET),
    Adding(notices.REJECTED_LATE),
    Twice(),
)
TELLING = (Withheld(), Twice(), Overtaken(0.02))
ASKING = (Unanswered(), Cut())
FAULTS = {
    Point.PLACE_ORDER: COMMANDS,
    Point.CANCEL_ORDER: COMMANDS,
    Point.EXECUTION_TOLD: TELLING,
    Point.COMMISSION_TOLD: TELLING,
    Point.STATUS_TOLD: TELLING,
    Point.OPEN_ORDER_TOLD: TELLING,
    Point.POSITIONS: ASKING,
    Point.OPEN_ORDERS: ASKING,
    Point.COMPLETED_ORDERS: ASKING,
    Point.EXECUTIONS: ASKING,
    Point.ACCOUNT_SUMMARY: ASKING,
    Point.START_API: ASKING,
}
STEPS = 16
PATIENCE_SECONDS = 300
SPREADS = dict(zip(SYMBOLS, (0.03, 0.15, 0.03, 0.03), strict=True))
UNMET = SYMBOLS[3]
"""Nobody at the gateway sells this: its order works until the kill switch, or the close."""


class GatewayStorm:
    """A day under a seed; `plan` says what was drawn.

    Each has a cut of its own. The first seeds have no other: every cut is made alone once.
    """

    def __init__(self, world, seed):
        self.world = world
        self.gateway, self.day = world.gateway, world.day
        self.dice = random.Random(seed)
        self.own, self.is_alone = CUTS[seed % len(CUTS)], seed < len(CUTS)
        self.plan = []
        self.fate = world.fate = Fate(world.wire)
        self.is_killed = False
        self.prices = dict.fromkeys(SYMBOLS, 100.0)
        self._untaken = []
        self._own_row = None

    def run(self):
        """Live through the day."""
        self._draw()
        self.world.start()
        self._quote()
        self.day.go_to(6)
        self._signal(SYMBOLS)
        for number in range(STEPS):
            self._strike()
            if number == STEPS // 2 and self._needs_an_end:
                self._kill()
            self._step(self.dice.choice((0.5, 1.0, 3.0, 10.0, 30.0)))
        self.day.clock.set(close_of_the_session() - timedelta(minutes=15))
        for _ in range(4):
            self._step(1)
        self._calm_down()

    @property
    def has_struck_its_own(self):
        """Whether the cut of its own happened."""
        if self.own[0] in {WORKER, POSTGRES}:
            return self.own in self.fate.struck
        return self._own_row.times == 0

    def check(self):
        """Hold what is left against the gateway's truth."""
        truth, record = self.gateway.exchange, self.world.record()
        orders = {one.order_id: one for one in record.orders}
        tickets = {ticket.order_ref: ticket for ticket in truth.tickets}
        assert len(tickets) == len(truth.tickets), "an order was sent twice"
        assert set(tickets) <= set(orders), "an order nobody decided is at the broker"
        assert all(order.is_final for order in orders.values())
        self._check_sent(tickets)
        filled = {ref: ticket.filled for ref, ticket in tickets.items() if ticket.filled}
        children = {name: one for name, one in orders.items() if name in self.world.calls}
        booked = {name: one.filled_quantity for name, one in children.items() if one.fills}
        assert booked == filled, "not all of the executions are booked"
        self._check_ends(orders, tickets)
        held = {str(lot.symbol): lot.quantity for lot in record.lots if lot.quantity}
        names = {one.con_id: one.symbol for one in truth.tickets}
        assert held == {names[con_id]: n for con_id, n in truth.positions.items() if n}
        assert record.state.cash_usd == truth.cash, "other cash than the gateway's"
        assert self.world.outcomes() == len(SYMBOLS)
        assert self.day.switch.read().is_active == self.is_killed, "a false alarm"

    def _check_sent(self, tickets):
        calls = self.world.calls
        assert set(tickets) <= set(calls), "at the broker, and nobody sent it"
        refused = {name for name, what in calls.items() if what in {"OrderRefused", "OrderNotSent"}}
        assert not refused & set(tickets), "said to be unsent, and at the broker"

    def _check_ends(self, orders, tickets):
        for name, ticket in tickets.items():
            status = orders[name].status
            told = f"{status.value} on record, {ticket.status} at the broker"
            assert (status is OrderStatus.FILLED) == (ticket.status == "Filled"), told
            assert ticket.status == "Inactive" or status is not OrderStatus.REJECTED, told

    def _draw(self):
        self._plan_cut(self.own, skip=0)
        if self.is_alone:
            return
        for _ in range(self.dice.randint(0, 3)):
            self._plan_cut(self.dice.choice(CUTS), skip=self.dice.randint(0, 3))
        for _ in range(self.dice.randint(0, 3)):
            point = self.dice.choice(list(FAULTS))
            effect, skip = self.dice.choice(FAULTS[point]), self.dice.randint(0, 2)
            self.plan.append(f"{effect} at {point}, after {skip}")
            self.gateway.fault(point, effect, skip=skip)

    def _plan_cut(self, cut, *, skip):
        self.plan.append(f"{' '.join(cut)}, after {skip}")
        victim, point, when = cut
        if victim in {WORKER, POSTGRES}:
            self.fate.plan(cut, skip=skip)
        else:
            assert victim in {CONNECTION, SERVER}
            row = Fault(at=point, does=effect_of(victim, point, when), skip=skip)
            self._own_row = self._own_row or row
            self.gateway.add_fault(row)

    @property
    def _needs_an_end(self):
        # Nothing else ends an order that works, as one does that nobody meets.
        return self.own[1] in {"cancel sent", "end kept", Point.CANCEL_ORDER}

    def _strike(self):
        roll = 1.0 if self.is_alone else self.dice.random()
        if roll < 0.01:
            self._kill()
        elif roll < 0.04:
            self.plan.append("1100")
            self.gateway.lose_link()
        elif roll < 0.30:
            self.gateway.restore_link(data_lost=self.dice.random() < 0.5)

    def _kill(self):
        if not self.is_killed:
            self.plan.append("kill switch")
            self.is_killed = True
            self.day.kill()

    def _step(self, seconds):
        self.day.clock.advance(seconds=seconds)
        self._quote()
        self._listen()
        for work in (self._take_in, self._work):
            try:
                work()
            except Died:
                self.world.start()
        self._listen()

    def _listen(self):
        if not self.world.broker.is_linked:
            time.sleep(0.02)
            return
        with suppress(SourceAway):
            quiet(self.world.broker)

    def _quote(self):
        for symbol in self.prices:
            self.prices[symbol] *= 1 + self.dice.uniform(-0.001, 0.001)
            price, half = self.prices[symbol], SPREADS[symbol]
            bid, ask = round(price - half, 2), round(price + half, 2)
            self.day.quote(symbol, bid=bid, ask=ask)
            # Who trades there now and then finds another market than the board's.
            away = 50 if symbol == UNMET else self.dice.choice((0, 0, 0.5))
            volume = self.dice.choice((200, 400, 10**6))
            self.gateway.quote(
                symbol, bid=round(bid + away, 2), ask=round(ask + away, 2), volume=volume
            )

    def _signal(self, symbols):
        self._untaken += [a_document(symbol) for symbol in symbols]

    def _take_in(self):
        # What was not settled is given again, as the stream does.
        with suppress(StoreUnavailable):
            self.day.receive(*self._untaken)
            self.day.engine.settle()
            self._untaken.clear()

    def _work(self):
        self.day.engine.step()

    def _calm_down(self):
        self.fate.is_over = True
        self.gateway.clear_faults()
        self.gateway.restore_link(data_lost=False)
        for seconds in (1, 6, 6, 30, 60, 60):
            self._calm_step(seconds)
        self.day.clock.set(close_of_the_session())
        for seconds in (1, 10, 10, 60):
            self._calm_step(seconds)

    def _calm_step(self, seconds):
        # A machine that is busy breaks a connection, too; here each is whole again first.
        give_up = time.monotonic() + PATIENCE_SECONDS
        connection = self.world.broker._connection
        while not connection.is_linked and time.monotonic() < give_up:
            time.sleep(0.02)
        self._step(seconds)
