"""A worker in a storm: its surroundings fail where a seed says so, in virtual time."""

from __future__ import annotations

import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.bootstrap.worker import Worker
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.execution.engine import ExecutionEngine
from tests.chaos.bus import OrderedOutbox, StormyBus
from tests.chaos.fate import AWAY_POINTS, POINTS, Died, Fate, WatchedBroker
from tests.chaos.judge import Judge, check_positions
from tests.fakes.signal_stream import InMemorySignalStream, SignalServer
from tests.unit.execution.trading_day import SYMBOLS, TradingDay, references


@dataclass
class Storm:
    """A day under a fate: let it be worked, then look at what is left."""

    fate: Fate
    faults: dict = field(default_factory=dict)
    bounds: dict = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    adv: dict = field(default_factory=dict)
    sectors: dict = field(default_factory=dict)
    falls: str = ""
    is_bare: bool = False
    build: object = ExecutionEngine
    worked_by: type = Worker
    deaths: int = 0

    def __post_init__(self):
        self.day = TradingDay(faults=self.faults, bounds=self.bounds, build=self.build)
        known = references()
        self.day.facts.known = replace(
            known,
            adv_shares={**known.adv_shares, **self.adv},
            sectors={**known.sectors, **self.sectors},
        )
        self.prices = dict.fromkeys(map(Symbol, SYMBOLS), 100.0)
        self.spreads = dict.fromkeys(map(Symbol, SYMBOLS), 0.05)
        self.shown = deque(maxlen=20)
        self.base = self.peak = Decimal(100_000)
        self.is_falling = self.is_panic = False
        self.server, self.bus = SignalServer(), StormyBus()
        self.outbox = OrderedOutbox(self.day.memory, at=self.fate)
        self.judge = Judge(self)
        self.published = {}
        self.malformed = 0
        self.worker = None

    def start(self):
        """Let a worker start, where none runs."""
        day = self.day
        broker = WatchedBroker(day.market.another(), self.fate, self.judge)
        engine = day.another(at=self.fate, broker=broker)
        stream = InMemorySignalStream(self.server, consumer="own", clock=day.clock, at=self.fate)
        self.worker = self.worked_by(
            account="paper",
            engine=engine,
            store=engine._ports.store,
            stream=stream,
            outbox=self.outbox,
            bus=self.bus,
            clock=day.clock,
        )

    def start_anew(self):
        """Let the worker's process end where nobody expects it, and another start."""
        self.deaths += 1
        self.start()

    def publish(self, signal_id, document, *, session, is_streamed=True, is_told=True):
        """Announce a signal that is on record, unless the storm's publishers are bare ones."""
        if not self.is_bare:
            self.day.memory.documents[signal_id] = (session, document)
        self.published[signal_id] = document
        if is_streamed or self.is_bare:
            self.server.add(document)
        if is_told:
            self.server.publish(document)

    def step(self, seconds):
        """Let a while pass, the market move, and the worker look; whatever becomes of it holds."""
        self.day.clock.advance(seconds=seconds)
        self.move()
        self.work()

    def work(self):
        """Let the worker look once."""
        for do in (lambda: self.worker.take_in(wait_seconds=0.0), self._look, self._relay):
            try:
                with suppress(StoreUnavailable):
                    do()
            except Died:
                self.start_anew()
        check_positions(self)

    def move(self):
        """Let the market quote."""
        if self.day.market.board.is_away:
            return
        if self.is_panic:
            self.day.quote("VIX", bid=40, ask=40.1)
        for symbol in self.prices:
            self.prices[symbol] *= 1 + self.dice.uniform(-0.0005, 0.0005)
            mid, spread = self.prices[symbol], self.spreads[symbol]
            self.day.quote(symbol, bid=round(mid - spread, 2), ask=round(mid + spread, 2))
        self.shown.append((self.day.clock.now(), dict(self.prices)))

    def shown_lately(self):
        """What the market showed within the second that a mark may be old."""
        now = self.day.clock.now()
        return [prices for at, prices in self.shown if now - at < timedelta(seconds=1)]

    def settle_down(self, session):
        """Let faults end and the day close, and everything that is on its way arrive."""
        self.fate.is_over = True
        stormy, market = self.day.market.rules, self.day.market
        calm = replace(stormy.faults, settings=type(stormy.faults.settings)())
        market.rules = replace(stormy, faults=calm)
        self.start()
        self.be_there()
        self.day.clock.set(calendar.session_close(session) - timedelta(minutes=16))
        for seconds in (1, 10, 60, 600, 400, 30, 30):
            self.step(seconds)
        market.rules, self.fate.is_over = stormy, False

    def be_there(self):
        """Let every store and the bus be within reach."""
        day = self.day
        day.memory.is_away = day.market.board.is_away = day.mirror.is_away = False
        self.server.is_away = self.bus.is_away = False

    def _look(self):
        self.worker.step()

    def _relay(self):
        self.worker.relay()


