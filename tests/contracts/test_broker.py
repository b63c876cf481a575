"""What every broker must do, whoever executes."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import OrderStatus, OrderType, Side
from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from tests.contracts.brokers import MAKERS
from tests.fakes.broker import CASH, an_order, close_of_the_session


@pytest.fixture(params=MAKERS)
def market(request):
    """A broker, linked, with nothing held, in a market that is open."""
    with MAKERS[request.param](request) as made:
        yield made


def why_not_sold(market, **order):
    """Why a sale came to nothing: at once, or by what is told."""
    try:
        market.send(side=Side.SELL, **order)
    except OrderRefused as refusal:
        return str(refusal)
    rejected = only(market.broker.events())
    assert rejected.kind == "rejected"
    return rejected.reason


def only(items):
    (item,) = items
    return item


def test_it_says_which_account_it_trades_and_whether_that_is_real(market):
    assert market.broker.account == market.broker.snapshot().account.account
    assert market.broker.is_simulated == (market.broker.account == "paper")
    assert market.broker.is_paper
    assert market.broker.is_linked


def test_an_account_that_never_traded_is_all_cash(market):
    snapshot = market.broker.snapshot()
    assert snapshot.account.cash == snapshot.account.equity == CASH
    assert snapshot.account.maintenance_margin == 0
    assert (snapshot.positions, snapshot.orders, snapshot.executions) == ({}, (), ())


def test_an_order_is_accepted_under_its_own_reference(market):
    order = market.send(limit=90)
    event = only(market.broker.events())
    assert (event.kind, event.order_id) == ("accepted", order.order_id)
    assert event.broker_order_id
    told = only(market.broker.snapshot().orders)
    assert (told.order_id, told.broker_order_id) == (order.order_id, event.broker_order_id)
    assert (told.status, told.filled_quantity, told.is_ours) == (OrderStatus.SUBMITTED, 0, True)


def test_what_was_told_is_not_told_again(market):
    market.send(limit=90)
    assert market.told() == ["accepted"]
    assert market.told() == []


def test_a_market_order_buys_at_the_ask(market):
    market.quote(bid=99.9, ask=100.1)
    market.send(quantity=100)
    _, filled = market.broker.events()
    assert (filled.kind, filled.order_id) == ("filled", "order-1")
    assert (filled.fill.quantity, filled.fill.price) == (100, Decimal("100.1"))
    assert filled.fill.at == market.clock.now()


def test_a_market_order_sells_at_the_bid(market):
    market.quote()
    market.send()
    market.broker.events()
    market.quote(bid=110, ask=110.2)
    market.send("order-2", side=Side.SELL)
    _, filled = market.broker.events()
    assert filled.fill.price == 110
    assert market.broker.snapshot().positions == {}


def test_cash_and_shares_change_hands_with_the_commission(market):
    market.quote(bid=99.9, ask=100.1)
    market.send(quantity=100)
    snapshot = market.broker.snapshot()
    execution = only(snapshot.executions)
    paid = 100 * Decimal("100.1") + execution.fill.commission
    assert snapshot.positions == {"SYN001": 100}
    assert snapshot.account.cash == CASH - paid
    assert snapshot.account.equity == CASH - paid + 100 * Decimal(100)
    assert snapshot.account.maintenance_margin == Decimal(2_500)


def test_a_limit_order_waits_for_its_price_and_then_gets_the_better_one(market):
    market.quote(bid=99.9, ask=100.1)
    market.send(limit=99.5)
    assert market.told() == ["accepted"]
    market.clock.advance(minutes=10)
    market.quote(bid=99.2, ask=99.4)
    filled = only(market.broker.events())
    assert filled.fill.price == Decimal("99.4")


def test_a_limit_order_at_the_market_is_executed_at_the_quote(market):
    market.quote(bid=99.9, ask=100.1)
    market.send(limit=100.1)
    assert market.broker.events()[1].fill.price == Decimal("100.1")


def test_a_selling_limit_is_never_executed_below_it(market):
    market.quote()
    market.send()
    market.send("order-2", side=Side.SELL, limit=99.95)
    assert market.told() == ["accepted", "filled", "accepted"]
    market.quote(bid=100.3, ask=100.4)
    assert only(market.broker.events()).fill.price == Decimal("100.3")


def test_an_order_is_executed_part_by_part_and_never_more_than_whole(market):
    market.quote(volume=600)
    market.send(quantity=100)
    market.broker.events()
    market.clock.advance(minutes=1)
    market.quote(volume=5_000)
    market.broker.events()
    snapshot = market.broker.snapshot()
    assert [one.fill.quantity for one in snapshot.executions] == [60, 40]
    assert len({one.fill.execution_id.rpartition(".")[0] for one in snapshot.executions}) == 2
    assert only(snapshot.orders).status is OrderStatus.FILLED
    assert market.told() == []


def test_an_order_in_part_executed_says_so(market):
    market.quote(volume=600)
    market.send(quantity=100)
    told = only(market.broker.snapshot().orders)
    assert (told.status, told.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 60)


def test_a_cancelled_order_ends_and_is_not_executed_any_more(market):
    order = market.send(limit=99)
    market.broker.events()
    market.broker.cancel_order(order)
    assert market.told() == ["cancelled"]
    market.quote(bid=90, ask=91)
    assert market.told() == []
    assert only(market.broker.snapshot().orders).status is OrderStatus.CANCELLED


def test_what_was_executed_before_a_cancel_stays(market):
    market.quote(volume=600)
    order = market.send(quantity=100)
    market.broker.events()
    market.broker.cancel_order(order)
    assert market.told() == ["cancelled"]
    assert market.position() == 60


def test_the_end_of_an_order_that_has_ended_is_not_told_twice(market):
    market.quote()
    order = market.send()
    market.broker.events()
    market.broker.cancel_order(order)
    market.broker.cancel_order(order)
    assert market.told() == []
    assert only(market.broker.snapshot().orders).status is OrderStatus.FILLED


def test_an_order_nobody_sent_cannot_be_said_to_have_ended(market):
    with pytest.raises(OutcomeUnknown):
        market.broker.cancel_order(an_order(order_id="never sent"))


def test_an_order_expires_with_its_session(market):
    market.send(limit=90)
    market.clock.set(close_of_the_session() - timedelta(seconds=1))
    assert market.told() == ["accepted"]
    market.clock.set(close_of_the_session() + timedelta(hours=1))
    expired = only(market.broker.events())
    assert (expired.kind, expired.at) == ("expired", close_of_the_session())
    assert only(market.broker.snapshot().orders).status is OrderStatus.EXPIRED


def test_of_one_reference_there_is_one_order(market):
    market.send(limit=90)
    with pytest.raises(OutcomeUnknown):
        market.send(limit=95)
    assert len(market.broker.snapshot().orders) == 1


def test_a_twap_is_not_for_a_broker(market):
    with pytest.raises(OrderRefused):
        market.broker.submit_order(an_order(order_type=OrderType.TWAP))
    assert market.broker.snapshot().orders == ()


@pytest.mark.parametrize("quantity", [1, 101], ids=["nothing is held", "less is held"])
def test_nothing_is_sold_short(market, quantity):
    market.quote()
    if quantity > 1:
        market.send("order-0")
        market.broker.events()
    assert re.search("nothing is (lent|held)", why_not_sold(market, quantity=quantity))


def test_what_is_being_sold_is_not_sold_a_second_time(market):
    market.quote()
    market.send("order-0")
    market.send("order-1", side=Side.SELL, limit=120)
    market.send("order-2", side=Side.SELL, limit=120)
    assert market.told() == ["accepted", "filled", "accepted", "rejected"]


@pytest.mark.parametrize("limit", [None, 100.2], ids=["market", "limit"])
def test_an_order_that_cash_does_not_pay_is_rejected(market, limit):
    market.quote(bid=99.9, ask=100.1)
    market.send(quantity=1_000, limit=limit)
    assert only(market.broker.events()).kind == "rejected"
    assert market.broker.snapshot().account.cash == CASH


def test_cash_spoken_for_by_a_waiting_order_buys_nothing_else(market):
    market.send("order-1", quantity=600, limit=90)
    market.send("order-2", quantity=600, limit=90)
    assert market.told() == ["accepted", "rejected"]


def test_a_process_that_starts_anew_finds_everything(market):
    market.quote()
    market.send("order-1")
    market.send("order-2", limit=90)
    before = market.broker.snapshot()
    assert market.another().snapshot() == before
    assert len(before.orders) == 2


def test_a_process_that_starts_anew_is_told_what_happens_from_then_on(market):
    market.send(limit=99)
    market.broker.events()
    anew = market.another()
    assert anew.events() == []
    market.quote(bid=98, ask=98.1)
    assert [event.kind for event in anew.events()] == ["filled"]


def test_a_process_is_told_what_its_first_question_brings_about(market):
    market.send(limit=99)
    market.broker.events()
    market.quote(bid=98, ask=98.1)
    assert [event.kind for event in market.another().events()] == ["filled"]
