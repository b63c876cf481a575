"""Worker, Redis and Postgres killed thirty times while signals flow: kill -9, not a fake of it."""

import random
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.orders import OrderStatus, RefusedBy, Side
from tests.end_to_end.trading_processes import Drill, Stores
from tests.end_to_end.trading_world import (
    EVE,
    MARKET,
    SESSION,
    START,
    SYMBOLS,
    a_signal,
    first,
)

pytestmark = pytest.mark.slow

SEED = 20_160_602
KILLS = ("worker",) * 12 + ("redis",) * 9 + ("postgres",) * 9
STRATEGIES = ("MomentumStrategy", "BreakoutStrategy")
FAULTS = {
    "LATENCY_SECONDS": 0.2,
    "REJECTED_PCT": 10,
    "PARTIAL_FILL_PCT": 40,
    "LOST_ANSWER_PCT": 15,
    "LOST_ORDER_PCT": 10,
    "REPEATED_EVENT_PCT": 30,
    "COMMISSION_DELAY_SECONDS": 1,
    "LINK_UP_SECONDS": 25,
    "LINK_DOWN_SECONDS": 2,
}
MARKET_SOURCE = SyntheticBarSource(SyntheticSettings(**MARKET))
SECTORS = {one.symbol: one.sector for one in MARKET_SOURCE.sectors(through=EVE)}
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WAITS = OrderStatus.AWAITING_APPROVAL
EQUITY = Decimal(100_000)
SLACK = Decimal("1.01")
"""What prices, and equity, move between the decision and the fill."""


@pytest.fixture
def drill(home, tmp_path, nursery):
    stores = Stores(tmp_path / "stores")
    drill = Drill(
        home=home,
        database_url=stores.urls["postgres"],
        redis_url=stores.urls["redis"],
        settings={f"BROKER__SIMULATED__FAULTS__{name}": value for name, value in FAULTS.items()},
        nursery=nursery,
        stores=stores,
    )
    yield drill
    drill.close()
    stores.close()


def a_small_signal(symbol, price, direction="LONG", **changes):
    """Sized at 3 % of equity, so that two of a symbol meet its limit."""
    return a_signal(symbol, price, direction, win_rate=0.3733, min_hold_days=1, **changes)


def outcomes(drill):
    """How many outcomes each signal on record has."""
    query = (
        "SELECT signal_id, count(outcome.signal_id) FROM signal_inbox"
        " LEFT JOIN signal_outcomes AS outcome USING (account, signal_id) GROUP BY signal_id"
    )
    return dict(tuple(row) for row in drill.rows(query))


def is_settled(drill):
    """Whether each signal sent has its outcome, and each order its end, or asks a human."""
    decided = outcomes(drill)
    if len(decided) < len(drill.sent) or not all(decided.values()):
        return False
    book, broker = drill.book(), drill.broker()
    return (
        len(decided) == len(drill.sent)
        and all(order.is_final or order.status is WAITS for order in book.orders)
        and book.state.cash_usd == broker.cash
    )


def opens(session):
    """What every symbol opens at, which is near enough to what it costs a minute later."""
    bars = MARKET_SOURCE.fetch(SYMBOLS, start=session, end=session).bars
    return {
        bars.symbols[row]: price for row, price in zip(bars.symbol_index, bars.open, strict=True)
    }


def bought_on_the_eve(drill):
    """Let positions be bought on the session before; return their symbols."""
    prices = opens(EVE)
    symbols, before = SYMBOLS[:7], calendar.shift_session(EVE, -1)
    drill.set_clock(START - timedelta(days=1))
    drill.start("feed", "worker")
    drill.send(*(a_small_signal(one, prices[one], on=before) for one in symbols))
    first(lambda: is_settled(drill))
    drill.end("worker", "feed")
    # Later than entries would wait for a sale that is refused and tried again.
    drill.set_clock(START + timedelta(minutes=5))
    return [lot.symbol for lot in drill.book().lots]


def documents_of(held, dice):
    """An exit of each position and entries by two strategies, in an order by lot."""
    prices = opens(SESSION)
    wanted = [
        a_small_signal(symbol, price, strategy=strategy, strength=round(dice.random(), 3))
        for strategy in STRATEGIES
        for symbol, price in prices.items()
        if strategy != STRATEGIES[0] or symbol not in held
    ]
    leaving = [a_small_signal(symbol, prices[symbol], "SHORT") for symbol in held]
    return dice.sample([*wanted, *leaving], len(wanted) + len(leaving))


