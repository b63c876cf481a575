"""A session in virtual time in which things go wrong where a seed says so."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.errors import StoreUnavailable
from tests.unit.execution.trading_day import (
    MOMENTUM,
    SESSION,
    SIGNALLED,
    SYMBOLS,
    TradingDay,
    a_document,
    references,
)

NEXT_SESSION = calendar.next_session_after(SESSION)

POINTS = (
    "before load",
    "before take in",
    "after take in",
    "before commit",
    "after commit",
    "before decided approvals",
    "before operator requests",
    "before missed",
    "before save reconciliation",
    "before submit",
    "after submit",
    "before cancel",
    "after cancel",
    "before events",
    "after events",
    "before snapshot",
    "after snapshot",
)
STORE_FAULTS = ("before commit", "after commit", "before load", "before save reconciliation")


class Died(BaseException):
    """The worker ends here, as by kill -9."""


@dataclass
class Fate:
    """What happens at which passing of which point: `die` or `away`."""

    plan: dict = field(default_factory=dict)
    passed: Counter = field(default_factory=Counter)
    struck: int = 0
    is_over: bool = False

    def __call__(self, point):
        if self.is_over:
            return
        self.passed[point] += 1
        what = self.plan.get((point, self.passed[point]))
        self.struck += what is not None
        if what == "die":
            raise Died(point)
        if what == "away":
            raise StoreUnavailable(f"the store went away {point}")


class WatchedBroker:
    """A broker whose every command is counted, and at whose every door fate waits."""

    def __init__(self, broker, fate, commands):
        self._broker = broker
        self._fate = fate
        self._commands = commands

    account = property(lambda self: self._broker.account)
    is_simulated = property(lambda self: self._broker.is_simulated)
    is_linked = property(lambda self: self._broker.is_linked)

    def submit_order(self, order):
        self._commands[order.order_id] += 1
        self._passing("submit", lambda: self._broker.submit_order(order))

    def cancel_order(self, order):
        self._passing("cancel", lambda: self._broker.cancel_order(order))

    def events(self):
        return self._passing("events", self._broker.events)

    def snapshot(self):
        return self._passing("snapshot", self._broker.snapshot)

    def _passing(self, name, act):
        self._fate(f"before {name}")
        answer = act()
        self._fate(f"after {name}")
        return answer


@dataclass
class Storm:
    """A day under a fate: `run` it, then look at what is left."""

    fate: Fate
    faults: dict = field(default_factory=dict)
    bounds: dict = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    adv: dict = field(default_factory=dict)
    is_calm: bool = False
    commands: Counter = field(default_factory=Counter)
    deaths: int = 0

    def __post_init__(self):
        self.day = TradingDay(faults=self.faults, bounds=self.bounds)
        known = references()
        adv = {**known.adv_shares, **{Symbol(one): shares for one, shares in self.adv.items()}}
        self.day.facts.known = replace(known, adv_shares=adv)
        self.prices = dict.fromkeys(SYMBOLS, 100.0)
        self.spreads = dict.fromkeys(SYMBOLS, 0.05)
        self.worker = None

    def start(self):
        """Let a worker start, where none runs."""
        broker = WatchedBroker(self.day.market.another(), self.fate, self.commands)
        self.day.another(at=self.fate, broker=broker)

    def alive(self, act):
        """Let the worker do something; where it dies, another one starts."""
        try:
            return act()
        except Died:
            self.deaths += 1
            self.start()
            return None

    def receive(self, *documents):
        """Give documents until they are taken in, as a stream does."""
        for _ in range(20):
            try:
                if self.alive(lambda: self.day.receive(*documents)) is not None:
                    return
            except StoreUnavailable:
                continue

    def step(self, seconds):
        """Let a while pass, the market move, and the worker look."""
        self.day.clock.advance(seconds=seconds)
        self.move()
        self.alive(self.day.engine.step)

    def move(self):
        """Let the market quote."""
        for symbol in () if self.day.market.board.is_away else SYMBOLS:
            if not self.is_calm:
                self.prices[symbol] *= 1 + self.dice.uniform(-0.0005, 0.0005)
            mid, spread = self.prices[symbol], self.spreads[symbol]
            self.day.quote(symbol, bid=round(mid - spread, 2), ask=round(mid + spread, 2))

    def settle_down(self, session):
        """Let faults end and the day close, and everything that is on its way arrive."""
        self.fate.is_over = True
        stormy, market = self.day.market.rules, self.day.market
        calm = replace(stormy.faults, settings=type(stormy.faults.settings)())
        market.rules = replace(stormy, faults=calm)
        self.start()
        self.day.memory.is_away = market.board.is_away = self.day.mirror.is_away = False
        closes = calendar.session_close(session)
        self.day.clock.set(closes - timedelta(minutes=16))
        for seconds in (1, 10, 60, 600, 400, 30, 30):
            self.step(seconds)
        market.rules, self.fate.is_over = stormy, False


def check(storm):
    """What must be so, whatever happened."""
    day, memory = storm.day, storm.day.memory
    assert not [one for one, count in storm.commands.items() if count > 1], "sent twice"
    assert set(memory.outcomes) == set(memory.inbox), "a signal without its outcome"
    open_orders = [order for order in memory.orders.values() if not order.is_final]
    assert not open_orders, f"left open: {open_orders}"
    critical = [one for one in memory.announced("risk") if one.get("severity") == "critical"]
    assert not critical, "nothing here breaches integrity"
    _check_book(day)
    _check_intents(memory)
    _check_told(memory)


def _check_book(day):
    book, broker = day.engine.book, day.market.book
    held = Counter()
    for lot in day.memory.lots.values():
        held[lot.symbol] += lot.quantity
    theirs = {symbol: one.quantity for symbol, one in broker.positions.items()}
    assert {symbol: count for symbol, count in held.items() if count} == theirs
    assert day.memory.states["paper"].cash_usd == broker.cash == book.state.cash_usd
    assert {key: lot for key, lot in book.lots.items() if lot.quantity} == {
        lot.key: lot for lot in day.memory.lots.values() if lot.quantity
    }


def _check_intents(memory):
    slices = Counter(order.parent_id for order in memory.orders.values() if order.parent_id)
    by_signal = Counter(order.signal_id for order in memory.orders.values() if not order.parent_id)
    assert all(count == 1 for signal, count in by_signal.items() if signal)
    for parent_id in slices:
        parent = memory.orders[parent_id]
        own = [order for order in memory.orders.values() if order.parent_id == parent_id]
        assert sum(order.filled_quantity for order in own) == parent.filled_quantity
        assert parent.filled_quantity <= parent.quantity


def _check_told(memory):
    told = Counter()
    for document in memory.announced("orders"):
        if document["event"] in {"order:filled", "order:partially_filled"}:
            told[document["order_id"]] += document["fill_quantity"]
    filled = {
        order.order_id: order.filled_quantity
        for order in memory.orders.values()
        if order.filled_quantity and order.parent_id is None
    }
    assert dict(told) == filled


def check_memory(storm):
    """The worker knows what is on record, and nothing else."""
    book, memory = storm.day.engine.book, storm.day.memory
    if book is None:
        return
    assert all(memory.orders.get(order_id) == one for order_id, one in book.orders.items())
    assert all(memory.lots.get(("paper", *key)) == one for key, one in book.lots.items())
    assert memory.states["paper"] == book.state


def check_limits(storm):
    """At the broker, at this instant: shares, cash and what still works stay within the bounds."""
    book, limit = storm.day.market.book, storm.bounds
    applied = {(one.action.symbol, one.action.kind) for one in book.actions}
    due = {(one.symbol, one.kind) for one in storm.day.facts.corporate_actions}
    if due - applied:
        # The worker did not get to tell the broker of the morning's split, and buys nothing before.
        return
    prices = {symbol: Decimal(str(price)) for symbol, price in storm.prices.items()}
    held = Counter({symbol: one.quantity for symbol, one in book.positions.items()})
    equity = book.cash + sum(count * prices[symbol] for symbol, count in held.items())
    for order in book.orders.values():
        is_working = order.status in {"PENDING", "SUBMITTED", "PARTIALLY_FILLED"}
        if is_working and order.side is Side.BUY:
            held[order.symbol] += order.open_quantity
    assert all(count >= 0 for count in held.values())
    most = limit.get("max_position_pct", Decimal(5)) * Decimal("1.03")
    shares = {symbol: count * prices[symbol] / equity * 100 for symbol, count in held.items()}
    assert all(share <= most for share in shares.values()), shares
    spent = sum(shares.values())
    assert spent <= (100 - limit.get("min_cash_pct", Decimal(10))) * Decimal("1.01"), spent
    assert len([one for one in held.values() if one]) <= limit.get("max_positions", 20)


def a_storm(seed):
    """A day whose faults, signals and market follow from a seed."""
    dice = random.Random(seed)
    plan = {(dice.choice(POINTS), dice.randint(1, 12)): "die" for _ in range(dice.randint(0, 4))}
    plan |= {
        (dice.choice(STORE_FAULTS), dice.randint(1, 12)): "away" for _ in range(dice.randint(0, 3))
    }
    storm = Storm(
        fate=Fate(plan=plan),
        dice=dice,
        faults={
            "latency_seconds": dice.choice((0.0, 0.0, 0.4, 3.0)),
            "lost_answer_pct": dice.choice((0, 0, 30)),
            "lost_order_pct": dice.choice((0, 0, 30)),
            "partial_fill_pct": dice.choice((0, 50)),
            "repeated_event_pct": dice.choice((0, 50)),
            "rejected_pct": dice.choice((0, 0, 20)),
            "commission_delay_seconds": dice.choice((0.0, 2.0)),
            "link_up_seconds": 100.0,
            "link_down_seconds": dice.choice((0.0, 0.0, 20.0)),
        },
        bounds={
            "max_position_pct": Decimal(dice.choice((5, 30, 40))),
            "max_sector_pct": Decimal(50),
            "max_positions": dice.choice((2, 20)),
            "equity_threshold": Decimal(dice.choice((25_000, 1_000_000))),
        },
        adv={one: dice.choice((3_000, 60_000, 1_000_000)) for one in SYMBOLS},
    )
    storm.spreads = {one: dice.choice((0.05, 0.05, 0.3)) for one in SYMBOLS}
    return storm


def a_day_of_everything(plan):
    """Days with market orders, slices, approvals, parts and late commissions, under one fate."""
    return Storm(
        fate=Fate(plan=plan),
        dice=random.Random(11),
        faults={"latency_seconds": 0.4, "partial_fill_pct": 50, "commission_delay_seconds": 2.0},
        bounds={"max_position_pct": Decimal(20), "max_sector_pct": Decimal(50)},
        adv={"AAA": 60_000, "BBB": 1_000_000, "CCC": 10_000},
    )


def run(storm):
    """Two sessions: signals, outages and a switch thrown, a split in between, each to its end."""
    work(storm, SIGNALLED, SESSION)
    held = {lot.symbol for lot in storm.day.memory.lots.values() if lot.quantity}
    closes = {Symbol(one): Decimal(str(round(price, 2))) for one, price in storm.prices.items()}
    storm.day.facts.known = replace(
        storm.day.facts.known, last_closes=closes, vix_close=(SESSION, Decimal(15))
    )
    act_on_shares(storm, sorted(held))
    work(storm, SESSION, NEXT_SESSION, leaving=sorted(held))


def work(storm, signalled_on, session, *, leaving=()):
    """A session, from its signals to what must be so after it."""
    dice, day = storm.dice, storm.day
    wanted = dice.sample(SYMBOLS, dice.randint(1, 4))
    longs = [
        a_document(
            one,
            session=signalled_on,
            strength=dice.random(),
            min_hold_days=1,
            strategy=dice.choice((MOMENTUM, "BreakoutStrategy")),
        )
        for one in (*wanted, dice.choice(SYMBOLS))
    ]
    shorts = [
        a_document(one, "SHORT", session=signalled_on)
        for one in sorted({*dice.sample(SYMBOLS, 1), *leaving})
    ]
    day.clock.set(calendar.session_open(session) - timedelta(hours=1))
    storm.start()
    storm.step(1)
    storm.receive(*longs)
    storm.receive(*shorts)
    day.go_to(5, session=session)
    kill_at = dice.choice((None, None, None, None, dice.randint(1, 12)))
    for number in range(dice.randint(6, 14)):
        day.memory.is_away = dice.random() < 0.03
        day.market.board.is_away = dice.random() < 0.05
        day.mirror.is_away = dice.random() < 0.03
        if number == kill_at:
            kill(day)
        decide(storm)
        storm.step(dice.choice((0.3, 1, 2, 7, 30, 61)))
        check_limits(storm)
        check_memory(storm)
    storm.settle_down(session)
    check_limits(storm)
    check(storm)


def act_on_shares(storm, held):
    """Let one of the symbols held be split overnight, and another pay a dividend."""
    if not held:
        return
    dice = storm.dice
    ratio = dice.choice((Decimal(2), Decimal("1.5"), Decimal("0.5")))
    for symbol, kind, value in (
        (dice.choice(held), ActionKind.SPLIT, ratio),
        (dice.choice(held), ActionKind.DIVIDEND, Decimal("0.25")),
    ):
        if kind is ActionKind.SPLIT:
            storm.prices[symbol] /= float(value)
        storm.day.facts.corporate_actions.append(
            CorporateAction(
                symbol=symbol,
                ex_date=NEXT_SESSION,
                kind=kind,
                value=value,
                known_at=storm.day.clock.now(),
            )
        )


def decide(storm):
    """Let a human decide some of what waits."""
    day, dice = storm.day, storm.dice
    if day.memory.is_away:
        return
    for order_id in list(day.memory.approvals):
        if dice.random() < 0.3:
            day.operators.decide(
                order_id, approve=dice.random() < 0.8, by="operator", at=day.clock.now()
            )


def kill(day):
    """An operator throws the switch from another process."""
    day.memory.is_away = day.mirror.is_away = False
    now = day.clock.now()
    record = day.switch.record()
    day.switch.change(
        replace(record, is_active=True, activated_at=now, changed_by="operator", reason="drill"),
        at=now,
    )
