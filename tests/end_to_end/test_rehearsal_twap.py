"""An order in five slices whose worker is killed in the middle: it goes on from what was filled."""

from datetime import timedelta
from itertools import pairwise

import pytest

from alpha_oracle.domain.orders import OrderStatus, OrderType
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import a_signal, first

pytestmark = pytest.mark.slow

INTERVAL_SECONDS = 3


@pytest.fixture
def drill(home, database_url, redis_url, nursery):
    settings = {
        # Every spread is wide, so that everything is worked in slices.
        "ROUTER__WIDE_SPREAD_BPS": 0.001,
        "ROUTER__TWAP_INTERVAL_SECONDS": INTERVAL_SECONDS,
    }
    drill = Drill(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        settings=settings,
        nursery=nursery,
    )
    yield drill
    drill.close()


def slices(drill, *, status=None):
    """The slices on record, in the order they came to be."""
    made = [order for order in drill.book().orders if order.parent_id is not None]
    found = [order for order in made if status in {None, order.status}]
    return sorted(found, key=lambda order: order.created_at)


def the_whole(drill):
    """The order that is worked in slices."""
    (whole,) = [order for order in drill.book().orders if order.parent_id is None]
    return whole


def test_slices_go_on_from_what_was_filled_when_their_worker_is_killed(drill):
    symbol, close = next(iter(drill.store_market().items()))
    drill.start("feed", "worker")
    with drill.heard("orders") as hear:
        drill.send(a_signal(symbol, close))
        first(lambda: len(slices(drill, status=OrderStatus.FILLED)) >= 2)
        drill.kill("worker")
        first(lambda: the_whole(drill).is_final)
        told = first(lambda: hear() and hear()[-1]["event"] == "order:filled" and hear())
    drill.end("worker", "feed")

    whole, made = the_whole(drill), slices(drill)
    assert (whole.order_type, whole.status) == (OrderType.TWAP, OrderStatus.FILLED)
    assert len(made) == 5
    assert sum(order.filled_quantity for order in made) == whole.quantity
    assert drill.broker().positions[symbol].quantity == whole.quantity
    assert {order.order_id for order in drill.broker().orders} == {one.order_id for one in made}
    interval = timedelta(seconds=INTERVAL_SECONDS)
    assert all(later.created_at - one.created_at >= interval for one, later in pairwise(made))
    check_told(whole, told)


def check_told(whole, events):
    """Others hear of the whole order, never of its slices."""
    assert {event["order_id"] for event in events} == {whole.order_id}
    assert [event["event"] for event in events].count("order:submitted") == 1
    fills = [event for event in events if "fill_quantity" in event]
    assert sum(event["fill_quantity"] for event in fills) == whole.quantity
    assert [event["filled_quantity"] for event in fills][-1] == whole.quantity
