"""The connection for orders: when it counts, when it does not, and what is asked on it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.adapters.ibkr.order_link import OrderLink
from alpha_oracle.config import IbkrBrokerSettings
from alpha_oracle.errors import BrokerAway, ConfigurationError, OrderRefused, OutcomeUnknown
from tests.fakes.broker import SESSION, TEN_O_CLOCK, an_order
from tests.fakes.clock import FixedClock
from tests.fakes.gateway_market import ACCOUNT, CLIENT_ID, PATIENT, gateway_market
from tests.integration.ibkr.sources import eventually
from tests.integration.ibkr.talk import talk
from tests.peers.tws import notices, order_messages
from tests.peers.tws.faults import (
    AnswerThenClose,
    Close,
    Cut,
    Empty,
    Hang,
    Held,
    Instead,
    Point,
    Slow,
    Twice,
    Unanswered,
)
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway
from tests.ports import a_free_port

PARTS = {
    Point.POSITIONS: "positions",
    Point.OPEN_ORDERS: "open orders",
    Point.COMPLETED_ORDERS: "completed orders",
    Point.EXECUTIONS: "executions",
    Point.ACCOUNT_SUMMARY: "account",
}


UNNUMBERED = {Point.POSITIONS, Point.OPEN_ORDERS, Point.COMPLETED_ORDERS}


@dataclass(frozen=True, slots=True)
class Also:
    """The answer, after something that was not asked for."""

    data: bytes

    async def play(self, stage):
        stage.session.send(self.data)
        await stage.reply()


@pytest.fixture
def market():
    with gateway_market() as made:
        yield made


@pytest.fixture
def hasty():
    """A market in which an answer is not waited for as long as elsewhere."""
    with gateway_market(patience={"answer_seconds": 2.0}) as made:
        yield made


def holding(market):
    """A market with 100 shares bought."""
    market.quote()
    market.send("order-0")
    assert market.told() == ["accepted", "filled"]
    return market


@pytest.mark.parametrize("point", PARTS, ids=str)
def test_what_is_not_told_to_its_end_is_not_believed(hasty, point):
    holding(hasty).gateway.fault(point, Unanswered())
    with pytest.raises(BrokerAway, match=f"did not tell all {PARTS[point]}"):
        hasty.broker.snapshot()
    if point in UNNUMBERED:
        # Its end, should it still come, would be taken for that of the next question.
        hasty.hear_until("link_down", "link_up")
    assert hasty.position() == 100


def test_an_end_that_is_owed_from_a_broken_question_ends_no_other(market):
    holding(market).gateway.fault(Point.COMPLETED_ORDERS, Held())
    with ThreadPoolExecutor(1) as other:
        snapshot = other.submit(market.broker.snapshot)
        assert eventually(lambda: market.gateway.ledger.asked(Point.ACCOUNT_SUMMARY)[1:])
        market.gateway.lose_link()
        with pytest.raises(BrokerAway, match="1100"):
            snapshot.result(60)
    market.gateway.fault(Point.COMPLETED_ORDERS, Unanswered())
    market.gateway.restore_link(data_lost=False)
    market.hear_until("link_up")
    with pytest.raises(BrokerAway, match="still owes all completed orders"):
        market.broker.snapshot()
    market.gateway.clear_faults()
    market.hear_until("link_down", "link_up")
    assert market.position() == 100


def test_a_holding_told_twice_is_held_once(market):
    holding(market).gateway.fault(Point.POSITIONS, Twice())
    market.gateway.fault(Point.COMPLETED_ORDERS, Slow(0.2))
    assert market.position() == 100


def test_a_holding_that_changes_while_all_is_told_has_all_asked_again(market):
    holding(market)
    asked = len(market.gateway.ledger.asked(Point.POSITIONS))
    listed = next(iter(market.gateway.exchange.positions))
    changed = order_messages.position(ACCOUNT, listed, "SYN001", 90, Decimal(0))
    market.gateway.fault(Point.ACCOUNT_SUMMARY, Also(changed))
    assert market.position() == 100
    assert len(market.gateway.ledger.asked(Point.POSITIONS)) == asked + 2


def test_everything_is_of_the_moment_before_it_was_asked(market):
    market.gateway.fault(Point.ACCOUNT_SUMMARY, Slow(0.3))
    asked = len(market.gateway.ledger.asked(Point.ACCOUNT_SUMMARY))
    with ThreadPoolExecutor(1) as other:
        snapshot = other.submit(market.broker.snapshot)
        assert eventually(lambda: len(market.gateway.ledger.asked(Point.ACCOUNT_SUMMARY)) > asked)
        market.clock.advance(seconds=5)
        assert snapshot.result(60).at == TEN_O_CLOCK


@pytest.mark.parametrize("point", PARTS, ids=str)
@pytest.mark.parametrize("effect", [Close(), Cut()], ids=["before", "in the middle"])
def test_a_connection_that_breaks_while_all_is_told_tells_nothing(market, point, effect):
    holding(market).gateway.fault(point, effect)
    with pytest.raises(BrokerAway):
        market.broker.snapshot()
    market.hear_until("link_down", "link_up")
    assert market.position() == 100


def test_many_orders_for_new_stocks_do_not_come_too_fast_for_the_gateway():
    symbols = tuple(f"SYN{number:03d}" for number in range(1, 71))
    with gateway_market(symbols=symbols) as market:
        for symbol in symbols:
            market.send(f"order-{symbol}", symbol=symbol, limit=1, quantity=1)
        assert market.gateway.ledger.codes() == []
        assert len(market.gateway.exchange.tickets) == len(symbols)


def test_what_is_asked_too_fast_has_everything_asked_after_a_pause(market):
    told_at = time.monotonic()
    market.gateway.tell(notices.too_fast(51, 1))
    market.hear_until("link_up")
    market.send(limit=90)
    assert time.monotonic() - told_at > 1.9


def test_executions_that_are_counted_and_not_told_are_missing(market):
    holding(market).gateway.fault(Point.EXECUTIONS, Empty())
    with pytest.raises(BrokerAway, match=r"100 shares executed .* executions of 0"):
        market.broker.snapshot()


def test_what_is_executed_while_all_is_told_has_all_asked_again(market):
    market.send(limit=99)
    asked = len(market.gateway.ledger.asked(Point.POSITIONS))
    market.gateway.fault(Point.EXECUTIONS, Held())
    with ThreadPoolExecutor(1) as other:
        snapshot = other.submit(market.broker.snapshot)
        assert eventually(lambda: len(market.gateway.ledger.asked(Point.POSITIONS)) > asked)
        market.quote(bid=98, ask=98.1)
        market.gateway.let_go()
        told = snapshot.result(60)
    assert told.positions == {"SYN001": 100}
    assert [one.fill.quantity for one in told.executions] == [100]
    assert len(market.gateway.ledger.asked(Point.POSITIONS)) == asked + 2


def test_a_message_that_cannot_be_read_hides_nothing(market):
    holding(market)
    deal = replace(market.gateway.exchange.deals[0], shares=Decimal("0.5"))
    broken = order_messages.execution(deal, request_id=-1)
    market.gateway.fault(Point.EXECUTIONS, Instead(broken))
    with pytest.raises(BrokerAway, match=r"message 11 .* cannot be read: 0.5 shares"):
        market.broker.snapshot()


def test_an_execution_that_cannot_be_read_when_it_happens_has_everything_asked(market):
    holding(market)
    deal = replace(market.gateway.exchange.deals[0], shares=Decimal("0.5"))
    market.gateway.fault(Point.EXECUTION_TOLD, Instead(order_messages.execution(deal)))
    market.send()
    assert market.told() == ["accepted", "link_up"]
    assert market.position() == 200


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        *(
            ({"NetLiquidation": said}, "does not tell the NetLiquidation")
            for said in ("soon", "NaN", "-Infinity", "1.7976931348623157E308")
        ),
        ({}, "in EUR; only"),
    ],
    ids=["a word", "no number", "without end", "unset", "another currency"],
)
def test_figures_that_are_none_are_not_believed(market, monkeypatch, said, complaint):
    market.gateway.set_values(**said)
    if not said:
        monkeypatch.setattr(order_messages, "SUMMARY_CURRENCY", "EUR")
    with pytest.raises(BrokerAway, match=complaint):
        market.broker.snapshot()


@pytest.mark.parametrize(
    ("said", "left"), [("2", 2), ("-1", -1), ("", None)], ids=["two", "no limit", "not told"]
)
def test_day_trades_are_as_the_broker_counts_them(market, said, left):
    market.gateway.set_values(DayTradesRemaining=said)
    assert market.broker.snapshot().account.day_trades_remaining == left


def test_more_than_two_questions_in_a_row_are_answered(market):
    for _ in range(4):
        market.broker.snapshot()
    assert market.gateway.ledger.codes() == []


def test_without_ibkrs_servers_nothing_is_sent_until_they_are_back(market):
    order = market.send(limit=90)
    market.gateway.lose_link()
    market.hear_until("link_down")
    assert not market.broker.is_linked
    with pytest.raises(OrderRefused, match="1100"):
        market.send("order-2")
    with pytest.raises(OutcomeUnknown, match="1100"):
        market.broker.cancel_order(order)
    with pytest.raises(BrokerAway, match="1100"):
        market.broker.snapshot()
    assert len(market.gateway.ledger.asked(Point.PLACE_ORDER)) == 1


@pytest.mark.parametrize("how", ["1101", "1102", "hung up"])
def test_after_an_outage_nothing_is_sent_before_everything_was_asked(market, how):
    if how == "hung up":
        market.gateway.hang_up()
    else:
        market.gateway.lose_link()
        assert eventually(lambda: not market.broker.is_linked)
        market.gateway.restore_link(data_lost=how == "1101")
    market.hear_until("link_down", "link_up")
    with pytest.raises(OrderRefused, match="not everything was asked since"):
        market.send(limit=90)
    market.broker.snapshot()
    market.send(limit=90)
    assert market.told() == ["accepted"]


def test_a_snapshot_after_an_outage_that_nobody_heard_of_lets_nothing_be_sent(market):
    market.gateway.lose_link()
    assert eventually(lambda: not market.broker.is_linked)
    market.gateway.restore_link(data_lost=False)
    assert eventually(lambda: market.broker.is_linked)
    with pytest.raises(BrokerAway, match="to be heard first"):
        market.broker.snapshot()
    market.broker.snapshot()
    with pytest.raises(OrderRefused, match="not everything was asked since"):
        market.send(limit=90)
    market.hear_until("link_down", "link_up")
    market.broker.snapshot()
    market.send(limit=90)


def test_a_gateway_at_which_something_fails_at_the_start_is_hung_up_on(market, monkeypatch):
    async def failing(_link):
        raise RuntimeError

    with monkeypatch.context() as changed:
        changed.setattr(OrderLink, "everything", failing)
        market.gateway.hang_up()
        assert eventually(lambda: market.gateway.ledger.times_connected(CLIENT_ID) > 3)
    market.hear_until("link_down", "link_up")
    assert market.gateway.ledger.codes() == []


def test_a_connection_without_ibkrs_servers_is_kept_for_a_while():
    with gateway_market(patience={"heartbeat_every_seconds": 0.4}) as market:
        market.gateway.lose_link()
        market.hear_until("link_down")
        assert not eventually(lambda: not market.gateway.connected_ids, seconds=1.6)
        market.gateway.restore_link(data_lost=False)
        market.hear_until("link_up")
        assert market.gateway.ledger.times_connected(CLIENT_ID) == 1


def test_a_connection_that_stays_without_ibkrs_servers_is_dialled_anew():
    patience = {"cut_off_seconds": 0.2, "heartbeat_every_seconds": 0.4}
    with gateway_market(patience=patience) as market:
        market.gateway.lose_link()
        market.hear_until("link_down")
        assert eventually(lambda: market.gateway.ledger.times_connected(CLIENT_ID) > 1)
        market.gateway.restore_link(data_lost=False)
        market.hear_until("link_up")


@pytest.mark.parametrize("data_lost", [True, False], ids=["1101", "1102"])
def test_what_was_executed_behind_our_back_is_found_when_the_line_is_back(market, data_lost):
    market.send(limit=99)
    market.gateway.lose_link()
    market.hear_until("link_down")
    market.quote(bid=98, ask=98.1)
    market.gateway.restore_link(data_lost=data_lost)
    assert [event.kind for event in market.hear_until("link_up")] == ["link_up"]
    assert market.position() == 100
    assert market.told() == ["filled"]


def test_a_line_lost_while_all_is_told_tells_nothing(market):
    market.gateway.fault(Point.POSITIONS, Unanswered())
    market.gateway.fault(Point.ACCOUNT_SUMMARY, Unanswered())
    market.gateway.lose_link()
    with pytest.raises(BrokerAway, match="1100"):
        market.broker.snapshot()


def test_after_the_daily_restart_it_comes_back_under_the_same_id(market):
    market.send(limit=99)
    market.gateway.restart(seconds=600)
    market.hear_until("link_down")
    market.quote(bid=98, ask=98.1)
    market.gateway.reopen()
    heard = market.hear_until("link_up", "filled")
    # What it cost is told with it or, a moment later, by itself.
    kinds = [event.kind for event in heard if event.order_id and event.kind != "commission"]
    assert kinds == ["filled"]
    assert market.gateway.connected_ids == (CLIENT_ID,)
    assert market.position() == 100


def test_a_client_id_in_use_is_waited_for_and_no_other_is_taken(market):
    market.broker.close()

    async def hold(client):
        broker = IbkrBroker(settings_of(market.gateway), clock=market.clock, patience=PATIENT)
        broker.open()
        assert not broker.is_linked
        assert [event.kind for event in broker.events()] == ["link_down"]
        with pytest.raises(BrokerAway, match=r"client id 1 .* is in use"):
            broker.snapshot()
        assert market.gateway.connected_ids == (CLIENT_ID,)
        client.ib.disconnect()
        return broker

    async def held(client):
        await client.connect(market.gateway, CLIENT_ID)
        return await hold(client)

    with closing(talk(held)) as broker:
        assert eventually(lambda: broker.is_linked)
        assert [event.kind for event in broker.events()] == ["link_up"]


def test_a_gateway_that_answers_nothing_any_more_is_left_and_called_again():
    patience = {"heartbeat_every_seconds": 0.4, "heartbeat_seconds": 2.0}
    with gateway_market(patience=patience) as market:
        market.gateway.fault(Point.CURRENT_TIME, Hang())
        market.hear_until("link_down", "link_up")
        assert market.gateway.ledger.times_connected(CLIENT_ID) == 2
        assert market.broker.is_linked


@pytest.mark.parametrize("effect", [Close(), Cut(), AnswerThenClose()], ids=repr)
def test_a_gateway_that_hangs_up_on_who_comes_is_called_again(hasty, effect):
    hasty.gateway.fault(Point.START_API, effect, times=2)
    hasty.gateway.hang_up()
    hasty.hear_until("link_down", "link_up")
    assert hasty.broker.is_linked


def test_a_gateway_that_tells_not_all_at_the_start_is_not_counted_on(hasty):
    hasty.gateway.fault(Point.COMPLETED_ORDERS, Unanswered(), times=2)
    hasty.gateway.hang_up()
    hasty.hear_until("link_down", "link_up")
    assert len(hasty.gateway.ledger.asked(Point.COMPLETED_ORDERS)) == 4


def test_a_gateway_that_is_not_there_is_waited_for():
    port = a_free_port()
    settings = IbkrBrokerSettings(port=port, client_id=CLIENT_ID, account=ACCOUNT)
    made = IbkrBroker(settings, clock=FixedClock(TEN_O_CLOCK), patience=PATIENT)
    with closing(made) as broker:
        broker.open()
        with pytest.raises(OrderRefused, match="nothing listens"):
            broker.submit_order(an_order(account=ACCOUNT))
        with running_gateway(
            market_of_closes({"SYN001": [100.0]}, [SESSION]), now=TEN_O_CLOCK, port=port
        ):
            assert eventually(lambda: broker.is_linked)
        assert [event.kind for event in broker.events()][:2] == ["link_down", "link_up"]


def test_a_gateway_of_another_account_is_refused(market):
    settings = replace_account(market.gateway, "DU7654321")
    with (
        closing(IbkrBroker(settings, clock=market.clock, patience=PATIENT)) as broker,
        pytest.raises(ConfigurationError, match=r"none is the one of broker\.ibkr\.account"),
    ):
        broker.open()


def test_a_broker_that_was_closed_says_so(market):
    market.broker.close()
    with pytest.raises(BrokerAway, match="is closed"):
        market.broker.snapshot()
    assert not market.broker.is_linked


def settings_of(gateway):
    return IbkrBrokerSettings(
        host=gateway.host, port=gateway.port, client_id=CLIENT_ID, account=ACCOUNT
    )


def replace_account(gateway, account):
    return IbkrBrokerSettings(host=gateway.host, port=gateway.port, client_id=9, account=account)
