"""How often a lot is tried to be sold, told from the orders of a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType, RefusedBy, Side
from alpha_oracle.execution.activity import WITHDRAWN
from alpha_oracle.execution.persistence import Persistence
from tests.trading import NOW, an_exit

RULES = Persistence()
MARKET = {"order_type": OrderType.MARKET, "limit_price": None}


def a_sale(status="SUBMITTED", *, at=0, lives=60, by=None, **changes):
    """A sale made so many seconds from now, that ends after so many more if at all."""
    created = NOW + timedelta(seconds=at)
    sale = an_exit(order_id=f"sale at {at}", created_at=created, **changes)
    sale = replace(sale, status=OrderStatus(status), history=())
    if not sale.is_final:
        return sale
    end = OrderEvent(
        event_id=status.lower(),
        status=sale.status,
        at=created + timedelta(seconds=lives),
        refused_by=by,
    )
    return replace(sale, history=(end,))


def refused(at):
    """A sale that the broker refused after a second."""
    return a_sale("REJECTED", at=at, lives=1, by=RefusedBy.BROKER)


def seconds(instant):
    """How many seconds from now an instant is."""
    return None if instant is None else (instant - NOW).total_seconds()


def withdrawn(at):
    """A sale that was withdrawn after a second, its command not having gone out."""
    sale = a_sale("REJECTED", at=at, lives=1, by=RefusedBy.RISK)
    return replace(sale, history=(replace(sale.history[0], event_id=WITHDRAWN),))


@pytest.mark.parametrize(
    ("sale", "gave_way"),
    [
        pytest.param(a_sale("CANCELLED"), True, id="a limit that rested for a minute"),
        pytest.param(a_sale("CANCELLED", lives=55), True, id="one by a broker's clock"),
        pytest.param(a_sale("CANCELLED", lives=54), False, id="a limit that did not"),
        pytest.param(a_sale("CANCELLED", **MARKET), False, id="a market order"),
        pytest.param(a_sale("CANCELLED", by=RefusedBy.SYSTEM), False, id="one nobody knows of"),
        pytest.param(
            a_sale("EXPIRED", lives=1, by=RefusedBy.SYSTEM), True, id="a question of before"
        ),
        pytest.param(a_sale("EXPIRED"), False, id="the broker's end of a session"),
        pytest.param(a_sale("REJECTED", by=RefusedBy.BROKER), False, id="the broker's refusal"),
        pytest.param(a_sale(), False, id="one that works"),
    ],
)
def test_an_order_gives_way_to_another_or_fails(sale, gave_way):
    assert RULES.gave_way(sale) == gave_way


def test_what_gave_way_is_followed_at_once_and_counts_for_nothing():
    moved = [a_sale("CANCELLED", at=place * 60) for place in range(9)]
    assert RULES.next_at(moved) < NOW

    assert seconds(RULES.next_at([*moved, refused(600)])) == 601 + 60
    assert seconds(RULES.next_at([refused(0), *moved, refused(600)])) == 601 + 120
    assert RULES.next_at([refused(0), refused(100), *moved, refused(600)]) is None


@pytest.mark.parametrize("by", [RefusedBy.OPERATOR, RefusedBy.SYSTEM])
def test_nothing_follows_a_final_word(by):
    assert RULES.next_at([a_sale("REJECTED", by=by)]) is None


def test_what_never_went_out_is_no_failure_and_the_next_waits_all_the_same():
    sales = [withdrawn(at) for at in (0, 100, 200, 300)]
    assert seconds(RULES.next_at(sales)) == 361
    assert not RULES.gave_up(sales, is_over=False)
    assert seconds(RULES.next_at([refused(0), refused(100), withdrawn(300)])) == 421
    assert RULES.next_at([*sales, refused(400), refused(500), refused(700)]) is None


def test_nothing_goes_beside_an_order_that_works_and_the_first_at_once():
    assert RULES.next_at([refused(0), a_sale(at=60)]) is None
    assert RULES.next_at([]) < NOW


def test_a_session_that_is_over_gives_up_what_it_left_unsold_but_for_a_humans_word():
    expired = a_sale("EXPIRED")
    assert RULES.gave_up([expired], is_over=True)
    assert not RULES.gave_up([expired], is_over=False)
    assert not RULES.gave_up([a_sale("FILLED")], is_over=True)
    assert not RULES.gave_up([a_sale()], is_over=True)
    assert not RULES.gave_up([a_sale("REJECTED", by=RefusedBy.OPERATOR)], is_over=True)
    assert not RULES.gave_up([], is_over=True)


def test_what_took_the_place_of_another_is_awaited_since_that_was_sent():
    chain = [refused(0), *(a_sale("CANCELLED", at=at) for at in (100, 160)), a_sale(at=220)]

    assert seconds(RULES.awaited_since(chain)) == 100


def test_what_a_human_approved_is_awaited_since_then():
    approved = OrderEvent(
        event_id="approved", status=OrderStatus.PENDING, at=NOW + timedelta(seconds=500)
    )
    last = replace(a_sale(at=220), history=(approved,))

    assert seconds(RULES.awaited_since([a_sale("CANCELLED", at=100), last])) == 500


@pytest.mark.parametrize(
    ("changes", "outlasts"),
    [
        pytest.param({}, True, id="a limit"),
        pytest.param(MARKET, False, id="a market order"),
        pytest.param({"parent_id": "a TWAP", "slice_number": 0}, False, id="a slice"),
        pytest.param({"side": Side.BUY}, False, id="a purchase"),
    ],
)
def test_a_sale_at_a_limit_alone_outlasts_its_price_after_a_minute(changes, outlasts):
    sale = a_sale(**changes)

    assert RULES.outlasts_price(sale, NOW + timedelta(seconds=60)) == outlasts
    assert not RULES.outlasts_price(sale, NOW + timedelta(seconds=59))
