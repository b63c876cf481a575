"""What other accounts, clients and hands do at the same gateway hides nothing of ours."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import BrokerAway
from tests.fakes.gateway_market import ACCOUNT, gateway_market
from tests.peers.tws import messages, order_messages
from tests.peers.tws.faults import Instead, Point

HALF = Decimal("0.5")
ELSEWHERE = {"account": "DU7654321", "client_id": 1, "order_ref": "elsewhere"}
THEIRS = {"client_id": 7, "order_ref": "theirs"}
NOT_OURS = pytest.mark.parametrize("whose", [ELSEWHERE, THEIRS], ids=["account", "client"])
UNTELLABLE = pytest.mark.parametrize(
    "what", [{"shares": HALF}, {"symbol": "BRK B PRA X"}], ids=["half a share", "an odd ticker"]
)


@dataclass(frozen=True, slots=True)
class Also:
    """The answer, after something more."""

    data: bytes

    async def play(self, stage):
        stage.session.send(self.data)
        await stage.reply()


@pytest.fixture
def market():
    with gateway_market() as made:
        yield made


def bought(market):
    """The order and the execution of 100 shares that were bought."""
    market.quote()
    market.send()
    exchange = market.gateway.exchange
    return exchange.tickets[0], exchange.deals[0]


def of_another(ticket, whose, what):
    shares = what.get("shares", ticket.quantity)
    changes = {"quantity": shares, "filled": shares, "symbol": what.get("symbol", ticket.symbol)}
    return replace(ticket, perm_id=700_000_001, order_id=99, **whose, **changes)


def shown(snapshot):
    return [(one.order_id, one.is_ours) for one in snapshot.orders]


@NOT_OURS
@UNTELLABLE
@pytest.mark.parametrize("status", ["Submitted", "Pondering"])
def test_open_orders_of_others_need_no_words_of_ours(market, whose, what, status):
    ticket, _ = bought(market)
    other = replace(of_another(ticket, whose, what), action="SSHORT", status=status)
    told = order_messages.open_order(other) + order_messages.order_status(other)
    market.gateway.fault(Point.OPEN_ORDERS, Also(told))
    snapshot = market.broker.snapshot()
    others = [("theirs", False)] if whose is THEIRS else []
    assert shown(snapshot) == [("order-1", True), *others]
    assert snapshot.orders[1:] == () or snapshot.orders[1].status is OrderStatus.SUBMITTED


@NOT_OURS
@UNTELLABLE
@pytest.mark.parametrize("status", ["Filled", "Inactive"])
def test_ended_orders_of_others_need_no_words_of_ours(market, whose, what, status):
    ticket, _ = bought(market)
    other = replace(of_another(ticket, whose, what), status=status)
    market.gateway.fault(Point.COMPLETED_ORDERS, Also(order_messages.completed_order(other)))
    snapshot = market.broker.snapshot()
    others = [("theirs", False)] if whose is THEIRS else []
    assert shown(snapshot) == [("order-1", True), *others]
    ends = {"Filled": OrderStatus.FILLED, "Inactive": OrderStatus.CANCELLED}
    assert [one.status for one in snapshot.orders[1:]] == [ends[status]] * len(others)


@NOT_OURS
@UNTELLABLE
def test_executions_of_others_need_no_words_of_ours(market, whose, what):
    ticket, deal = bought(market)
    other = of_another(ticket, whose, what)
    theirs = replace(deal, ticket=other, exec_id="0001.01.01", shares=other.filled)
    market.gateway.fault(Point.EXECUTIONS, Also(order_messages.execution(theirs)))
    assert [one.order_id for one in market.broker.snapshot().executions] == ["order-1"]


@UNTELLABLE
def test_an_execution_of_ours_that_has_no_words_here_hides_nothing(market, what):
    ticket, deal = bought(market)
    odd = replace(ticket, symbol=what.get("symbol", ticket.symbol))
    ours = replace(deal, ticket=odd, exec_id="0001.01.01", shares=what.get("shares", 100))
    market.gateway.fault(Point.EXECUTIONS, Also(order_messages.execution(ours)))
    with pytest.raises(BrokerAway, match="message 11"):
        market.broker.snapshot()


def test_what_another_account_holds_is_not_looked_at(market):
    bought(market)
    told = order_messages.position("DU7654321", 4242, "BRK B PRA X", HALF, Decimal(0))
    market.gateway.fault(Point.POSITIONS, Also(told))
    assert market.broker.snapshot().positions == {"SYN001": 100}


@pytest.mark.parametrize(
    ("shares", "counted"),
    [("100.75", {"SYN001": 100}), ("-3.5", {"SYN001": -3}), ("0.5", {})],
    ids=["more", "less than none", "less than one"],
)
def test_of_a_fraction_the_whole_shares_count(market, shares, counted):
    con_id = bought(market)[0].con_id
    told = order_messages.position(ACCOUNT, con_id, "SYN001", Decimal(shares), Decimal(0))
    market.gateway.fault(Point.POSITIONS, Instead(told + messages.positions_end()))
    assert market.broker.snapshot().positions == counted


def test_a_holding_without_a_ticker_of_ours_is_left_alone(market):
    bought(market)
    told = order_messages.position(ACCOUNT, 4242, "BRK B PRA X", 5, Decimal(0))
    market.gateway.fault(Point.POSITIONS, Also(told))
    assert market.broker.snapshot().positions == {"SYN001": 100}


def test_orders_without_a_lasting_number_yet_are_not_taken_for_one(market):
    market.send("order-1", limit=90)
    market.send("order-2", limit=9)
    assert market.told() == ["accepted", "accepted"]
    young = [replace(one, perm_id=0) for one in market.gateway.exchange.tickets]
    told = b"".join(map(order_messages.open_order, young))
    market.gateway.fault(Point.OPEN_ORDERS, Instead(told + messages.open_order_end()))
    assert shown(market.broker.snapshot()) == [("order-1", True), ("order-2", True)]


def test_an_order_that_gets_its_lasting_number_while_all_is_told_is_one(market):
    market.send("order-1", limit=90)
    (ticket,) = market.gateway.exchange.tickets
    young = order_messages.open_order(replace(ticket, perm_id=0))
    market.gateway.fault(Point.OPEN_ORDERS, Also(young))
    (order,) = market.broker.snapshot().orders
    assert order.broker_order_id == str(ticket.perm_id)


def test_an_inactive_order_that_ended_with_a_part_executed_works_no_more(market):
    market.quote(volume=600)
    market.send()
    (ticket,) = market.gateway.exchange.tickets
    ended = replace(ticket, status="Inactive", ended_at=market.clock.now())
    market.gateway.fault(Point.OPEN_ORDERS, Instead(messages.open_order_end()))
    market.gateway.fault(
        Point.COMPLETED_ORDERS,
        Instead(order_messages.completed_order(ended) + messages.completed_orders_end()),
    )
    (order,) = market.broker.snapshot().orders
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELLED, 60)
