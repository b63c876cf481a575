"""A ticker that was given to another company: shares and orders of the one before stay its own."""

import pytest

from alpha_oracle.domain.orders import OrderStatus, Side
from alpha_oracle.errors import OrderRefused
from tests.fakes.gateway_market import gateway_market
from tests.peers.tws.market import a_listing

NEWCOMER = 78


@pytest.fixture
def market():
    with gateway_market() as made:
        made.quote()
        yield made


def reuse_ticker(market, *, old_ticker):
    """Give the ticker to another company overnight; the one before goes by another, or by none."""
    number = market.gateway.con_id("SYN001")
    if old_ticker is None:
        # It left its exchange: its shares still go by the old letters, in nobody's market here.
        market.gateway.relist(number, primary_exchange="VALUE")
    else:
        market.gateway.rename(number, old_ticker)
    market.gateway.list_contract(a_listing("SYN001", con_id=NEWCOMER, long_name="NEWCOMER INC"))
    market.broker = market.another()


@pytest.mark.parametrize("old_ticker", ["SYN009", None], ids=["renamed", "delisted"])
def test_held_shares_are_not_sold_as_another_companys(market, old_ticker):
    market.send(quantity=10)
    reuse_ticker(market, old_ticker=old_ticker)
    with pytest.raises(OrderRefused, match="NEWCOMER INC"):
        market.send("order-2", side=Side.SELL, quantity=10)
    assert [one.order_ref for one in market.gateway.exchange.tickets] == ["order-1"]


def test_shares_that_came_since_all_was_told_are_sold(market):
    market.gateway.hold("SYN001", 10)
    market.send(side=Side.SELL, quantity=10)
    assert market.gateway.exchange.by_ref("order-1").status == "Filled"


def test_another_company_is_not_bought_beside_what_is_held_under_its_ticker(market):
    market.send(quantity=10)
    reuse_ticker(market, old_ticker=None)
    with pytest.raises(OrderRefused, match=r"held as SYN001 is contract \d+"):
        market.send("order-2", quantity=10)


def test_who_holds_none_of_the_one_before_buys_the_new_one_and_sells_it(market):
    reuse_ticker(market, old_ticker="SYN009")
    market.gateway.quote("SYN001", bid=99.9, ask=100.1)
    market.send(quantity=10)
    market.send("order-2", side=Side.SELL, quantity=10)
    market.broker.events()
    bought, sold = market.gateway.exchange.tickets
    assert (bought.con_id, sold.con_id) == (NEWCOMER, NEWCOMER)
    assert (bought.status, sold.status) == ("Filled", "Filled")


def test_what_is_held_of_a_renamed_company_is_told_under_its_new_ticker(market):
    market.send(quantity=10)
    reuse_ticker(market, old_ticker="SYN009")
    assert market.broker.snapshot().positions == {"SYN009": 10}


def test_an_order_of_the_one_before_is_still_ours_and_can_be_cancelled(market):
    order = market.send(limit=90)
    reuse_ticker(market, old_ticker="SYN009")
    (told,) = market.broker.snapshot().orders
    assert (told.order_id, told.is_ours, told.status) == ("order-1", True, OrderStatus.SUBMITTED)
    market.broker.cancel_order(order)
    market.hear_until("cancelled")
    (ticket,) = market.gateway.exchange.tickets
    assert ticket.status == "Cancelled"


def test_shares_that_somebody_sold_by_hand_are_not_sold_again(market):
    market.gateway.hold("SYN001", 10)
    market.broker.snapshot()
    market.gateway.hold("SYN001", -10)
    market.broker.snapshot()
    with pytest.raises(OrderRefused, match="of which nothing is held"):
        market.send(side=Side.SELL, quantity=10)
    assert market.gateway.exchange.tickets == []
