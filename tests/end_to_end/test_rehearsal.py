"""Signals sent by hand with redis-cli, and what people and programs see of their orders."""

import json
from contextlib import closing

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.domain.ranking import StrategyRank
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import (
    EVE,
    MOMENTUM,
    PERFORMANCE,
    SESSION,
    START,
    at_last,
    first,
)

pytestmark = pytest.mark.slow

COMMON = {
    "event",
    "order_id",
    "signal_id",
    "symbol",
    "side",
    "quantity",
    "strategy",
    "simulated",
    "timestamp",
}
FILL = {"fill_price", "fill_quantity", "filled_quantity", "commission"}


@pytest.fixture
def drill(home, database_url, redis_url, nursery):
    drill = Drill(home=home, database_url=database_url, redis_url=redis_url, nursery=nursery)
    yield drill
    drill.close()


def rank_momentum(drill):
    """Let the strategy have been ranked on the eve, which gives its signals their statistics."""
    rank = StrategyRank(
        session=EVE,
        rank=1,
        strategy=MOMENTUM,
        composite=0.7,
        consistency=0.5,
        windows=4,
        metrics=PERFORMANCE,
        refusals=(),
    )
    with closing(open_database(drill.database_url)) as database:
        PostgresRankings(database).save([rank], at=calendar.decision_instant(EVE))


def six_fields(symbol, **changes):
    """A signal with what the specification asks for, and nothing more."""
    document = {
        "event": "signal:generated",
        "symbol": symbol,
        "direction": "LONG",
        "strength": 0.5,
        "strategy": MOMENTUM,
        "timestamp": calendar.decision_instant(EVE).isoformat(),
    }
    return json.dumps(document | changes)


def the_orders(drill, count):
    """The orders as the command line lists them, once so many have been filled."""
    orders = drill.ask_here("orders", "--json").document
    return orders if [one["status"] for one in orders].count("FILLED") >= count else None


def listeners(drill):
    """How many listen to the channel of signals, as `redis-cli` says it."""
    return drill.redis_cli("PUBSUB", "NUMSUB", "signals").split()[-1]


def ends_among(events):
    """The ends of orders that were announced, sorted."""
    ends = {"order:filled", "order:rejected"}
    return sorted(one["event"] for one in events if one["event"] in ends)


def test_bare_commands_of_redis_become_orders_fills_and_events(drill):
    one, other, third, *_ = drill.store_market()
    rank_momentum(drill)
    drill.start("feed", "worker")
    with drill.heard("orders") as hear:
        drill.redis_cli("XADD", "signals:stream", "*", "data", six_fields(one))
        # A worker that has started listens a moment later.
        assert at_last(lambda: listeners(drill), "1") == "1"
        assert drill.redis_cli("PUBLISH", "signals", six_fields(other)) == "1"
        drill.redis_cli("PUBLISH", "signals", six_fields(third, strategy="Unranked"))
        orders = first(lambda: the_orders(drill, 2))
        ends = ["order:filled", "order:filled", "order:rejected"]
        assert at_last(lambda: ends_among(hear()), ends) == ends
        events = hear()
    drill.end("worker", "feed")

    assert {order["symbol"] for order in orders} == {one, other}
    for order in orders:
        check_order(drill, order, [event for event in events if event["symbol"] == order["symbol"]])
    (refused,) = [event for event in events if event["symbol"] == third]
    check_refusal(refused)
    assert len({order["signal_id"] for order in orders} | {refused["signal_id"]}) == 3


def check_order(drill, order, events):
    """One order as the command line shows it, its position, and what was announced of it."""
    assert (order["session"], order["side"], order["simulated"]) == (
        SESSION.isoformat(),
        "BUY",
        True,
    )
    assert order["filled_quantity"] == order["quantity"] > 0
    submitted, *fills = events
    assert submitted["event"] == "order:submitted"
    assert set(submitted) == COMMON
    assert all(set(fill) == COMMON | FILL for fill in fills)
    assert [fill["event"] for fill in fills][-1] == "order:filled"
    assert sum(fill["fill_quantity"] for fill in fills) == fills[-1]["filled_quantity"]
    spent = sum(fill["fill_quantity"] * fill["fill_price"] for fill in fills)
    assert spent / order["quantity"] == pytest.approx(order["average_price"])
    for event in events:
        same = ("order_id", "signal_id", "symbol", "side", "quantity", "strategy", "simulated")
        assert {name: event[name] for name in same} == {name: order[name] for name in same}
        assert event["timestamp"] >= START.isoformat()
    (position,) = [
        one
        for one in drill.ask_here("positions", "--json").document
        if one["symbol"] == order["symbol"]
    ]
    assert position["quantity"] == order["quantity"]
    whole = drill.ask_here("orders", order["order_id"], "--json").document
    assert [one["status"] for one in whole["transitions"]][-1] == "FILLED"
    assert "kill_switch" in {check["check"] for check in whole["checks"]}


def check_refusal(event):
    """What is announced of a signal that became no order."""
    assert event["event"] == "order:rejected"
    assert set(event) == COMMON | {"reason", "refused_by"}
    assert (event["order_id"], event["quantity"], event["refused_by"]) == (None, None, "risk")
    assert "no win statistics" in event["reason"]
