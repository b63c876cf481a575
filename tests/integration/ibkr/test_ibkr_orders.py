"""What becomes of an order at a gateway that is not to be relied on."""

from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import OrderStatus, Side
from alpha_oracle.errors import BrokerAway, OrderRefused, OutcomeUnknown
from tests.fakes.broker import close_of_the_session
from tests.fakes.gateway_market import ACCOUNT, gateway_market
from tests.peers.tws import notices
from tests.peers.tws.faults import (
    Adding,
    DoThenClose,
    Held,
    Overtaken,
    Point,
    Refuse,
    Silent,
    Slow,
    Twice,
    Unanswered,
    Withheld,
)
from tests.peers.tws.notices import Notice

ODD = Notice(10_999, "Something nobody has seen yet.")
ANSWER_SECONDS = 2.0


@pytest.fixture
def market():
    with gateway_market() as made:
        yield made


@pytest.fixture
def hasty():
    """A market in which an answer is not waited for as long as elsewhere."""
    with gateway_market(patience={"answer_seconds": ANSWER_SECONDS}) as made:
        yield made


@pytest.fixture
def proven(market):
    """A market whose connection has had an order answered: the next is not waited for."""
    return prove(market)


def prove(market):
    market.broker.cancel_order(market.send("order-0", limit=1))
    assert market.told() == ["accepted", "cancelled"]
    return market


def status_of(market, order_id="order-1"):
    """Where an order stands by a complete snapshot; None where there is none."""
    found = [one for one in market.broker.snapshot().orders if one.order_id == order_id]
    return found[0].status if found else None


def executions_of(market):
    return [(one.order_id, one.fill.quantity) for one in market.broker.snapshot().executions]


def fills(events):
    """Quantity and commission of each event that carries an execution."""
    return [(one.fill.quantity, one.fill.commission) for one in events if one.fill is not None]


def test_an_order_says_on_the_wire_whose_it_is_and_until_when(market):
    market.send(limit=Decimal("99.129"), quantity=7)
    (request,) = market.gateway.ledger.asked(Point.PLACE_ORDER)
    ticket = market.gateway.exchange.by_ref("order-1")
    assert (ticket.account, ticket.tif, ticket.quantity) == (ACCOUNT, "DAY", 7)
    assert ticket.limit == Decimal("99.12")
    assert (request.fields[9], request.fields[11]) == ("SMART", "USD")
    assert int(request.fields[2]) == ticket.con_id


def test_a_selling_limit_is_never_lowered_to_whole_cents(market):
    market.quote(bid=99, ask=100)
    market.gateway.hold("SYN001", 10)
    market.send(side=Side.SELL, quantity=10, limit=Decimal("99.121"))
    assert market.gateway.exchange.by_ref("order-1").limit == Decimal("99.13")


def test_a_stock_that_nobody_knows_is_not_ordered(market):
    with pytest.raises(OrderRefused, match="No security definition"):
        market.send(symbol="NOPE")
    assert market.gateway.ledger.asked(Point.PLACE_ORDER) == []


def test_an_order_of_another_account_is_not_sent(market):
    with pytest.raises(OrderRefused, match="of the account paper"):
        market.send(account="paper")
    assert market.gateway.ledger.asked(Point.PLACE_ORDER) == []


@pytest.mark.parametrize("effect", [Silent(), DoThenClose()], ids=["silence", "end of the socket"])
def test_an_order_that_lives_without_an_answer_is_found(hasty, effect):
    hasty.gateway.fault(Point.PLACE_ORDER, effect)
    with pytest.raises(OutcomeUnknown):
        hasty.send(limit=90)
    if isinstance(effect, Silent):
        with pytest.raises(BrokerAway, match="is to be heard first"):
            hasty.broker.snapshot()
    hasty.hear_until("link_down", "link_up")
    assert status_of(hasty) is OrderStatus.SUBMITTED
    assert len(hasty.gateway.exchange.tickets) == 1


