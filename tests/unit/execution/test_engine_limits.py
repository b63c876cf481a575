"""Any wishes in any market: no order ever leaves that exceeds a limit as it leaves.

The judge reckons from the broker's book what the cascade reckons from ours.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alpha_oracle.domain.market import Symbol
from tests.chaos.fate import Fate
from tests.chaos.invariants import check_memory
from tests.chaos.storms import Storm
from tests.unit.execution.trading_day import MOMENTUM, SIGNALLED, SYMBOLS, a_document

ON_A_SYMBOL = st.sampled_from([Symbol(one) for one in SYMBOLS])
STRATEGIES = st.sampled_from([MOMENTUM, "BreakoutStrategy"])


class AnyMarket(RuleBasedStateMachine):
    """A worker in a session, whose market, signals, operators and broker do what they like."""

    @initialize(
        position=st.sampled_from([5, 30]),
        positions=st.sampled_from([2, 20]),
        trades=st.sampled_from([2, 50]),
        per_minute=st.sampled_from([2, 30]),
        latency=st.sampled_from([0.0, 3.0]),
        partial=st.sampled_from([0, 60]),
        adv=st.sampled_from([3_000, 60_000, 1_000_000, 1_000_000]),
    )
    def open(self, *, position, positions, trades, per_minute, latency, partial, adv):
        self.number = 0
        self.storm = Storm(
            fate=Fate(),
            faults={"latency_seconds": latency, "partial_fill_pct": partial},
            bounds={
                "max_position_pct": Decimal(position),
                "max_sector_pct": Decimal(35),
                "max_positions": positions,
                "max_trades_per_day": trades,
                "max_orders_per_minute": per_minute,
                # Both count from one equity in the first session: the other alone would be seen.
                "max_drawdown_pct": Decimal(2),
                "max_daily_loss_pct": Decimal(90),
            },
            adv=dict.fromkeys(map(Symbol, SYMBOLS), adv),
            sectors=dict.fromkeys(map(Symbol, SYMBOLS[:3]), "Energy"),
        )
        self.storm.is_falling = True
        self.storm.start()
        self.storm.day.go_to(5)
        self.storm.step(0)

    @rule(
        wanted=st.lists(st.tuples(ON_A_SYMBOL, STRATEGIES), min_size=1, max_size=5),
        win_rate=st.floats(0.05, 0.9),
        moved=st.sampled_from([1.0, 1.0, 1.0, 0.95]),
    )
    def wish(self, wanted, win_rate, moved):
        for symbol, strategy in wanted:
            self.number += 1
            signal_id = f"wish-{self.number}"
            document = a_document(
                symbol,
                id=signal_id,
                strategy=strategy,
                win_rate=win_rate,
                avg_win_loss_ratio=None,
                reference_price=self.storm.prices[symbol] * moved,
            )
            self.storm.publish(signal_id, document, session=SIGNALLED)
        self.storm.step(1)

    @rule(symbol=ON_A_SYMBOL, factor=st.sampled_from([0.7, 0.97, 1.03]))
    def move(self, symbol, factor):
        self.storm.prices[symbol] *= factor

    @rule(seconds=st.sampled_from([0, 1, 5, 61]))
    def wait(self, seconds):
        self.storm.step(seconds)

    @rule(spread=st.sampled_from([0.05, 0.3]), symbol=ON_A_SYMBOL)
    def widen(self, spread, symbol):
        self.storm.spreads[symbol] = spread

    @rule(approve=st.booleans())
    def decide(self, approve):
        day = self.storm.day
        for order_id in list(day.memory.approvals):
            day.operators.decide(order_id, approve=approve, by="operator", at=day.clock.now())

    @rule()
    def halt_for_a_while(self):
        self.storm.day.kill()
        self.storm.step(1)
        self.storm.step(5)
        self.storm.day.resume()

    @invariant()
    def the_book_is_what_is_on_record(self):
        check_memory(self.storm)


TestAnyMarket = AnyMarket.TestCase
TestAnyMarket.settings = settings(max_examples=40, stateful_step_count=30)