def a_storm(seed, **changes):
    """A day whose faults, signals and market follow from a seed, but for what is given."""
    dice, own = random.Random(seed), random.Random(f"the fate of {seed}")
    plan = {(dice.choice(POINTS), dice.randint(1, 12)): "die" for _ in range(dice.randint(0, 4))}
    plan |= {
        (dice.choice(AWAY_POINTS), dice.randint(1, 12)): "away" for _ in range(dice.randint(0, 4))
    }
    drawn = {
        "fate": Fate(plan=plan, blinks=own.choice((0.0, 0.02, 0.3)), dice=own),
        "dice": dice,
        "faults": _faults(dice),
        "bounds": _bounds(dice),
        "adv": {Symbol(one): dice.choice((3_000, 60_000, 1_000_000)) for one in SYMBOLS},
        "sectors": dict.fromkeys(map(Symbol, SYMBOLS[: dice.choice((0, 2, 3))]), "Energy"),
        "falls": dice.choice(("", "", "", "one", "all", "later")),
        "is_bare": dice.random() < 0.2,
    }
    storm = Storm(**(drawn | changes))
    storm.spreads = {Symbol(one): dice.choice((0.05, 0.05, 0.3)) for one in SYMBOLS}
    return storm


def a_day_of_everything(plan):
    """Days with market orders, slices, approvals, parts and late commissions, under one fate."""
    return Storm(
        fate=Fate(plan=plan),
        dice=random.Random(18),
        faults={"latency_seconds": 0.4, "partial_fill_pct": 50, "commission_delay_seconds": 2.0},
        bounds={"max_position_pct": Decimal(20), "max_sector_pct": Decimal(50)},
        adv={Symbol("AAA"): 60_000, Symbol("BBB"): 1_000_000, Symbol("CCC"): 10_000},
    )


_LOSSES = (
    {"max_drawdown_pct": Decimal(10), "max_daily_loss_pct": Decimal(3)},
    {"max_drawdown_pct": Decimal(2), "max_daily_loss_pct": Decimal(90)},
)


def _faults(dice):
    return {
        "latency_seconds": dice.choice((0.0, 0.0, 0.4, 3.0)),
        "lost_answer_pct": dice.choice((0, 0, 30)),
        "lost_order_pct": dice.choice((0, 0, 30)),
        "partial_fill_pct": dice.choice((0, 50)),
        "repeated_event_pct": dice.choice((0, 50)),
        "rejected_pct": dice.choice((0, 0, 20)),
        "commission_delay_seconds": dice.choice((0.0, 2.0)),
        "link_up_seconds": 100.0,
        "link_down_seconds": dice.choice((0.0, 0.0, 20.0)),
    }


def _bounds(dice):
    return {
        "max_position_pct": Decimal(dice.choice((5, 30, 40))),
        "max_sector_pct": Decimal(dice.choice((25, 50))),
        "min_price": Decimal(dice.choice((5, 5, 100))),
        **dice.choice(_LOSSES),
        "max_positions": dice.choice((2, 20)),
        "max_trades_per_day": dice.choice((2, 50)),
        "max_orders_per_second": dice.choice((1, 5)),
        "max_orders_per_minute": dice.choice((2, 30)),
    }