def test_an_order_that_got_lost_is_not_there(hasty):
    hasty.gateway.fault(Point.PLACE_ORDER, Unanswered())
    with pytest.raises(OutcomeUnknown, match="no answer"):
        hasty.send(limit=90)
    with pytest.raises(BrokerAway, match="no answer; the gateway is dialled anew"):
        hasty.broker.snapshot()
    hasty.hear_until("link_down", "link_up")
    assert status_of(hasty) is None


def test_nothing_is_sent_behind_a_first_order_that_got_no_answer(hasty):
    hasty.gateway.fault(Point.PLACE_ORDER, Silent())
    with pytest.raises(OutcomeUnknown):
        hasty.send(limit=90)
    for number in range(2, 5):
        with pytest.raises(OrderRefused, match="order-1, the first of this connection"):
            hasty.send(f"order-{number}", limit=9)
    assert hasty.told() == ["link_down"]
    assert not hasty.broker.is_linked
    assert len(hasty.gateway.ledger.asked(Point.PLACE_ORDER)) == 1


def test_an_order_that_is_answered_late_stands_in_the_way_no_more(hasty):
    hasty.gateway.fault(Point.PLACE_ORDER, Held())
    with pytest.raises(OutcomeUnknown):
        hasty.send(limit=90)
    hasty.gateway.let_go()
    hasty.hear_until("link_down", "accepted", "link_up")
    hasty.broker.snapshot()
    hasty.send("order-2", limit=9)
    assert hasty.told() == ["accepted"]


def test_the_first_order_of_a_connection_waits_for_its_answer_alone(market):
    market.gateway.fault(Point.PLACE_ORDER, Slow(0.2))
    market.gateway.fault(Point.PLACE_ORDER, Held())
    market.send("order-1", limit=90)
    assert [one.kind for one in market.at_hand()] == ["accepted"]
    market.send("order-2", limit=90)
    assert market.gateway.exchange.tickets[1:] == []


def test_after_a_new_connection_an_order_travels_alone_again(hasty):
    proven = prove(hasty)
    proven.gateway.hang_up()
    proven.hear_until("link_down", "link_up")
    proven.broker.snapshot()
    proven.gateway.fault(Point.PLACE_ORDER, Silent())
    with pytest.raises(OutcomeUnknown):
        proven.send(limit=90)


def test_the_same_reference_is_not_sent_twice_by_a_process_that_starts_anew(market):
    market.send(limit=90)
    market.broker = market.another()
    with pytest.raises(OutcomeUnknown, match="is there already"):
        market.send(limit=90)
    assert len(market.gateway.exchange.tickets) == 1


def test_an_order_of_the_process_before_can_be_cancelled(market):
    order = market.send(limit=90)
    market.broker = market.another()
    market.broker.cancel_order(order)
    assert market.told() == ["cancelled"]
    assert market.gateway.exchange.by_ref("order-1").status == "Cancelled"


def test_an_execution_told_twice_is_one(market):
    market.gateway.fault(Point.EXECUTION_TOLD, Twice())
    market.quote()
    market.send()
    assert market.told() == ["accepted", "filled"]


def test_a_commission_that_comes_late_is_told_when_it_comes(proven):
    proven.gateway.fault(Point.COMMISSION_TOLD, Held())
    proven.quote()
    proven.send()
    assert fills(proven.broker.events()) == [(100, None)]
    proven.gateway.let_go()
    (told,) = proven.hear_until("commission")
    assert (told.order_id, told.fill.commission) == ("order-1", 1)


def test_a_commission_that_comes_before_its_execution_is_kept(proven):
    proven.gateway.fault(Point.EXECUTION_TOLD, Overtaken(0.1))
    proven.quote()
    proven.send()
    assert fills(proven.hear_until("filled")) == [(100, 1)]


