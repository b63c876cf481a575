"""MANUAL_APPROVAL: an order waits for a human at the command line, and is sent once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import a_signal, first

pytestmark = pytest.mark.slow


@pytest.fixture
def drill(home, database_url, redis_url, nursery):
    drill = Drill(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        settings={"RISK__AUTONOMY_MODE": "MANUAL_APPROVAL"},
        nursery=nursery,
    )
    yield drill
    drill.close()


def waiting(drill):
    """The orders that wait for a human, by symbol, as the command line lists them."""
    listed = drill.ask_here("approvals", "list", "--json").document
    orders = {one.order_id: one.symbol for one in drill.book().orders}
    return {orders[one["order_id"]]: one["order_id"] for one in listed}


def by_id(drill, order_id):
    """An order on record."""
    (order,) = [one for one in drill.book().orders if one.order_id == order_id]
    return order


def test_an_order_approved_twice_is_sent_once_and_one_rejected_never(drill):
    (wanted, price), (unwanted, its_price), *_ = drill.store_market().items()
    drill.start("feed", "worker")
    with drill.heard("orders") as hear:
        drill.send(a_signal(wanted, price), a_signal(unwanted, its_price))
        asked = first(lambda: len(waiting(drill)) == 2 and waiting(drill))
        assert drill.broker().orders == ()
        drill.kill("worker")
        with ThreadPoolExecutor() as pool:
            approve = ("approvals", "approve", asked[wanted], "--json")
            answers = list(pool.map(lambda _: drill.ask(*approve), range(2)))
        assert drill.ask_here("approvals", "reject", asked[unwanted]).code == 0
        first(lambda: by_id(drill, asked[wanted]).is_final)
        first(lambda: by_id(drill, asked[unwanted]).is_final)
        first(lambda: {"order:filled", "order:rejected"} <= {one["event"] for one in hear()})
        told = hear()
    drill.end("worker", "feed")

    assert [answer.document["status"] for answer in answers] == ["approved", "approved"]
    assert by_id(drill, asked[wanted]).status is OrderStatus.FILLED
    assert [order.order_id for order in drill.broker().orders] == [asked[wanted]]
    events = {symbol: [one["event"] for one in told if one["symbol"] == symbol] for symbol in asked}
    assert events[wanted][:2] == ["order:approval_required", "order:submitted"]
    assert events[unwanted] == ["order:approval_required", "order:rejected"]
    (rejected,) = [one for one in told if one["event"] == "order:rejected"]
    assert rejected["refused_by"] == "operator"
