from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.calendar import session_open
from alpha_oracle.domain.orders import OrderStatus, Side
from alpha_oracle.errors import BrokerAway, OrderRefused, OutcomeUnknown
from tests.fakes.broker import CASH, SESSION, SimulatedMarket, an_order, rules


def a_market(**faults):
    market = SimulatedMarket(rules=rules(**faults))
    market.quote()
    return market


def orders(count):
    return [f"order-{number}" for number in range(count)]


def statuses(market):
    return {one.order_id: one.status for one in market.broker.snapshot().orders}


def test_an_order_is_on_its_way_for_as_long_as_the_latency_says():
    market = a_market(latency_seconds=3)
    market.send()
    market.clock.advance(seconds=2)
    market.quote()
    assert market.told() == []
    assert statuses(market) == {"order-1": OrderStatus.PENDING}
    market.clock.advance(seconds=1)
    market.quote()
    accepted, filled = market.broker.events()
    assert accepted.at == filled.at == market.clock.now()


def test_an_order_is_executed_while_its_cancel_is_on_its_way():
    market = a_market(latency_seconds=3)
    order = market.send(limit=99)
    market.clock.advance(seconds=3)
    assert market.told() == ["accepted"]
    market.broker.cancel_order(order)
    market.quote(bid=98, ask=98.5)
    assert market.told() == ["filled"]
    market.clock.advance(seconds=3)
    assert market.told() == []


def test_an_order_that_arrives_after_the_close_is_rejected():
    market = a_market(latency_seconds=3)
    market.clock.set(market.clock.now().replace(hour=19, minute=59, second=58))
    market.send()
    market.clock.advance(seconds=3)
    (rejected,) = market.broker.events()
    assert (rejected.kind, rejected.reason) == ("rejected", f"the session {SESSION} is over")


def test_rejections_follow_from_seed_and_order_alone():
    outcomes = []
    for seed in (7, 7, 8):
        market = a_market(seed=seed, rejected_pct=30)
        for order_id in orders(40):
            market.send(order_id, quantity=1)
        outcomes.append(statuses(market))
    assert outcomes[0] == outcomes[1] != outcomes[2]
    rejected = list(outcomes[0].values()).count(OrderStatus.REJECTED)
    assert 4 <= rejected <= 20


def test_the_order_of_a_lost_answer_lives():
    market = a_market(lost_answer_pct=100)
    with pytest.raises(OutcomeUnknown):
        market.send()
    assert statuses(market) == {"order-1": OrderStatus.FILLED}


def test_an_order_that_is_lost_never_comes_to_be():
    market = a_market(lost_order_pct=100)
    with pytest.raises(OutcomeUnknown):
        market.send()
    assert statuses(market) == {}


def test_a_cancel_that_is_lost_leaves_the_order_and_one_whose_answer_is_lost_ends_it():
    market = a_market()
    order = market.send(limit=90)
    deaf, mute = (market.another(rules=rules(**{name: 100}))
                  for name in ("lost_order_pct", "lost_answer_pct"))  # fmt: skip
    with pytest.raises(OutcomeUnknown):
        deaf.cancel_order(order)
    assert statuses(market) == {"order-1": OrderStatus.SUBMITTED}
    with pytest.raises(OutcomeUnknown):
        mute.cancel_order(order)
    assert statuses(market) == {"order-1": OrderStatus.CANCELLED}


def test_a_repeated_event_is_told_twice_and_booked_once():
    market = a_market(repeated_event_pct=100)
    market.send()
    told = market.broker.events()
    assert [event.kind for event in told] == ["accepted", "filled"] * 2
    assert told[:2] == told[2:]
    assert market.position() == 100


def test_executions_in_parts_come_to_the_whole_order():
    market = a_market(partial_fill_pct=100)
    market.send(quantity=100)
    for _ in range(60):
        market.broker.events()
    parts = [one.fill.quantity for one in market.broker.snapshot().executions]
    assert len(parts) > 1
    assert sum(parts) == 100


def test_a_commission_told_late_was_charged_at_once():
    market = a_market(commission_delay_seconds=10)
    market.send()
    _, filled = market.broker.events()
    assert filled.fill.commission is None
    snapshot = market.broker.snapshot()
    assert snapshot.executions[0].fill.commission is None
    assert snapshot.account.cash == CASH - 100 * filled.fill.price - 1
    market.clock.advance(seconds=10)
    (told,) = market.broker.events()
    assert (told.kind, told.fill.commission) == ("commission", Decimal(1))
    assert told.fill.execution_id == filled.fill.execution_id
    assert market.broker.snapshot().executions[0].fill.commission == 1


def test_a_commission_of_yesterday_is_told_though_the_day_is_over():
    market = a_market(commission_delay_seconds=80_000)
    market.send()
    market.broker.events()
    market.clock.advance(days=1)
    assert market.told() == ["commission"]


def test_while_the_link_is_down_nothing_is_known_and_nothing_sent():
    market = a_market()
    drill = market.another(rules=rules(link_up_seconds=60, link_down_seconds=60))
    drill.events()
    assert drill.is_linked
    order = market.send(limit=90)
    market.clock.advance(seconds=60)
    assert not drill.is_linked
    assert [event.kind for event in drill.events()] == ["link_down"]
    assert drill.events() == []
    with pytest.raises(BrokerAway):
        drill.snapshot()
    with pytest.raises(OrderRefused):
        drill.submit_order(an_order(order_id="order-2"))
    with pytest.raises(OutcomeUnknown):
        drill.cancel_order(order)
    assert statuses(market) == {"order-1": OrderStatus.SUBMITTED}