def test_a_commission_that_is_never_told_is_found_when_everything_is_asked(proven):
    proven.gateway.fault(Point.COMMISSION_TOLD, Withheld())
    proven.quote()
    proven.send()
    assert fills(proven.broker.events()) == [(100, None)]
    (execution,) = proven.broker.snapshot().executions
    assert execution.fill.commission == 1
    assert fills(proven.broker.events()) == [(100, 1)]


def test_an_execution_that_only_a_status_counts_has_everything_asked(proven):
    proven.gateway.fault(Point.EXECUTION_TOLD, Withheld())
    proven.quote()
    proven.send()
    proven.hear_until("link_up")
    assert executions_of(proven) == [("order-1", 100)]
    assert fills(proven.broker.events()) == [(100, 1)]


def test_a_status_that_was_overtaken_takes_nothing_back(proven):
    proven.gateway.fault(Point.STATUS_TOLD, Overtaken(0.1))
    proven.quote(volume=600)
    proven.send()
    heard = proven.broker.events()
    proven.quote(volume=5_000)
    heard += proven.broker.events()
    assert [one.fill.quantity for one in heard if one.fill] == [60, 40]
    assert status_of(proven) is OrderStatus.FILLED


def test_no_status_at_all_is_needed(proven):
    for point in (Point.STATUS_TOLD, Point.OPEN_ORDER_TOLD):
        proven.gateway.fault(point, Withheld(), times=None)
    proven.quote()
    proven.send()
    assert proven.told() == ["accepted", "filled"]


def test_a_correction_is_told_with_the_stem_of_what_it_corrects(market):
    market.quote()
    market.send()
    (first,) = (one.fill for one in market.broker.events() if one.fill)
    market.gateway.correct(first.execution_id, shares=90, price=Decimal("99.5"))
    (second,) = (one.fill for one in market.broker.events() if one.fill)
    assert (second.stem, second.revision) == (first.stem, first.revision + 1)
    assert (second.quantity, second.price) == (90, Decimal("99.5"))
    snapshot = market.broker.snapshot()
    assert [one.filled_quantity for one in snapshot.orders] == [90]


@pytest.mark.parametrize(
    "notice",
    [notices.TIF_PRESET, notices.ORDER_WARNING, notices.HISTORICAL_FARM_BROKEN],
    ids=["10349", "399", "2105"],
)
def test_what_only_informs_cancels_nothing(market, notice):
    market.gateway.fault(Point.PLACE_ORDER, Adding(notice))
    market.send(limit=90)
    assert market.told() == ["accepted"]
    assert status_of(market) is OrderStatus.SUBMITTED


def test_an_error_nobody_knows_has_everything_asked_and_decides_nothing(market):
    market.send(limit=90)
    market.gateway.tell_order("order-1", ODD)
    assert market.told() == ["accepted", "link_up"]
    assert status_of(market) is OrderStatus.SUBMITTED


@pytest.mark.parametrize(
    "notice", [notices.REJECTED_LATE, notices.READ_ONLY], ids=["201", "read-only"]
)
def test_an_order_refused_at_once_is_rejected_with_its_reason(market, notice):
    market.gateway.fault(Point.PLACE_ORDER, Refuse(notice))
    market.send(limit=90)
    (event,) = market.broker.events()
    assert (event.kind, event.order_id) == ("rejected", "order-1")
    assert f"IBKR error {notice.code}" in event.reason


def test_a_number_in_use_is_a_rejection_and_the_next_order_has_another(market):
    market.gateway.fault(Point.PLACE_ORDER, Refuse(notices.DUPLICATE_ORDER_ID))
    market.send(limit=90)
    market.send("order-2", limit=90)
    assert market.told() == ["rejected", "accepted"]


