"""A worker at a gateway that fails where a seed says so: real sockets, the engine, virtual time."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import replace

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.config import IbkrBrokerSettings
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.errors import SourceAway
from tests.fakes.broker import close_of_the_session
from tests.fakes.gateway_market import ACCOUNT, CLIENT_ID, IMPATIENT, SharedClock, quiet
from tests.peers.tws import notices
from tests.peers.tws.faults import (
    Adding,
    Close,
    Cut,
    DoThenClose,
    Overtaken,
    Point,
    Refuse,
    Silent,
    Twice,
    Unanswered,
    Withheld,
)
from tests.unit.execution.trading_day import BEFORE_OPEN, SYMBOLS, TradingDay, a_document

HASTY = replace(
    IMPATIENT,
    answer_seconds=0.3,
    heartbeat_seconds=0.2,
    heartbeat_every_seconds=0.5,
    waits_seconds=(0.02,),
)
COMMANDS = (
    Silent(),
    DoThenClose(),
    Unanswered(),
    Close(),
    Refuse(notices.REJECTED_LATE),
    Adding(notices.TIF_PRESET),
    Adding(notices.REJECTED_LATE),
    Twice(),
)
TELLING = (Withheld(), Twice(), Overtaken(0.02), Close())
ASKING = (Unanswered(), Close(), Cut())
FAULTS = {
    **dict.fromkeys((Point.PLACE_ORDER, Point.CANCEL_ORDER), COMMANDS),
    **dict.fromkeys(
        (
            Point.EXECUTION_TOLD,
            Point.COMMISSION_TOLD,
            Point.STATUS_TOLD,
            Point.OPEN_ORDER_TOLD,
        ),
        TELLING,
    ),
    **dict.fromkeys(
        (
            Point.POSITIONS,
            Point.OPEN_ORDERS,
            Point.COMPLETED_ORDERS,
            Point.EXECUTIONS,
            Point.ACCOUNT_SUMMARY,
            Point.START_API,
        ),
        ASKING,
    ),
}
STEPS = 25


class GatewayStorm:
    """A day at a gateway under a seed; `plan` says what was drawn."""

    def __init__(self, gateway, seed):
        self.gateway = gateway
        self.dice = random.Random(seed)
        self.plan = []
        self.day = TradingDay(
            mode=AutonomyMode.BOUNDED_AUTONOMOUS, clock=SharedClock(gateway, BEFORE_OPEN)
        )
        self.broker = None
        self.is_killed = False
        self.prices = dict.fromkeys(SYMBOLS, 100.0)

    def run(self):
        """Live through the day."""
        try:
            self._start()
            self._draw_faults()
            self.day.go_to(6)
            self._quote()
            self._signal(SYMBOLS[:3])
            for number in range(STEPS):
                self._strike()
                if number == STEPS // 2:
                    self._signal(SYMBOLS[3:])
                self._step(self.dice.choice((0.5, 1.0, 3.0, 10.0)))
            self._calm_down()
        finally:
            if self.broker is not None:
                self.broker.close()

    def check(self):
        """Hold what is left against the gateway's truth."""
        truth, memory = self.gateway.exchange, self.day.memory
        refs = [ticket.order_ref for ticket in truth.tickets]
        orders = memory.orders
        assert len(refs) == len(set(refs)), f"an order was sent twice: {refs}"
        assert set(refs) <= set(orders), "an order nobody decided is at the broker"
        assert all(order.is_final for order in orders.values())
        filled = {ticket.order_ref: ticket.filled for ticket in truth.tickets if ticket.filled}
        booked = {name: one.filled_quantity for name, one in orders.items() if one.fills}
        assert booked == filled
        book = self.day.engine.book
        held = {str(lot.symbol): lot.quantity for lot in book.lots.values() if lot.quantity}
        names = {one.con_id: one.symbol for one in truth.tickets}
        assert held == {names[con_id]: n for con_id, n in truth.positions.items() if n}
        assert book.state.cash_usd == truth.cash
        assert len(memory.outcomes) == len(SYMBOLS)
        assert self.day.switch.read().is_active == self.is_killed, "a false alarm"

    def _start(self):
        if self.broker is not None:
            self.broker.close()
        settings = IbkrBrokerSettings(
            host=self.gateway.host, port=self.gateway.port, client_id=CLIENT_ID, account=ACCOUNT
        )
        self.broker = IbkrBroker(settings, clock=self.day.clock, patience=HASTY)
        self.broker.open()
        self.day.another(broker=self.broker)

    def _draw_faults(self):
        for _ in range(self.dice.randint(1, 6)):
            point = self.dice.choice(list(FAULTS))
            effect, skip = self.dice.choice(FAULTS[point]), self.dice.randint(0, 2)
            self.plan.append(f"{effect} at {point}, after {skip}")
            self.gateway.fault(point, effect, skip=skip)

    def _strike(self):
        roll = self.dice.random()
        if roll < 0.02 and not self.is_killed:
            self.plan.append("kill switch")
            self.is_killed = True
            self.day.kill()
        elif roll < 0.05:
            self.plan.append("death")
            self._start()
        elif roll < 0.09 and self.gateway.is_listening:
            self.plan.append("restart")
            self.gateway.restart(seconds=0.05)
        elif roll < 0.14:
            self.plan.append("1100")
            self.gateway.lose_link()
        elif roll < 0.30:
            self.gateway.restore_link(data_lost=self.dice.random() < 0.5)

    def _step(self, seconds):
        self.day.clock.advance(seconds=seconds)
        self._quote()
        self._listen()
        self.day.engine.step()
        self._listen()

    def _listen(self):
        if not self.broker.is_linked:
            time.sleep(0.02)
            return
        with suppress(SourceAway):
            quiet(self.broker)

    def _quote(self):
        for symbol in self.prices:
            self.prices[symbol] *= 1 + self.dice.uniform(-0.001, 0.001)
            price = self.prices[symbol]
            bid, ask = round(price - 0.03, 2), round(price + 0.03, 2)
            self.day.quote(symbol, bid=bid, ask=ask)
            # Who trades there now and then finds another market than the board's.
            away = self.dice.choice((0, 0, 0.5))
            volume = self.dice.choice((200, 400, 10**6))
            self.gateway.quote(
                symbol, bid=round(bid + away, 2), ask=round(ask + away, 2), volume=volume
            )

    def _signal(self, symbols):
        self.day.receive(*(a_document(symbol) for symbol in symbols))

    def _calm_down(self):
        self.gateway.clear_faults()
        self.gateway.restore_link(data_lost=False)
        for _ in range(300):
            if self.broker.is_linked:
                break
            time.sleep(0.02)
        for seconds in (1, 6, 6, 30, 60, 60):
            self._step(seconds)
        self.day.clock.set(close_of_the_session())
        for seconds in (1, 10, 10, 60):
            self._step(seconds)