def orders_begun(drill):
    """How many orders are on record."""
    return drill.rows("SELECT count(*) FROM orders")[0][0]


def wait_for_the_moment(drill, dice):
    """Wait a moment by lot; every other time, until an order has just come to be."""
    if dice.random() < 0.5:
        time.sleep(dice.uniform(0, 0.4))
        return
    before, deadline = orders_begun(drill), time.monotonic() + 1
    while orders_begun(drill) == before and time.monotonic() < deadline:
        time.sleep(0.002)


def storm(drill, documents, dice):
    """Kill thirty times while the documents come in."""
    kills = dice.sample(KILLS, len(KILLS))
    parts = [documents[number :: len(kills)] for number in range(len(kills))]
    for victim, part in zip(kills, parts, strict=True):
        drill.send(*part)
        wait_for_the_moment(drill, dice)
        drill.kill(victim)


def settle_down(drill):
    """Let all come to its end; a sale tried again while the worker ended is awaited too."""
    while True:
        first(lambda: is_settled(drill))
        drill.end("worker", "feed")
        if is_settled(drill):
            return
        drill.start("feed", "worker")


def test_thirty_kills_lose_nothing_repeat_nothing_and_exceed_nothing(drill):
    dice = random.Random(SEED)
    drill.store_market()
    documents = documents_of(bought_on_the_eve(drill), dice)
    drill.start("feed", "worker")
    storm(drill, documents, dice)
    settle_down(drill)

    assert set(outcomes(drill).values()) == {1}
    check_orders(drill)
    check_book(drill)
    check_limits(drill)
    assert drill.ask("kill", "status", "--json").document["active"] is False


def check_orders(drill):
    """No intent twice, nothing at the broker that is not on record, nothing sent twice."""
    book, broker = drill.book(), drill.broker()
    bought = [one for one in book.orders if one.side is Side.BUY]
    wanted = Counter((one.strategy, one.symbol, one.session) for one in bought)
    assert set(wanted.values()) == {1}
    arrived = {one.order_id for one in broker.orders}
    assert arrived <= {one.order_id for one in book.orders if may_have_gone(one)}
    told = [event.reason for order in book.orders for event in order.history]
    assert not [reason for reason in told if "is there already" in reason]


def may_have_gone(order):
    """Whether an order's command may have gone out: risk did not end it before."""
    return [event.refused_by for event in order.history] != [RefusedBy.RISK]


def check_book(drill):
    """Shares and cash are the broker's."""
    book, broker = drill.book(), drill.broker()
    held = Counter()
    for lot in book.lots:
        held[lot.symbol] += lot.quantity
    theirs = {symbol: position.quantity for symbol, position in broker.positions.items()}
    assert {symbol: count for symbol, count in held.items() if count} == theirs
    assert book.state.cash_usd == broker.cash


def check_limits(drill):
    """Execution by execution as the broker has them, and how fast orders went out."""
    cash, held, prices = EQUITY, Counter(), {}
    for one in sorted(drill.broker().executions, key=lambda one: one.at):
        held[one.symbol] += one.signed_quantity
        prices[one.symbol] = one.price
        cash -= one.signed_quantity * one.price + one.commission
        assert held[one.symbol] >= 0
        if one.side is Side.BUY:
            check_holdings({symbol: count * prices[symbol] for symbol, count in held.items()}, cash)
    today = [one for one in drill.book().orders if one.session == SESSION and may_have_gone(one)]
    assert len(today) <= 50
    check_rate(today, most=5, within=SECOND)
    check_rate(today, most=30, within=MINUTE)


def check_rate(orders, *, most, within):
    """No purchase as one too many of all orders; a sale is held back by no rate."""
    orders = sorted(orders, key=lambda one: one.created_at)
    for earlier, later in zip(orders, orders[most:], strict=False):
        assert later.side is Side.SELL or later.created_at - earlier.created_at > within


def check_holdings(held_usd, cash):
    """After a purchase: no symbol and no sector above its bound, the reserve untouched."""
    by_sector = Counter()
    for symbol, usd in held_usd.items():
        by_sector[SECTORS[symbol]] += usd
    assert max(held_usd.values()) <= EQUITY * 5 / 100 * SLACK
    assert max(by_sector.values()) <= EQUITY * 25 / 100 * SLACK
    assert sum(usd > 0 for usd in held_usd.values()) <= 20
    assert cash >= EQUITY * 10 / 100 / SLACK