def test_what_happened_while_the_link_was_down_is_told_once_it_is_up():
    market = a_market()
    drill = market.another(rules=rules(link_up_seconds=60, link_down_seconds=60))
    drill.events()
    market.clock.advance(seconds=60)
    drill.events()
    market.quote()
    market.send()
    market.broker.events()
    market.clock.advance(seconds=60)
    assert [event.kind for event in drill.events()] == ["link_up", "accepted", "filled"]


def test_a_book_out_of_reach_is_a_lost_link():
    market = a_market()
    order = market.send(limit=90)
    market.broker.events()
    market.book.is_away = True
    with pytest.raises(OutcomeUnknown):
        market.send("order-2")
    assert not market.broker.is_linked
    with pytest.raises(OutcomeUnknown):
        market.broker.cancel_order(order)
    with pytest.raises(BrokerAway):
        market.broker.snapshot()
    assert market.told() == ["link_down"]
    market.book.is_away = False
    assert market.told() == ["link_up"]
    assert market.broker.is_linked


@pytest.mark.parametrize("call", ["glance", "change", "statement"])
def test_a_book_that_goes_away_in_the_middle_tells_nothing_by_halves(call):
    market = a_market()
    market.send()
    market.book.away_for = {call}
    with pytest.raises(BrokerAway):
        market.broker.snapshot()
    assert not market.broker.is_linked
    market.book.away_for = set()
    assert market.position() == 100
    assert market.told() == ["accepted", "filled"]


def test_a_board_out_of_reach_executes_nothing_and_ends_what_is_due():
    market = a_market()
    market.send("order-1")
    order = market.send("order-2", limit=90)
    market.broker.cancel_order(order)
    market.board.is_away = True
    assert market.told() == ["accepted", "accepted", "cancelled"]
    assert market.broker.snapshot().account.equity == CASH
    market.board.is_away = False
    assert market.told() == ["filled"]


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param({"age_seconds": 15}, id="old"),
        pytest.param({"volume": None}, id="of unknown volume"),
        pytest.param({"volume": 9}, id="without volume"),
    ],
)
def test_at_a_quote_like_this_nothing_is_executed(quote):
    market = SimulatedMarket()
    market.quote(**quote)
    market.send()
    assert market.told() == ["accepted"]


@pytest.mark.parametrize("hour", [13, 20], ids=["before the open", "after the close"])
def test_while_the_market_is_closed_nothing_is_executed(hour):
    market = SimulatedMarket()
    market.clock.set(market.clock.now().replace(hour=hour, minute=0))
    market.quote()
    market.send()
    assert "filled" not in market.told()


def test_at_a_quote_from_before_the_open_nothing_is_executed():
    market = SimulatedMarket()
    market.clock.set(session_open(SESSION) + timedelta(seconds=5))
    market.quote(age_seconds=10)
    market.send()
    assert market.told() == ["accepted"]
    market.quote(age_seconds=5)
    assert market.told() == ["filled"]


def test_an_order_of_the_next_session_waits_for_it():
    market = a_market()
    market.send(session=SESSION + timedelta(days=1))
    assert market.told() == ["accepted"]
    market.clock.advance(days=1)
    market.quote()
    assert market.told() == ["filled"]


def test_all_orders_of_a_symbol_share_its_volume():
    market = SimulatedMarket()
    market.quote(volume=1_500)
    market.send("order-1", quantity=100)
    market.send("order-2", quantity=100)
    market.broker.events()
    assert [one.fill.quantity for one in market.broker.snapshot().executions] == [100, 50]


def test_a_commission_with_a_minimum_is_charged_once_an_order():
    def commission(quantity, price):
        return max(abs(quantity) * Decimal("0.005"), Decimal(1))

    market = SimulatedMarket(rules=rules(commission=commission))
    for volume in (1_000, 2_000, 10_000):
        market.quote(volume=volume)
        if volume == 1_000:
            market.send(quantity=400)
        market.broker.events()
    fills = [one.fill for one in market.broker.snapshot().executions]
    assert [fill.quantity for fill in fills] == [100, 100, 200]
    assert [fill.commission for fill in fills] == [Decimal(1), Decimal(0), Decimal(1)]


def test_a_waiting_market_order_that_cash_no_longer_pays_is_rejected():
    market = SimulatedMarket()
    market.send(quantity=600)
    market.send("order-2", quantity=900, symbol="SYN002")
    assert market.told() == ["accepted", "accepted"]
    market.quote()
    market.quote("SYN002", bid=99, ask=100)
    assert market.told() == ["filled", "rejected"]
    assert statuses(market)["order-2"] is OrderStatus.REJECTED


def test_a_sale_that_a_split_left_without_shares_is_rejected():
    market = a_market()
    market.send()
    market.send("order-2", side=Side.SELL, limit=150)
    market.broker.events()
    market.book.positions.clear()
    market.quote(bid=151, ask=152)
    assert market.told() == ["rejected"]
