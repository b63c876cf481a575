"""The day-trade guard over sessions of parts, cancels and two strategies, counted anew by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from alpha_oracle import calendar
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Order, OrderPurpose, Side
from alpha_oracle.domain.risk import DayTradeRegime, RiskAction
from alpha_oracle.risk.day_trades import DayTradeLog, OwnFill
from alpha_oracle.risk.pdt_guard import window_sessions
from tests.trading import NOW, TODAY, an_exit, an_order, bounds, facts

ALLOWED = 3
GUARD = bounds(day_trade_regime=DayTradeRegime.PDT, max_day_trades=ALLOWED).day_trade_guard()
SYMBOLS = [Symbol(name) for name in ("AAA", "BBB", "CCC")]
STRATEGIES = ["Breakout", "Momentum"]
LOTS = st.tuples(st.sampled_from(STRATEGIES), st.sampled_from(SYMBOLS))


@dataclass
class Working:
    """An order at the broker; `counts` says whether a fill of it can be held against the guard."""

    order: Order
    left: int
    counts: bool


class Trader(RuleBasedStateMachine):
    """An account below the threshold, whose orders fill in parts, late, or not at all.

    No five sessions ever hold a fourth day trade that the guard let through: what a human approved
    and what sold a lot of an earlier session, which is never the guard's business, are left out.
    """

    @initialize()
    def open_account(self):
        self.session, self.clock, self.number = TODAY, NOW, 0
        self.log, self.lots, self.working = DayTradeLog(), {}, {}
        self.counted = []

    def facts(self):
        working = [self.as_fill(one.order) for one in self.working.values()]
        return facts(
            session=self.session,
            day_trades=self.log.tally(window_sessions(self.session, 5), working=working),
            opened={lot: opened for lot, (opened, _) in self.lots.items()},
            equity_usd=Decimal(20_000),
            previous_close_equity_usd=Decimal(20_000),
        )

    def as_fill(self, order):
        return OwnFill(
            session=self.session,
            symbol=order.symbol,
            side=order.side,
            order_id=order.order_id,
            strategy=order.strategy,
            at=self.clock,
        )

    def is_worked(self, lot):
        return any((one.order.strategy, one.order.symbol) == lot for one in self.working.values())

    def send(self, order, *, counts):
        self.working[order.order_id] = Working(order, order.quantity, counts)

    def next_id(self):
        self.number += 1
        return f"order-{self.number:03}"

    @rule(lot=LOTS, quantity=st.integers(1, 3))
    def buy(self, lot, quantity):
        self.enter(lot, quantity)

    def enter(self, lot, quantity):
        strategy, symbol = lot
        order = an_order(
            order_id=self.next_id(),
            strategy=strategy,
            symbol=symbol,
            quantity=quantity,
            session=self.session,
        )
        is_free = lot not in self.lots and not self.is_worked(lot)
        if is_free and GUARD.check(order, self.facts()).action is RiskAction.APPROVE:
            self.send(order, counts=True)

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), is_protective=st.booleans(), is_approved=st.booleans())
    def sell(self, data, is_protective, is_approved):
        lot = data.draw(st.sampled_from(sorted(self.lots)))
        if not self.is_worked(lot):
            self.leave(lot, is_protective=is_protective, is_approved=is_approved)

    def leave(self, lot, *, is_protective, is_approved):
        opened, held = self.lots[lot]
        order = an_exit(
            order_id=self.next_id(),
            strategy=lot[0],
            symbol=lot[1],
            quantity=held,
            session=self.session,
            purpose=OrderPurpose.PROTECTIVE if is_protective else OrderPurpose.EXIT,
        )
        verdict = GUARD.check(order, self.facts()).action
        is_round_trip = opened == self.session
        if not is_round_trip:
            assert verdict is RiskAction.APPROVE
        elif not is_protective:
            assert verdict is RiskAction.REJECT
        by_human = verdict is RiskAction.REQUIRE_HUMAN_APPROVAL and is_approved
        if verdict is RiskAction.APPROVE or by_human:
            self.send(order, counts=is_round_trip and not by_human)

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def fill(self, data):
        one = self.working[data.draw(st.sampled_from(sorted(self.working)))]
        self.execute(one, data.draw(st.integers(1, one.left)))

    def execute(self, one, quantity):
        self.clock += timedelta(seconds=1)
        fill = self.as_fill(one.order)
        self.log.put(f"{one.order.order_id}-{one.left}", fill)
        if one.counts:
            self.counted.append(fill)
        one.left -= quantity
        if not one.left:
            del self.working[one.order.order_id]
        self.keep(one.order, quantity)
        window = window_sessions(self.session, 5)
        assert by_hand([one for one in self.counted if one.session >= window[0]]) <= ALLOWED

    def keep(self, order, quantity):
        lot = (order.strategy, order.symbol)
        opened, held = self.lots.get(lot, (self.session, 0))
        held += quantity if order.side is Side.BUY else -quantity
        self.lots[lot] = (opened, held)
        if not held:
            del self.lots[lot]

    @rule(lots=st.sets(LOTS, min_size=1))
    def stop_out(self, lots):
        for lot in sorted(lots):
            self.enter(lot, 1)
            self.execute_all()
            if lot in self.lots and not self.is_worked(lot):
                self.leave(lot, is_protective=True, is_approved=False)
            self.execute_all()

    def execute_all(self):
        for one in list(self.working.values()):
            self.execute(one, one.left)

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def cancel(self, data):
        del self.working[data.draw(st.sampled_from(sorted(self.working)))]

    @rule(sessions=st.sampled_from([1, 1, 2, 5]))
    def sleep(self, sessions):
        # Orders are for a day.
        self.working.clear()
        self.session = calendar.shift_session(self.session, sessions)
        self.clock = calendar.session_open(self.session)
        self.log.forget(before=window_sessions(self.session, 5)[0])


def by_hand(fills):
    """Day trades: in each symbol and session, how often sales followed purchases."""
    found = 0
    ordered = sorted(fills, key=lambda one: (one.symbol, one.session, one.at))
    for _, own in groupby(ordered, key=lambda one: (one.symbol, one.session)):
        sides = "".join(one.side[0] for one in own)
        runs = "".join(side for side, _ in groupby(sides))
        found += runs.count("BS")
    return found


TestTrader = Trader.TestCase
TestTrader.settings = settings(max_examples=50, stateful_step_count=30)