def test_an_order_accepted_and_refused_later_is_asked_about_before_it_counts_as_rejected(market):
    market.send(limit=90)
    market.gateway.tell_order("order-1", notices.REJECTED_LATE)
    assert market.told() == ["accepted", "link_up"]
    assert status_of(market) is OrderStatus.SUBMITTED
    market.gateway.set_status("order-1", "Inactive")
    (event,) = market.broker.events()
    assert (event.kind, event.reason[:15]) == ("rejected", "IBKR error 201:")
    assert status_of(market) is OrderStatus.REJECTED


def test_an_inactive_order_is_asked_about_and_still_counts(market):
    market.send(limit=90)
    market.gateway.set_status("order-1", "Inactive")
    assert market.told() == ["accepted", "link_up"]
    assert status_of(market) is OrderStatus.SUBMITTED
    assert market.told() == []


def test_a_status_nobody_knows_is_not_taken_for_anything(market):
    market.send(limit=90)
    market.gateway.set_status("order-1", "Pondering")
    assert market.told() == ["accepted", "link_up"]


def test_a_cancel_that_comes_too_late_changes_nothing(proven):
    proven.gateway.fault(Point.EXECUTION_TOLD, Overtaken(0.1))
    proven.quote()
    order = proven.send()
    proven.broker.cancel_order(order)
    kinds = [event.kind for event in proven.hear_until("filled")]
    assert "cancelled" not in kinds
    assert proven.gateway.ledger.codes() == [10148]
    assert status_of(proven) is OrderStatus.FILLED


def test_a_cancel_of_an_order_the_gateway_does_not_know_has_everything_asked(proven):
    proven.gateway.fault(Point.PLACE_ORDER, Unanswered())
    order = proven.send(limit=90)
    proven.broker.cancel_order(order)
    assert proven.told() == ["link_up"]
    assert proven.gateway.ledger.codes() == [10147]
    assert status_of(proven) is None


def test_a_cancel_is_told_once_by_whatever_says_so(market):
    order = market.send(limit=90)
    market.gateway.fault(Point.CANCEL_ORDER, Twice())
    market.broker.cancel_order(order)
    assert market.told() == ["accepted", "cancelled"]


def test_what_ends_at_the_close_has_expired_also_for_who_asks_later(market):
    market.send(limit=90)
    market.clock.set(close_of_the_session() + timedelta(minutes=1))
    assert market.told() == ["accepted", "expired"]
    market.broker = market.another()
    assert status_of(market) is OrderStatus.EXPIRED


def test_a_cancel_at_the_trading_desk_is_a_cancel(market):
    market.send(limit=90)
    market.gateway.set_status("order-1", "Cancelled")
    assert market.told() == ["accepted", "cancelled"]
    assert status_of(market) is OrderStatus.CANCELLED


def test_orders_of_others_are_told_and_are_not_ours(market):
    market.gateway.place_foreign("SYN001", client_id=7, order_ref="theirs")
    market.gateway.place_foreign("SYN001", client_id=0)
    market.quote()
    market.gateway.place_foreign("SYN001", client_id=7, order_ref="done", limit=Decimal(200))
    snapshot = market.broker.snapshot()
    assert [(one.order_id, one.is_ours) for one in snapshot.orders] == [
        ("theirs", False),
        (None, False),
        ("done", False),
    ]
    assert [one.order_id for one in snapshot.executions] == [None]
    assert snapshot.positions == {"SYN001": 10}
    assert market.told() == []


def test_an_order_without_a_reference_under_our_client_id_is_shown_as_ours(market):
    perm_id = market.gateway.place_foreign("SYN001", client_id=1)
    (order,) = market.broker.snapshot().orders
    assert (order.order_id, order.is_ours) == (f"ibkr-{perm_id}", True)


def test_two_living_orders_of_one_reference_are_both_shown(market):
    market.send(limit=90)
    market.gateway.place_foreign("SYN001", client_id=7, order_ref="order-1")
    orders = market.broker.snapshot().orders
    assert [(one.order_id, one.is_ours) for one in orders] == [("order-1", True)] * 2
