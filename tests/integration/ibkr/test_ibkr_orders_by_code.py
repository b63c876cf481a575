"""Every code of a gateway that is known to come, told over the wire of an order or of the link."""

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.fakes.gateway_market import gateway_market
from tests.peers.tws.faults import Adding, Point, Refuse
from tests.peers.tws.notices import Notice

INFORMATIONAL = (*range(2100, 2111), 2119, 2158, 10167, 10349, 165, 399, 404, 434, 492)
DATA_ALONE = (2103, 2105, 2110, 354, 10182, 10197)
REFUSALS = (
    *(103, 104, 105, 106, 107, 109, 110, 111, 200, 201, 203),
    *(*range(320, 330), 388, 460, 10052),
)


@pytest.fixture
def market():
    with gateway_market() as made:
        # The first order of a connection is waited for.
        made.send("order-0", limit=1)
        assert made.told() == ["accepted"]
        yield made


def sent_under(market, effect_of, codes):
    """What is told of orders, by the code that a gateway tells of each."""
    told = {}
    for code in codes:
        market.gateway.fault(Point.PLACE_ORDER, effect_of(Notice(code, "Something was said.")))
        market.send(f"order-{code}", limit=1)
        told[code] = market.told()
    return told


def working(market):
    return {
        one.order_id
        for one in market.broker.snapshot().orders
        if one.status is OrderStatus.SUBMITTED
    }


def test_a_code_that_informs_leaves_an_order_as_it_is(market):
    told = sent_under(market, Adding, INFORMATIONAL)
    assert told == {code: ["accepted"] for code in INFORMATIONAL}
    assert working(market) == {"order-0", *(f"order-{code}" for code in INFORMATIONAL)}


def test_a_code_that_refuses_is_a_rejection_where_nothing_was_accepted(market):
    told = sent_under(market, Refuse, REFUSALS)
    assert told == {code: ["rejected"] for code in REFUSALS}
    assert working(market) == {"order-0"}


def test_a_code_that_refuses_what_was_accepted_has_everything_asked(market):
    told = sent_under(market, Adding, REFUSALS)
    assert told == {code: ["accepted", "link_up"] for code in REFUSALS}
    assert working(market) == {"order-0", *(f"order-{code}" for code in REFUSALS)}


@pytest.mark.parametrize("code", DATA_ALONE)
def test_a_code_about_data_leaves_the_link_for_orders_up(market, code):
    market.gateway.tell(Notice(code, "Something was said of data."))
    assert market.told() == []
    assert market.broker.is_linked
    assert len(market.gateway.connected_ids) == 1
