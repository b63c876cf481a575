"""The kill switch from end to end: thrown while orders work, it outlives every process."""

from contextlib import contextmanager

import pytest

from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.domain.orders import OrderType
from tests.end_to_end.trading_processes import Drill, Stores
from tests.end_to_end.trading_world import START, SYMBOLS, a_signal, first

pytestmark = pytest.mark.slow

WIDE = "ROUTER__WIDE_SPREAD_BPS"
NOTHING_OFFERED = {"BROKER__SIMULATED__MAX_VOLUME_PCT": 1e-9}
"""What the market offers of an order is no share: it rests."""


@pytest.fixture
def drill(home, tmp_path, nursery):
    stores = Stores(tmp_path / "stores")
    drill = Drill(
        home=home,
        database_url=stores.urls["postgres"],
        redis_url=stores.urls["redis"],
        settings={"ROUTER__TWAP_INTERVAL_SECONDS": 1, "ROUTER__TWAP_SLICES": 100},
        nursery=nursery,
        stores=stores,
    )
    yield drill
    drill.close()
    stores.close()


def spread_bps(drill, symbol):
    """A symbol's spread beside its bid; None until it is quoted."""
    fields = drill.redis_cli("HMGET", f"feed:quote:{symbol}", "bid_price", "ask_price").split()
    bid, ask = map(float, fields) if len(fields) == 2 else (None, None)
    return None if bid is None else (ask - bid) / bid * 10_000


def by_spread(drill, symbols):
    """Symbols by their spreads, the tightest first; a bound between the two that differ most.

    A spread of one cent is two the next moment: the bound keeps away from both.
    """
    first(lambda: all(spread_bps(drill, one) is not None for one in symbols))
    spreads = {symbol: spread_bps(drill, symbol) for symbol in symbols}
    ranked = sorted(symbols, key=spreads.get)
    return ranked, 1.5 * spreads[ranked[0]]


def outcome(drill, symbol):
    """What became of a symbol's signal, and why; None while it waits."""
    query = (
        "SELECT kind, reason FROM signal_outcomes JOIN signal_inbox USING (account, signal_id)"
        " WHERE symbol = :symbol"
    )
    return next(iter(drill.rows(query, symbol=symbol)), None)


def working(drill):
    """The orders that the broker or the record has for working."""
    theirs = drill.rows(
        "SELECT order_id FROM simulated_orders"
        " WHERE status IN ('PENDING', 'SUBMITTED', 'PARTIALLY_FILLED')"
    )
    return [*theirs, *(order for order in drill.book().orders if not order.is_final)]


def restart_everything(drill):
    """End all processes, lose all of Redis, and start anew in an ordinary market."""
    drill.end("worker", "feed")
    drill.redis_cli("FLUSHALL")
    for store in ("redis", "postgres"):
        drill.stores.kill(store)
        drill.stores.revive(store)
    for name in (*NOTHING_OFFERED, WIDE):
        del drill.settings[name]
    drill.start("feed", "worker")


def test_the_switch_halts_at_once_outlives_everything_and_is_left_by_its_rules(drill):
    closes = drill.store_market()
    drill.settings |= NOTHING_OFFERED
    drill.start("feed")
    (resting, sliced, *others), bound = by_spread(drill, list(closes))
    sliced, others = others[-1], [sliced, *others[:-1]]
    drill.settings[WIDE] = bound
    drill.start("worker")
    signals = {symbol: a_signal(symbol, closes[symbol]) for symbol in closes}
    with told_of_the_switch(drill, "activated"):
        halt_while_orders_work(drill, signals[resting], signals[sliced])
    refuse_while_active(drill, others[0], signals[others[0]])
    restart_everything(drill)
    refuse_while_active(drill, others[1], signals[others[1]])
    with told_of_the_switch(drill, "deactivated"):
        resume_by_the_rules(drill)
    drill.send(signals[others[2]])
    first(lambda: [lot.symbol for lot in drill.book().lots if lot.quantity] and not working(drill))
    (lot,) = [lot for lot in drill.book().lots if lot.symbol == others[2]]
    assert drill.broker().positions[others[2]].quantity == lot.quantity > 0
    drill.end("worker", "feed")


@contextmanager
def told_of_the_switch(drill, change):
    """Others hear once, of a change of the switch while the block runs."""
    with drill.heard("kill_switch") as hear:
        yield
        (event,) = first(hear)
    assert set(event) == {"event", "by", "reason", "timestamp"}
    assert event["event"] == f"kill_switch:{change}"
    assert event["by"].startswith("cli:")


def halt_while_orders_work(drill, *signals):
    """An order rests and another is worked in slices when the switch is thrown."""
    drill.send(*signals)
    first(lambda: len(drill.broker().orders) >= 4)
    whole = [order for order in drill.book().orders if order.parent_id is None]
    assert {order.order_type is OrderType.TWAP for order in whole} == {True, False}

    assert drill.ask_here("kill", "activate", "--confirm", "KILL", "--reason", "a drill").code == 0
    halted_at = pinned_clock(drill.home, start_at=START).now()
    first(lambda: not working(drill))
    sent = {order.order_id for order in drill.broker().orders}
    # What was on its way to the broker by then may have got there, and nothing decided later.
    assert max(one.created_at for one in drill.book().orders if one.order_id in sent) <= halted_at
    occasions = "SELECT count(*) FROM reconciliations WHERE occasion = 'kill_switch'"
    first(lambda: drill.rows(occasions)[0][0])
    assert drill.broker().executions == ()


def refuse_while_active(drill, symbol, signal):
    """What is signalled now is refused, and nothing is sent of it."""
    before = len(drill.broker().orders)
    drill.send(signal)
    kind, reason = first(lambda: outcome(drill, symbol))
    assert (kind, "kill switch is active" in reason) == ("refused", True)
    status = first(lambda: is_mirrored(drill))
    assert (status["active"], status["reason"]) == (True, "a drill")
    assert len(drill.broker().orders) == before


def is_mirrored(drill):
    """The switch, once both stores say that it is active."""
    status = drill.ask_here("kill", "status", "--json").document
    return status if status["database"] and status["mirror"] else None


def resume_by_the_rules(drill):
    """Not while it cools down, nor while book and broker differ."""
    resume = ("kill", "resume", "--confirm", "RESUME")
    cooling = drill.ask_here(*resume)
    assert (cooling.code, "cooling down" in cooling.err) == (3, True)

    drill.settings["RISK__KILL_SWITCH__COOLDOWN_MINUTES"] = 0
    drill.rows(
        "INSERT INTO simulated_positions (account, symbol, quantity, mark)"
        " VALUES ('paper', :symbol, 3, 50) RETURNING quantity",
        symbol=SYMBOLS[-1],
    )
    drill.kill("worker")
    first(lambda: drill.ask_here("reconcile", "show").code == 1)
    differing = drill.ask_here(*resume)
    assert (differing.code, "book and broker differ" in differing.err) == (3, True)

    assert drill.ask_here("reconcile", "accept", "--confirm", "ACCEPT").code == 0
    first(lambda: drill.ask_here("reconcile", "show").code == 0)
    assert drill.ask_here(*resume).code == 0
    assert drill.ask_here("kill", "status", "--json").document["active"] is False
