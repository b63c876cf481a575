"""What an order may not do at the instant it leaves, by the broker's book and the market of then.

Reckoned anew and otherwise than the cascade does, from nothing that the worker remembers but the
orders it has on record.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderStatus, Side
from alpha_oracle.execution.inbox_rules import session_in_window
from tests.trading import bounds
from tests.unit.execution.trading_day import WINDOW

ROOM = Decimal("1.002")
"""Commissions taken but not told, and executions at the ask of what counts at the mid."""

NOISE_USD = Decimal(30)


@dataclass
class Judge:
    """Looks at every command before the broker gets it; `commands` counts them by order."""

    storm: object
    commands: Counter = field(default_factory=Counter)
    sent: list = field(default_factory=list)

    def __call__(self, order):
        self.commands[order.order_id] += 1
        assert self.commands[order.order_id] == 1, "sent twice"
        memory, now = self.storm.day.memory, self.storm.day.clock.now()
        recorded = memory.orders.get(order.order_id)
        assert recorded is not None, "sent unrecorded"
        assert recorded.status is OrderStatus.PENDING, "sent unrecorded"
        assert not memory.kill_switch.is_active, "sent while the kill switch is active"
        assert session_in_window(now, WINDOW) == order.session, "sent outside its window"
        assert order.simulated
        assert order.account == "paper"
        judged = _buying if order.side is Side.BUY else _selling
        judged(Scene(self.storm, order, self.sent))
        self.sent.append((now, order))


class Scene:
    """An order about to leave, and what the broker and the market are then."""

    def __init__(self, storm, order, sent):
        self.order = order
        self.day = storm.day
        self.now = storm.day.clock.now()
        self.sent = sent
        self.limits = bounds(**storm.bounds)
        self.storm = storm
        self.book = storm.day.market.book
        self.top = self.day.memory.orders[order.parent_id or order.order_id]
        self.mids = {Symbol(one): Decimal(str(price)) for one, price in storm.prices.items()}
        self.held = Counter({one: had.quantity for one, had in self.book.positions.items()})
        self.equity = self._worth(self.mids)
        # Of what is held a mark may be a second old: from the best of it no halt may be met.
        self.best_equity = max(map(self._worth, [self.mids, *storm.shown_lately()]))

    def _worth(self, prices):
        held = self.held.items()
        return self.book.cash + sum(count * Decimal(str(prices[one])) for one, count in held)

    def executed(self, order_id):
        """Shares the broker executed of an order, and of its slices."""
        family = {order_id} | {
            one.order_id for one in self.day.memory.orders.values() if one.parent_id == order_id
        }
        return sum(one.quantity for one in self.book.executions.values() if one.order_id in family)

    def wanted(self):
        """By symbol, USD that this purchase and the others on record may still cost."""
        # Of its own TWAP the slice counts: the rest is checked when its turn comes.
        usd = Counter({self.order.symbol: self.order.quantity * self.price_of(self.order)})
        for one in self.day.memory.orders.values():
            is_open = one.side is Side.BUY and one.parent_id is None and not one.is_final
            if is_open and one is not self.top:
                left = max(one.quantity - self.executed(one.order_id), 0)
                usd[one.symbol] += left * self.price_of(one)
        return usd

    def price_of(self, order):
        """USD a share of an order counts at."""
        return order.limit_price or self.mids[order.symbol]


def _buying(scene):
    _stays_within_sums(scene)
    _stays_within_counts(scene)
    _meets_no_halt(scene)
    _asked_whom_it_must(scene)


def _stays_within_sums(scene):
    limits, equity, wanted = scene.limits, scene.equity, scene.wanted()
    usd = Counter({one: count * scene.mids[one] for one, count in scene.held.items() if count})
    usd.update(wanted)
    own = usd[scene.order.symbol]
    assert own <= equity * limits.max_position_pct / 100 * ROOM, "position limit"
    sectors = scene.day.facts.known.sectors
    sector = sum(one for of, one in usd.items() if sectors[of] == sectors[scene.order.symbol])
    assert sector <= equity * limits.max_sector_pct / 100 * ROOM, "sector limit"
    left = scene.book.cash - sum(wanted.values()) + NOISE_USD
    assert left * ROOM >= equity * limits.min_cash_pct / 100, "cash reserve"
    assert len([one for one, worth in usd.items() if worth]) <= limits.max_positions, "positions"


def _stays_within_counts(scene):
    limits, order, now = scene.limits, scene.order, scene.now
    quote = scene.day.market.board.newest[order.symbol]
    assert (order.limit_price or quote.ask) >= limits.min_price, "minimum price"
    ago = [now - at for at, _ in scene.sent]
    assert sum(one < timedelta(seconds=1) for one in ago) < limits.max_orders_per_second, "rate"
    assert sum(one < timedelta(minutes=1) for one in ago) < limits.max_orders_per_minute, "rate"
    tops = {
        one.parent_id or one.order_id for _, one in scene.sent if one.session == order.session
    } - {scene.top.order_id}
    assert len(tops) < limits.max_trades_per_day, "trades a day"


def _meets_no_halt(scene):
    limits = scene.limits
    vix = scene.day.market.board.newest.get(Symbol("VIX"))
    assert vix is None or vix.last < limits.max_vix, "volatility"
    fallen = (1 - scene.best_equity / scene.storm.base) * 100
    assert fallen < limits.max_daily_loss_pct + Decimal("0.05"), "daily loss"
    below_peak = (1 - scene.best_equity / scene.storm.peak) * 100
    assert below_peak < limits.max_drawdown_pct + Decimal("0.05"), "drawdown"


def _asked_whom_it_must(scene):
    limits, order, top = scene.limits, scene.order, scene.top
    asked = set()
    if top.quantity * 100 >= scene.day.facts.known.adv_shares[order.symbol] * limits.max_adv_pct:
        asked.add("share_of_volume")
    price = order.limit_price or scene.day.market.board.newest[order.symbol].ask
    away = abs(price / order.reference_price - 1) * 100
    if away >= limits.max_reference_distance_pct:
        asked.add("reference_distance")
    if asked:
        approval = scene.day.memory.approvals.get(top.order_id)
        assert approval is not None, f"nobody was asked: {asked}"
        assert approval.status == "approved", f"nobody said yes: {asked}"
        assert asked <= set(approval.checks), f"asked about something else: {asked}"


def _selling(scene):
    order, memory = scene.order, scene.day.memory
    lot = memory.lots[order.account, order.strategy, order.symbol]
    working = sum(
        one.quantity - scene.executed(one.order_id)
        for one in memory.orders.values()
        if one.side is Side.SELL
        and one.parent_id is None
        and not one.is_final
        and (one.strategy, one.symbol) == (order.strategy, order.symbol)
    )
    assert 0 < order.quantity <= working <= lot.quantity, "sells more than its lot"
    assert order.quantity <= scene.held[order.symbol], "sells more than there is"
    assert lot.opened < order.session, "sold before its shortest hold was over"


def check_positions(storm):
    """What must be so at the broker at any instant: nothing short, nothing on credit."""
    book, limits = storm.day.market.book, bounds(**storm.bounds)
    applied = {(one.action.symbol, one.action.kind) for one in book.actions}
    due = {(one.symbol, one.kind) for one in storm.day.facts.corporate_actions}
    if due - applied:
        # The worker did not get to tell the broker of the morning's split, and buys nothing before.
        return
    held = {one: position.quantity for one, position in book.positions.items()}
    assert all(count > 0 for count in held.values()), "short"
    assert book.cash >= 0, "on credit"
    assert len(held) <= limits.max_positions, "too many positions"
    if not storm.is_falling:
        prices = {one: Decimal(str(storm.prices[one])) for one in held}
        equity = book.cash + sum(count * prices[one] for one, count in held.items())
        most = equity * limits.max_position_pct / 100 * Decimal("1.03")
        assert all(count * prices[one] <= most for one, count in held.items()), "too large"


def closing_equity(storm):
    """The broker's equity at the prices of now: what the next session's losses count from."""
    book = storm.day.market.book
    worth = sum(
        position.quantity * Decimal(str(round(storm.prices[one], 2)))
        for one, position in book.positions.items()
    )
    return book.cash + worth
