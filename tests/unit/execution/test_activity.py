from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType, RefusedBy, advance
from alpha_oracle.execution.activity import Activity
from tests.trading import NOW, TODAY, an_order
from tests.unit.execution.positions import YESTERDAY

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NOBODY = frozenset()


def sent(order_id="order-1", *, seconds_ago=0, **changes):
    at = NOW - timedelta(seconds=seconds_ago)
    return an_order(order_id=order_id, created_at=at, **changes)


def after(order, status, **changes):
    event = OrderEvent(event_id=status.lower(), status=status, at=NOW, **changes)
    return advance(order, event)


def test_sendings_are_counted_by_the_second_and_the_minute():
    orders = [sent(f"o{ago}", seconds_ago=ago) for ago in (0, 0.5, 1, 59, 60, 61)]
    activity = Activity(orders)

    assert activity.sends(NOW, within=SECOND) == 2
    assert activity.sends(NOW, within=MINUTE) == 4
    assert activity.sends(NOW + MINUTE, within=MINUTE) == 0


def test_a_clock_that_was_set_back_hides_no_sendings():
    activity = Activity([sent("ahead", seconds_ago=-3600)])
    for number in range(20):
        activity.see(sent(f"o{number}", seconds_ago=0.01 * number))

    assert activity.sends(NOW, within=SECOND) == 21
    assert activity.sends(NOW + MINUTE, within=MINUTE) == 0


def test_an_order_is_sent_once_however_often_it_changes():
    order = sent()
    activity = Activity([order])
    for status in (OrderStatus.SUBMITTED, OrderStatus.CANCELLED):
        order = after(order, status)
        activity.see(order)

    assert activity.sends(NOW, within=MINUTE) == 1
    assert activity.trades(TODAY, besides=NOBODY) == 1
    assert activity.sent_order_ids == {order.order_id}


@pytest.mark.parametrize(
    ("order", "trades", "sends"),
    [
        pytest.param(sent(status=OrderStatus.AWAITING_APPROVAL), 1, 0, id="waits for a human"),
        pytest.param(
            after(
                sent(status=OrderStatus.AWAITING_APPROVAL),
                OrderStatus.EXPIRED,
                refused_by=RefusedBy.SYSTEM,
            ),
            0, 0, id="nobody approved it",
        ),
        pytest.param(
            after(sent(), OrderStatus.REJECTED, refused_by=RefusedBy.BROKER),
            1, 1, id="refused by the broker",
        ),
        pytest.param(
            after(sent(order_type=OrderType.TWAP, limit_price=None), OrderStatus.SUBMITTED),
            1, 0, id="a TWAP, whose slices are sent",
        ),
        pytest.param(after(sent(), OrderStatus.FILLED), 1, 1, id="filled at the first answer"),
        pytest.param(
            after(sent(), OrderStatus.REJECTED, refused_by=RefusedBy.RISK),
            0, 0, id="a slice that risk refused",
        ),
        pytest.param(sent(parent_id="parent"), 0, 1, id="a slice"),
        pytest.param(sent(session=YESTERDAY), 0, 1, id="of the session before"),
    ],
)  # fmt: skip
def test_what_counts_as_a_trade_and_as_a_sending(order, trades, sends):
    activity = Activity([order])

    assert activity.trades(TODAY, besides=NOBODY) == trades
    assert activity.sends(NOW, within=SECOND) == sends


def test_an_order_that_was_waiting_and_was_refused_is_no_trade_any_more():
    order = sent(status=OrderStatus.AWAITING_APPROVAL)
    activity = Activity([order])
    activity.see(after(order, OrderStatus.REJECTED, refused_by=RefusedBy.OPERATOR))

    assert activity.trades(TODAY, besides=NOBODY) == 0


def test_an_approved_order_is_sent_when_it_was_approved():
    waiting = sent(seconds_ago=600, status=OrderStatus.AWAITING_APPROVAL)
    activity = Activity([waiting])
    activity.see(after(waiting, OrderStatus.PENDING))

    assert activity.sends(NOW, within=SECOND) == 1


def test_the_order_at_hand_is_no_trade_of_its_own():
    activity = Activity([sent("a"), sent("b")])

    assert activity.trades(TODAY, besides=frozenset({"b", None})) == 1


@given(st.lists(st.integers(0, 150), max_size=30), st.integers(0, 30))
def test_sendings_in_any_order_are_those_of_a_count_of_all(seconds, loaded):
    orders = [sent(f"o{place}", seconds_ago=ago) for place, ago in enumerate(seconds)]
    activity = Activity(orders[:loaded])
    for order in orders[loaded:]:
        activity.see(order)
        activity.see(replace(order, status=OrderStatus.SUBMITTED))

    newest = NOW - timedelta(seconds=min(seconds, default=0))
    for within in (SECOND, MINUTE):
        counted = sum(newest - within < order.created_at <= newest for order in orders)
        assert activity.sends(newest, within=within) == counted
