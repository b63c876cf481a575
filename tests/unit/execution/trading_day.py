"""An engine in a market that a test sets: fakes of everything, on a clock that stands still."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.received_signals import WinStatistics
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.domain.trading_facts import References, StrategyStanding
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.execution.order_generator import OrderGenerator
from alpha_oracle.execution.quality import measure_quality
from alpha_oracle.execution.reconciliation import BookReconciler
from alpha_oracle.execution.router import SmartOrderRouter
from alpha_oracle.execution.surroundings import Companions, Ports, TradingRules
from alpha_oracle.execution.watch import PortfolioWatch
from alpha_oracle.risk.commissions import order_commission
from alpha_oracle.risk.kill_switch import KillSwitchRules
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, standard_checks
from tests.fakes.broker import SimulatedMarket, a_quote, rules
from tests.fakes.clock import FixedClock
from tests.fakes.scripted_broker import ScriptedBroker
from tests.fakes.trading import (
    InMemoryKillSwitch,
    InMemoryKillSwitchMirror,
    InMemoryOperators,
    InMemoryTradingStore,
    TradingMemory,
)
from tests.fakes.trading_facts import InMemoryTradingFacts
from tests.trading import COMMISSION, bounds

SESSION = date(2016, 6, 2)
SIGNALLED = date(2016, 6, 1)
BEFORE_OPEN = datetime(2016, 6, 2, 12, 0, tzinfo=UTC)
WINDOW = ExecutionWindow(start_after_open_minutes=5, stop_before_close_minutes=15)
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
MOMENTUM = "MomentumStrategy"
EDGE = WinStatistics(win_rate=Decimal("0.6"), avg_win_loss_ratio=Decimal(2))


def references(**changes):
    """AAA to DDD: a sector each, a million shares a day, last closed at 100 USD."""
    ordinary = References(
        session=SESSION,
        symbols=frozenset(),
        sectors={Symbol(one): f"sector of {one}" for one in SYMBOLS},
        adv_shares={Symbol(one): 1_000_000 for one in SYMBOLS},
        last_closes={Symbol(one): Decimal(100) for one in SYMBOLS},
        vix_close=(SIGNALLED, Decimal(15)),
        standings={
            MOMENTUM: StrategyStanding(score=Decimal("0.7"), statistics=EDGE, is_eligible=True)
        },
        holds={MOMENTUM: Hold(min_days=2, max_days=20)},
    )
    return replace(ordinary, **changes)


def rejections(day):
    """The `order:rejected` documents announced."""
    return [one for one in day.memory.announced("orders") if one["event"] == "order:rejected"]


def an_outcome(day, signal=0):
    """The outcome of a signal, in the order in which outcomes came."""
    return list(day.memory.outcomes.values())[signal]


def a_document(symbol="AAA", direction="LONG", *, session=SIGNALLED, **changes):
    """A signal as it is announced, decided on a session's close for the next one's window."""
    trades_on = calendar.next_session_after(session)
    whole = {
        "event": "signal:generated",
        "symbol": symbol,
        "direction": direction,
        "strength": 0.5,
        "strategy": MOMENTUM,
        "timestamp": calendar.decision_instant(session).isoformat(),
        "session": session.isoformat(),
        "expires_at": WINDOW.end(trades_on).isoformat(),
        "min_hold_days": 2,
        "max_hold_days": 20,
        "reference_price": 100.0,
        "win_rate": 0.6,
        "avg_win_loss_ratio": 2.0,
    }
    return json.dumps(whole | changes)


@dataclass
class TradingDay:
    """A worker's surroundings, which outlive it; `engine` is the worker of now."""

    mode: AutonomyMode = AutonomyMode.PAPER_ONLY
    faults: dict = field(default_factory=dict)
    bounds: dict = field(default_factory=dict)
    more_checks: tuple = ()
    build: object = ExecutionEngine
    seen: list = field(default_factory=list)
    malformed: list = field(default_factory=list)
    clock: FixedClock = field(default_factory=lambda: FixedClock(BEFORE_OPEN))
    memory: TradingMemory = field(default_factory=TradingMemory)
    facts: InMemoryTradingFacts = field(
        default_factory=lambda: InMemoryTradingFacts(known=references())
    )

    def __post_init__(self):
        self.market = SimulatedMarket(
            clock=self.clock, rules=rules(commission=_commission, **self.faults)
        )
        self.mirror = InMemoryKillSwitchMirror()
        self.switch = KillSwitch(InMemoryKillSwitch(self.memory), self.mirror)
        self.operators = InMemoryOperators(self.memory)
        self.operators.note("heartbeat", by="operator", at=self.clock.now())
        self.engine = self.another()

    def another(self, *, at=None, broker=None, store=None):
        """A worker started now on what the stores and the broker know."""
        risk_bounds = bounds(**self.bounds)
        broker = broker or self.market.another()
        monitor = PortfolioMonitor(bounds=risk_bounds)
        self.engine = self.build(
            Ports(
                clock=self.clock,
                store=store or InMemoryTradingStore(self.memory, at=at),
                switch=self.switch,
                activity=self.operators,
                broker=broker,
                board=self.market.board,
                facts=self.facts,
                apply_actions=self.market.broker.apply_actions,
            ),
            TradingRules(
                mode=self.mode,
                window=WINDOW,
                generator=OrderGenerator(
                    max_position_pct=risk_bounds.max_position_pct,
                    min_cash_pct=risk_bounds.min_cash_pct,
                    commission=COMMISSION,
                ),
                router=SmartOrderRouter(
                    small_adv_pct=Decimal("0.1"),
                    large_adv_pct=Decimal(1),
                    wide_spread_bps=Decimal(20),
                ),
                risk=PreTradeRiskManager((*standard_checks(risk_bounds), *self.more_checks)),
                bounds=risk_bounds,
                kill_switch=KillSwitchRules(cooldown_minutes=60),
                day_trade_window_sessions=5,
                twap_slices=5,
                twap_interval_seconds=60,
            ),
            Companions(
                reconcile=BookReconciler(max_drift_pct=risk_bounds.max_drift_pct),
                watch=PortfolioWatch(monitor, patience=timedelta(minutes=1)),
                quality=measure_quality,
                observe=self.seen.append,
                observe_malformed=self.malformed.extend,
            ),
        )
        return self.engine

    def quote(self, symbol="AAA", *, bid=99.95, ask=100.05, volume=1_000_000):
        """Let the market offer this now."""
        self.market.board.publish(
            [a_quote(symbol=symbol, bid=bid, ask=ask, volume=volume, at=self.clock.now())]
        )

    def quote_all(self, **prices):
        """Let the market offer every symbol, at 99.95 to 100.05 USD where not told otherwise."""
        for symbol in SYMBOLS:
            self.quote(symbol, **prices)

    def go_to(self, minutes_after_open, *, session=SESSION):
        """Let it be so many minutes after the open."""
        self.clock.set(calendar.session_open(session) + timedelta(minutes=minutes_after_open))

    def receive(self, *documents):
        """Let signals come in."""
        return self.engine.receive(documents, source="stream")

    def steps(self, count=3, *, seconds=1.0, quoting=True):
        """Let the worker work, a second apart, in a market that quotes everything."""
        for _ in range(count):
            if quoting:
                self.quote_all()
            self.engine.step()
            self.clock.advance(seconds=seconds)

    def told(self, channel="orders"):
        """The events announced on a channel, by name."""
        return [document["event"] for document in self.memory.announced(channel)]

    def orders(self):
        """The orders on record, oldest first."""
        return list(self.memory.orders.values())

    def scripted(self):
        """A worker at a broker that says only what it is made to say; return that broker."""
        broker = ScriptedBroker(clock=self.clock)
        self.another(broker=broker)
        return broker

    def alerts(self, severity=None):
        """The types of the alerts announced."""
        return [
            one["type"]
            for one in self.memory.announced("risk")
            if one["event"] == "risk:alert" and severity in (None, one["severity"])
        ]

    def kill(self):
        """Let an operator throw the kill switch."""
        now = self.clock.now()
        record = KillSwitchRules(cooldown_minutes=60).trip(
            self.switch.record(), now=now, by="operator", reason="a drill"
        )
        self.switch.change(record, at=now)

    def resume(self):
        """Let an operator resume trading, however soon."""
        record = replace(self.switch.record(), is_active=False)
        self.switch.change(record, at=self.clock.now())

    def shares(self, symbol="AAA"):
        """Shares of a symbol in the book on record."""
        return sum(lot.quantity for lot in self.memory.lots.values() if lot.symbol == symbol)


def _commission(quantity, price):
    return order_commission(quantity, price, COMMISSION)
